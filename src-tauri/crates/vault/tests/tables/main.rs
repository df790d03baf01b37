//! Every table's verbs, and the rules about names.

#[path = "../support/mod.rs"]
mod support;

mod credentials;
mod entered;
mod lists;
mod narrowed;
mod settings;
mod tokens;
mod values;

use std::time::Duration;

use keyward_model::{
    Id, SecretValue, Timestamp,
    apply::Apply,
    auth_client::{
        AuthClient, ClientAuthentication, Grant, LoopbackHost, Oauth1, Oauth2, Origin, Pushed, Redirect,
        Registration, Signature, Visibility,
    },
    connection::{
        Address, AuthType, Connection, ConnectionError, ConnectionState, EndKind, Lifetime,
        PendingRevocation, RefreshIntent, RefreshTokenEnd, TokenSet, Upkeep,
    },
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
    name::{AppName, EnvironmentName},
    secret::Changes,
};
use keyward_vault::{
    Error, UnlockedVault,
    table::{applications, auth_clients, connections, environments, items, revocations, secrets},
};
use support::*;

fn environment(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

#[track_caller]
fn is_conflict<T>(result: keyward_vault::Result<T>, text: &str) {
    match result {
        Err(Error::Conflict(said)) => assert_eq!(said, text),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("there was no conflict"),
    }
}

#[track_caller]
fn is_not_found<T>(result: keyward_vault::Result<T>, text: &str) {
    match result {
        Err(Error::NotFound(said)) => assert_eq!(said, text),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was found"),
    }
}
