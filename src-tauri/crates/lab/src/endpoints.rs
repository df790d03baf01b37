//! What each endpoint answers when nothing is wrong with it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    client::{Iss, Pkce, Poll},
    fault::Endpoint,
    grants::{Code, Device, Moment, State},
    http::{Answer, Request},
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Which endpoint a path is; `None` for metadata and for nothing.
pub(crate) fn at(path: &str) -> Option<Endpoint> {
    Some(match path {
        "/authorize" => Endpoint::Authorize,
        "/token" => Endpoint::Token,
        "/revoke" => Endpoint::Revoke,
        "/introspect" => Endpoint::Introspect,
        "/device" => Endpoint::Device,
        "/par" => Endpoint::Par,
        "/api" => Endpoint::Api,
        _ => return None,
    })
}

/// RFC 8414 and OpenID Connect Discovery.
pub(crate) fn metadata(path: &str, issuer: &str) -> Answer {
    let known = [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    if !known.contains(&path) {
        return Answer::empty(404);
    }
    let at = |path: &str| format!("{issuer}{path}");
    Answer::json(
        200,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "revocation_endpoint": at("/revoke"),
            "introspection_endpoint": at("/introspect"),
            "device_authorization_endpoint": at("/device"),
            "pushed_authorization_request_endpoint": at("/par"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", DEVICE, JWT_BEARER],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

/// Answers a request that no fault keeps from being acted on.
pub(crate) fn act(
    state: &mut State,
    moment: Moment<'_>,
    endpoint: Endpoint,
    request: &Request,
    issuer: &str,
) -> Answer {
    match endpoint {
        Endpoint::Authorize => return authorize(state, request, issuer),
        Endpoint::Api => return api(state, moment, request),
        _ => {}
    }
    if request.method != "POST" {
        return Answer::empty(405);
    }
    let (id, secret) = request.client();
    let Some(settings) = state.client(&id) else {
        return refused_client();
    };
    if settings.secret != secret {
        return refused_client();
    }
    match endpoint {
        Endpoint::Token => token(state, moment, request, &id),
        Endpoint::Revoke => {
            state.revoke(request.param("token").unwrap_or_default());
            Answer::empty(200)
        }
        Endpoint::Introspect => introspect(state, moment, request),
        Endpoint::Device => device(state, request, &id, issuer),
        Endpoint::Par => {
            let uri = format!("urn:ietf:params:oauth:request_uri:{}", state.word("par"));
            state.pushed.insert(uri.clone(), request.form.clone());
            Answer::json(201, &json!({ "request_uri": uri, "expires_in": 60 }))
        }
        Endpoint::Authorize | Endpoint::Api => Answer::empty(404),
    }
}

fn refused_client() -> Answer {
    Answer::error(401, "invalid_client").with("WWW-Authenticate", "Basic realm=\"lab\"")
}

/// A person who agrees at once.
fn authorize(state: &mut State, request: &Request, issuer: &str) -> Answer {
    let pushed = request
        .param("request_uri")
        .and_then(|uri| state.pushed.remove(uri));
    let param = |name: &str| match &pushed {
        Some(pushed) => pushed
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.clone()),
        None => request.param(name).map(str::to_owned),
    };
    let id = param("client_id").unwrap_or_default();
    let Some(settings) = state.client(&id).cloned() else {
        return Answer::empty(400);
    };
    let redirect_uri = param("redirect_uri").unwrap_or_default();
    let Ok(mut back) = Url::parse(&redirect_uri) else {
        return Answer::empty(400);
    };
    let challenge = param("code_challenge");
    let told = param("state");
    {
        let mut query = back.query_pairs_mut();
        if let Some(told) = &told {
            query.append_pair("state", told);
        }
        match settings.iss {
            Iss::Off => {}
            Iss::On => {
                query.append_pair("iss", issuer);
            }
            Iss::Wrong => {
                query.append_pair("iss", "https://elsewhere.example");
            }
        }
        if settings.pkce == Pkce::Required && challenge.is_none() {
            query.append_pair("error", "invalid_request");
        } else {
            let code = state.word("code");
            query.append_pair("code", &code);
            let consented = Code {
                client: id,
                redirect_uri: redirect_uri.clone(),
                challenge: challenge.filter(|_| settings.pkce != Pkce::Ignored),
                scope: param("scope").unwrap_or_default(),
            };
            state.codes.insert(code, consented);
        }
    }
    Answer::redirect(302, back.into())
}

fn token(state: &mut State, moment: Moment<'_>, request: &Request, id: &str) -> Answer {
    let param = |name: &str| request.param(name).unwrap_or_default();
    let offline = state.client(id).is_some_and(|client| client.offline);
    match param("grant_type") {
        "authorization_code" => {
            // Used once: a code that comes again is unknown (RFC 6749 §4.1.2).
            let Some(code) = state.codes.remove(param("code")) else {
                return Answer::error(400, "invalid_grant");
            };
            let digest = Sha256::digest(param("code_verifier").as_bytes());
            let verified = code
                .challenge
                .as_ref()
                .is_none_or(|challenge| *challenge == BASE64_URL_SAFE_NO_PAD.encode(digest));
            if code.client != id || code.redirect_uri != param("redirect_uri") || !verified {
                return Answer::error(400, "invalid_grant");
            }
            Answer::json(200, &state.consent(moment, id, &code.scope, offline))
        }
        "refresh_token" => match state.refresh(moment, id, param("refresh_token")) {
            Ok(answer) => Answer::json(200, &answer),
            Err(code) => Answer::error(400, code),
        },
        "client_credentials" => Answer::json(200, &state.consent(moment, id, param("scope"), false)),
        JWT_BEARER if param("assertion").split('.').count() == 3 => {
            Answer::json(200, &state.consent(moment, id, param("scope"), false))
        }
        DEVICE => poll(state, moment, param("device_code"), id, offline),
        JWT_BEARER => Answer::error(400, "invalid_grant"),
        _ => Answer::error(400, "unsupported_grant_type"),
    }
}

/// RFC 8628 §3.2.
fn device(state: &mut State, request: &Request, id: &str, issuer: &str) -> Answer {
    let (code, user_code) = (state.word("device"), state.word("USER"));
    let polls = state
        .client(id)
        .map(|client| client.polls.clone())
        .unwrap_or_default();
    let device = Device {
        client: id.to_owned(),
        scope: request.param("scope").unwrap_or_default().to_owned(),
        polls: polls.into(),
    };
    state.devices.insert(code.clone(), device);
    Answer::json(
        200,
        &json!({
            "device_code": code,
            "user_code": user_code,
            "verification_uri": format!("{issuer}/activate"),
            "verification_uri_complete": format!("{issuer}/activate?user_code={user_code}"),
            "expires_in": 600,
            "interval": 1,
        }),
    )
}

fn poll(state: &mut State, moment: Moment<'_>, code: &str, id: &str, offline: bool) -> Answer {
    let Some(device) = state.devices.get_mut(code).filter(|device| device.client == id) else {
        return Answer::error(400, "invalid_grant");
    };
    if let Some(poll) = device.polls.pop_front() {
        let code = match poll {
            Poll::Pending => "authorization_pending",
            Poll::SlowDown => "slow_down",
            Poll::Denied => "access_denied",
            Poll::Expired => "expired_token",
        };
        return Answer::error(400, code);
    }
    let scope = device.scope.clone();
    state.devices.remove(code);
    Answer::json(200, &state.consent(moment, id, &scope, offline))
}

/// RFC 7662.
fn introspect(state: &State, moment: Moment<'_>, request: &Request) -> Answer {
    let token = request.param("token").unwrap_or_default();
    let found = state.access(token, moment.now).map(|(grant, expires_at)| {
        json!({
            "active": true,
            "client_id": grant.client,
            "scope": grant.scope,
            "exp": expires_at,
        })
    });
    let refresh = state
        .accepts(token, moment.now)
        .then(|| json!({ "active": true, "token_type": "refresh_token" }));
    let inactive = || json!({ "active": false });
    Answer::json(200, &found.or(refresh).unwrap_or_else(inactive))
}

/// What the tokens are for.
fn api(state: &State, moment: Moment<'_>, request: &Request) -> Answer {
    let token = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    match token.and_then(|token| state.access(token, moment.now)) {
        Some((grant, _)) => Answer::json(200, &json!({ "scope": grant.scope })),
        None => {
            Answer::error(401, "invalid_token").with("WWW-Authenticate", "Bearer error=\"invalid_token\"")
        }
    }
}
