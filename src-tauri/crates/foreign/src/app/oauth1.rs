//! A registration of OAuth 1.0a.

use std::io::{self, Write};

use keyward_model::auth_client::{Oauth1, Signature};
use serde_json::{Map, Value};

use super::beyond::{pairs, redirect, unknown, write_pairs, write_redirect};
use crate::{document::Document, error::Result, json};

pub(super) fn write<W: Write>(document: &mut Document<W>, client: &Oauth1) -> io::Result<()> {
    document.member("request_uri")?.text(&client.request_uri)?;
    document.member("authorize_uri")?.text(&client.authorize_uri)?;
    document.member("access_uri")?.text(&client.access_uri)?;
    document.member("consumer_key")?.text(&client.consumer_key)?;
    document.member("signature")?.text(client.signature.word())?;
    write_redirect(document, &client.redirect)?;
    document.member("redirect_path")?.text(&client.redirect_path)?;
    write_pairs(document, "authorize_params", &client.authorize_params)
}

pub(super) fn read(object: &mut Map<String, Value>) -> Result<Oauth1> {
    let text = |object: &mut Map<String, Value>, member: &str| json::text(object, member).unwrap_or_default();
    Ok(Oauth1 {
        request_uri: text(object, "request_uri"),
        authorize_uri: text(object, "authorize_uri"),
        access_uri: text(object, "access_uri"),
        consumer_key: text(object, "consumer_key"),
        client_secret: None,
        signature: Signature::of_word(&text(object, "signature")).ok_or_else(|| unknown("signature"))?,
        redirect: redirect(object)?,
        redirect_path: text(object, "redirect_path"),
        authorize_params: pairs(object, "authorize_params")?,
    })
}
