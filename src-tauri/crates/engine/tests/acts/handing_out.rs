use std::time::Duration;

use keyward_engine::{Kind, auth_clients, refresh, resolve};
use keyward_model::{SecretValue, auth_client::Visibility, reference::Reference};

use crate::support::{ENV, World, kind, owner, shown, token, token_for};

/// O-64, O-65: over 10 000 hand-outs nothing leaves that is due.
#[test]
fn o64_o65_no_token_is_handed_out_inside_its_window() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..10_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        world.clock.pass(seed % 25);
        let (token, _) = refresh::fresh_token(&engine, &owner(), ENV, "APP", None).unwrap();
        let lifetime = shown(&engine).lifetime.unwrap();
        assert_eq!(token.expires_at, Some(lifetime.expires_at));
        let left = lifetime.left(engine.now());
        assert!(left >= lifetime.window() && left.as_secs() >= 360, "{left:?}");
    }
    let passed = engine
        .now()
        .since(keyward_model::Timestamp(crate::doubles::NOW))
        .as_secs();
    let refreshes = u64::try_from(world.provider.refreshes()).unwrap();
    // O-64: and not sooner than due.
    assert!(
        refreshes <= passed / 3_240 && refreshes >= passed / 3_300 - 1,
        "{refreshes} in {passed} s"
    );
    assert_eq!(world.provider.with(|state| state.reused), 0);
    assert!(world.intent(id).is_none());
}

/// O-65: `--min-ttl` replaces the default; more than a fresh token lives is an error and costs no request.
#[test]
fn o65_min_ttl() {
    let (world, engine) = World::connected();
    let ask = |seconds| token_for(&engine, "APP", Some(Duration::from_secs(seconds)));
    world.clock.pass(3_500);
    assert!(ask(100).is_ok(), "due, but it lives that long");
    assert_eq!(world.provider.refreshes(), 0);
    assert!(ask(101).is_ok());
    assert_eq!(world.provider.refreshes(), 1);
    assert!(ask(3_600).is_ok());
    for _ in 0..5 {
        assert_eq!(kind(ask(3_601)), Some(Kind::Provider));
    }
    assert_eq!(world.provider.refreshes(), 1);
    world.clock.pass(10);
    assert!(
        ask(3_595).is_ok(),
        "not due, and refreshed because it was asked for"
    );
    assert_eq!(world.provider.refreshes(), 2);
}

/// O-66, EL12: what `expires_in` may look like, and what is assumed without it.
#[test]
fn o66_el12_lifetimes() {
    let (world, engine) = World::host();
    world.auth_client(&engine, "CLIENT");
    let year = 366 * 24 * 3_600;
    for (says, lives) in [
        ("3600", 3_600),
        ("\"3600\"", 3_600),
        ("3600.0", 3_600),
        ("\" 90 \"", 90),
        ("", 3_600),
        ("null", 3_600),
        ("\"soon\"", 3_600),
        ("[]", 3_600),
        ("1e18", year),
        ("0", 0),
        ("-1", 0),
    ] {
        world.provider.with(|state| state.expires_in = says);
        let connection = world.connect(&engine, "APP");
        assert_eq!(connection.lifetime.unwrap().length().as_secs(), lives, "{says}");
    }
    // A token without any life is never handed out, and never asked for by itself.
    assert_eq!(kind(token(&engine)), Some(Kind::Provider));
    assert_eq!(shown(&engine).next_refresh_at(), None);
    // One that lives a second is due at once, and handed out all the same.
    world.provider.with(|state| state.expires_in = "1");
    assert!(token(&engine).is_ok());
}

/// EL12: the AuthClient says what a provider leaves out.
#[test]
fn el12_token_expires_in_of_the_auth_client() {
    let (world, engine) = World::host();
    world.provider.with(|state| state.expires_in = "");
    let (auth_uri, token_uri) = (
        world.provider.address("authorize"),
        world.provider.address("token?tenant=a%2Fb&x=1+2"),
    );
    // EL13: a client secret that looks like a number.
    let secret = SecretValue::from("0012e5");
    let create = |token_expires_in| {
        let new = auth_clients::New {
            key: "C",
            name: None,
            application: None,
            visibility: Visibility::Environment,
            registration: auth_clients::NewRegistration::Oauth2(auth_clients::NewOauth2 {
                auth_uri: Some(&auth_uri),
                token_uri: Some(&token_uri),
                client_id: "0x1F",
                client_secret: Some(&secret),
                token_expires_in: Some(token_expires_in),
                redirect_path: Some("/callback/c"),
                ..auth_clients::NewOauth2::default()
            }),
        };
        auth_clients::create(&engine, &owner(), ENV, &new)
    };
    assert_eq!(kind(create(0)), Some(Kind::Invalid));
    create(120).unwrap();
    let connection = world.connect(&engine, "APP");
    assert_eq!(connection.lifetime.unwrap().length().as_secs(), 120);
    world.clock.pass(60);
    token(&engine).unwrap();
    assert_eq!(world.provider.refreshes(), 1);
    // EL13: the query of the token address is kept, the secret arrives as it is.
    let last = world.provider.with(|state| state.last.clone()).unwrap();
    assert_eq!(last.line, "POST /token?tenant=a%2Fb&x=1+2 HTTP/1.1");
    let basic = last
        .header("authorization")
        .unwrap()
        .strip_prefix("Basic ")
        .unwrap()
        .to_owned();
    assert_eq!(basic, "MHgxRjowMDEyZTU=");
}

/// CLI.md: fields of a Connection; never the refresh token, under whatever name or inside whatever member.
#[test]
fn references_give_fields_and_never_the_refresh_token() {
    let (world, engine) = World::connected();
    let ask = |text: &str| -> keyward_engine::Result<String> {
        let reference = Reference::parse_argument(text).unwrap();
        let mut resolved = resolve::resolve(&engine, &owner(), ENV, &[reference])?;
        resolved
            .answers
            .remove(0)
            .map(|value| value.expose_text().unwrap().to_owned())
    };
    assert_eq!(ask("keyward://APP").unwrap(), token(&engine).unwrap());
    assert_eq!(ask("keyward://@github").unwrap(), token(&engine).unwrap());
    assert_eq!(ask("keyward://default/APP/token_type").unwrap(), "Bearer");
    assert_eq!(ask("keyward://default/APP/scope").unwrap(), "read");
    assert_eq!(
        ask("keyward://default/APP/raw.instance").unwrap(),
        "https://i.example"
    );
    assert_eq!(ask("keyward://default/APP/raw.team.name").unwrap(), "blue");
    for refused in ["raw.refresh_token", "raw.team", "raw.team.refresh_token"] {
        assert_eq!(
            kind(ask(&format!("keyward://default/APP/{refused}"))),
            Some(Kind::Denied),
            "{refused}"
        );
    }
    assert_eq!(
        kind(ask("keyward://default/APP/refresh_token")),
        Some(Kind::NotFound)
    );
    world.provider.revoke_all();
    world.clock.pass(3_600);
    assert_eq!(kind(ask("keyward://APP")), Some(Kind::NeedsConsent));
    let outcomes: Vec<String> = crate::support::logged(&engine)
        .into_iter()
        .filter(|(action, _)| action == "reference.resolve")
        .map(|(_, outcome)| outcome)
        .collect();
    assert_eq!(outcomes.last().map(String::as_str), Some("needs_consent"));
    assert!(outcomes.contains(&"denied".to_owned()));
}
