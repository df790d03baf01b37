//! AuthClients and Connections. A long file: records with many fields, each written out once.

use super::*;

pub(crate) fn client(vault: &UnlockedVault, text: &str) -> AuthClient {
    AuthClient {
        id: vault.read(|tx| tx.new_id()).unwrap(),
        key: key(text),
        name: "GitHub".to_owned(),
        application: Some(AppName::parse("github").unwrap()),
        visibility: Visibility::Environment,
        environment: default_environment(vault),
        registration: Registration::Oauth2(Box::new(Oauth2 {
            issuer: Some("https://as.example".to_owned()),
            issuer_in_callback: true,
            client_authentication: ClientAuthentication::Basic,
            authorize_params: vec![("access_type".to_owned(), "offline".to_owned())],
            scopes: vec!["repo".to_owned()],
            ..Oauth2::new(
                "https://as.example/auth".to_owned(),
                "https://as.example/token".to_owned(),
                "client-id".to_owned(),
            )
        })),
        created_at: NOW,
    }
}

/// OA4, EL9: all that a registration says beyond the RFCs comes back as it was.
#[test]
fn oa4_what_a_provider_does_its_own_way_is_kept() {
    let world = World::new();
    let vault = world.create();
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let redirects = [
        Redirect::Free,
        Redirect::FreeLocalhost,
        Redirect::Fixed {
            host: LoopbackHost::V6,
            port: 8123,
        },
        Redirect::Https { port: 8443 },
        Redirect::Scheme("com.example.keyward".to_owned()),
        Redirect::Paste("https://example.org/done".to_owned()),
    ];
    for (number, redirect) in redirects.into_iter().enumerate() {
        let mut made = client(&vault, &format!("CLIENT_{number}"));
        let Registration::Oauth2(oauth2) = &mut made.registration else {
            unreachable!("the support makes an OAuth 2.0 client")
        };
        **oauth2 = Oauth2 {
            refresh_token_uri: Some("https://as.example/refresh?tenant=1".to_owned()),
            introspection_uri: Some("https://as.example/introspect".to_owned()),
            device_uri: Some("https://as.example/device".to_owned()),
            pushed: Some(Pushed {
                uri: "https://as.example/par".to_owned(),
                is_required: number % 2 == 0,
            }),
            jwks_uri: Some("https://as.example/jwks".to_owned()),
            client_secret_expires_at: Some(Timestamp(NOW.seconds() + 3_600)),
            client_authentication: ClientAuthentication::PrivateKeyJwt,
            grant: Grant::WORDS[number % Grant::WORDS.len()].0,
            redirect,
            token_params: pair("a", "b"),
            refresh_params: pair("c", "d"),
            resources: vec!["https://api.example".to_owned()],
            refresh_window: Some(30),
            provider: Some(Origin {
                id: "example".to_owned(),
                variables: pair("tenant", "1"),
            }),
            dialect: Dialect {
                scope_separator: Separator::Comma,
                pkce: Pkce::Off,
                token_body: TokenBody::Json,
                renamed: pair("client_id", "client_key"),
                answer_paths: pair("access_token", "/authed_user/access_token"),
                callback_names: pair("code", "auth_code"),
                hosts: vec!["*.as.example".to_owned()],
                keep_from_callback: vec!["realmId".to_owned()],
                keep_from_answer: pair("instance_url", "/instance_url"),
                headers: pair("User-Agent", "Keyward"),
                behaviour: Some(Behaviour::SlackUserToken),
                refresh_token: RefreshTokenLife {
                    idle: Some(60),
                    absolute: Some(3600),
                    rotation: Rotation::Always,
                },
            },
            ..(**oauth2).clone()
        };
        let kept = vault
            .write(NOW, |tx| auth_clients::insert(tx, &made, None, NOW))
            .unwrap();
        assert_eq!(kept, made);
        assert_eq!(vault.read(|tx| auth_clients::read(tx, made.id)).unwrap(), made);
    }
}

pub(crate) fn connection(vault: &UnlockedVault, client: Id, text: &str) -> Connection {
    let id = default_environment(vault);
    let new = vault.read(|tx| connections::new(tx, id, key(text), AuthType::Oauth2, NOW));
    Connection {
        name: "My GitHub".to_owned(),
        application: Some(AppName::parse("github").unwrap()),
        auth_client: Some(Address {
            vault: Id::from_bytes(vault.uuid()),
            client,
        }),
        requested_scopes: vec!["repo".to_owned(), "user".to_owned()],
        default: true,
        kept: vec![("instance_url".to_owned(), "https://example.org".to_owned())],
        ..new.unwrap()
    }
}

fn tokens(access: &str, refresh: Option<&str>) -> TokenSet {
    TokenSet {
        access_token: SecretValue::from(access),
        refresh_token: refresh.map(SecretValue::from),
        token_type: "Bearer".to_owned(),
        scope: Some("repo".to_owned()),
        lifetime: Lifetime::new(NOW, Duration::from_secs(3600)).with_window(Some(30)),
        raw: SecretValue::from(format!("{{\"access_token\":\"{access}\"}}")),
    }
}

#[test]
fn auth_clients_keep_their_secret_apart() {
    let world = World::new();
    let vault = world.create();
    let secret = SecretValue::from("client-secret");
    let with = client(&vault, "GITHUB");
    let made = vault
        .write(NOW, |tx| auth_clients::insert(tx, &with, Some(&secret), NOW))
        .unwrap();
    assert_eq!(made.oauth2().unwrap().client_secret.unwrap().0, 1);
    assert_eq!(
        vault.read(|tx| auth_clients::find(tx, &key("GITHUB"))).unwrap(),
        made
    );
    assert_eq!(vault.read(|tx| auth_clients::read(tx, made.id)).unwrap(), made);
    let read = vault
        .read(|tx| auth_clients::client_secret(tx, &made))
        .unwrap()
        .unwrap();
    assert_eq!(read.expose(), b"client-secret");
    let public = client(&vault, "PUBLIC");
    let public = vault
        .write(NOW, |tx| auth_clients::insert(tx, &public, None, NOW))
        .unwrap();
    assert!(
        vault
            .read(|tx| auth_clients::client_secret(tx, &public))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        vault.read(auth_clients::list).unwrap(),
        [made.clone(), public.clone()]
    );
    // Unique in the vault, whatever the case; its keys are no items.
    let again = client(&vault, "github");
    is_conflict(
        vault.write(NOW, |tx| auth_clients::insert(tx, &again, None, NOW)),
        "an auth client github exists already",
    );
    is_not_found(
        vault.read(|tx| auth_clients::find(tx, &key("Github"))),
        "Github (did you mean GITHUB?)",
    );
    add(&vault, "GITHUB", "1").unwrap();

    let used = connection(&vault, made.id, "GH");
    vault.write(NOW, |tx| connections::insert(tx, &used)).unwrap();
    let delete = |id| vault.write(NOW, |tx| auth_clients::delete(tx, id));
    is_conflict(delete(made.id), "GITHUB is used by the connection GH");
    delete(public.id).unwrap();
    vault
        .write(NOW, |tx| connections::purge(tx, used.id, NOW))
        .unwrap();
    delete(made.id).unwrap();
    is_not_found(
        vault.read(|tx| auth_clients::read(tx, made.id)),
        "the auth client",
    );
    assert_eq!(
        vault.verify().unwrap().records,
        3,
        "environment, secret and its version"
    );
}

#[test]
fn connections_hold_tokens_by_compare_and_set() {
    let world = World::new();
    let vault = world.create();
    let client = client(&vault, "GITHUB");
    vault
        .write(NOW, |tx| auth_clients::insert(tx, &client, None, NOW))
        .unwrap();
    let mut made = connection(&vault, client.id, "GH");
    vault.write(NOW, |tx| connections::insert(tx, &made)).unwrap();
    is_conflict(
        vault.write(NOW, |tx| connections::insert(tx, &made)),
        "a connection GH exists already",
    );
    is_conflict(add(&vault, "gh", "1"), "a connection GH exists already");
    let found = vault
        .read(|tx| connections::find(tx, made.environment, &key("GH")))
        .unwrap();
    assert_eq!(found, made);
    is_not_found(
        vault.read(|tx| secrets::find(tx, made.environment, &key("GH"))),
        "the secret GH",
    );
    assert!(vault.read(|tx| connections::tokens(tx, &made)).unwrap().is_none());
    let app = AppName::parse("github").unwrap();
    assert_eq!(
        vault
            .read(|tx| connections::default_of(tx, made.environment, &app))
            .unwrap()
            .id,
        made.id
    );

    // The first consent: no row is expected.
    let replace = |tokens: &TokenSet, expected| {
        vault.write(NOW, |tx| connections::replace_tokens(tx, &made, tokens, expected))
    };
    replace(&tokens("at-1", Some("rt-1")), None).unwrap();
    is_conflict(
        replace(&tokens("at-x", None), None),
        "the tokens of GH have changed",
    );
    let (read, version) = vault.read(|tx| connections::tokens(tx, &made)).unwrap().unwrap();
    assert_eq!((read.access_token.expose(), version), (&b"at-1"[..], 1));
    assert_eq!(read.refresh_token.unwrap().expose(), b"rt-1");
    assert_eq!(
        (read.scope.as_deref(), read.lifetime),
        (Some("repo"), tokens("", None).lifetime)
    );
    assert_eq!(read.raw.expose(), br#"{"access_token":"at-1"}"#);

    // O-53: intent, answer, compare-and-set; the tokens take the intent away in their own transaction.
    let intent = RefreshIntent {
        attempt: 1,
        refresh_token_digest: [7; 32],
        started_at: NOW,
        unreadable_answer: None,
    };
    vault
        .write(NOW, |tx| connections::put_intent(tx, &made, &intent))
        .unwrap();
    let second = RefreshIntent {
        attempt: 2,
        unreadable_answer: Some(SecretValue::from("<html>")),
        ..intent
    };
    vault
        .write(NOW, |tx| connections::put_intent(tx, &made, &second))
        .unwrap();
    let read = vault.read(|tx| connections::intent(tx, &made)).unwrap().unwrap();
    assert_eq!(
        (read.attempt, read.refresh_token_digest, read.started_at),
        (2, [7; 32], NOW)
    );
    assert_eq!(read.unreadable_answer.unwrap().expose(), b"<html>");
    replace(&tokens("at-2", None), Some(1)).unwrap();
    assert!(vault.read(|tx| connections::intent(tx, &made)).unwrap().is_none());
    is_conflict(
        replace(&tokens("at-3", None), Some(1)),
        "the tokens of GH have changed",
    );
    assert_eq!(
        vault
            .read(|tx| connections::tokens(tx, &made))
            .unwrap()
            .unwrap()
            .1,
        2
    );

    made.state = ConnectionState::Error;
    made.error = Some(ConnectionError {
        code: "invalid_grant".to_owned(),
        message: "The provider ended the consent.".to_owned(),
        hint: "Connect again.".to_owned(),
    });
    made.lifetime = Some(tokens("", None).lifetime);
    made.retry_at = Some(Timestamp(NOW.0 + 10));
    made.failures = 3;
    made.granted_scope = Some("repo".to_owned());
    made.account = Some("octocat".to_owned());
    vault.write(NOW, |tx| connections::update(tx, &made)).unwrap();
    assert_eq!(vault.read(|tx| connections::read(tx, made.id)).unwrap(), made);
    let renamed = Connection {
        key: key("OTHER"),
        ..made.clone()
    };
    is_conflict(
        vault.write(NOW, |tx| connections::update(tx, &renamed)),
        "the key of GH never changes",
    );
    vault
        .write(NOW, |tx| connections::drop_tokens(tx, &made))
        .unwrap();
    assert!(vault.read(|tx| connections::tokens(tx, &made)).unwrap().is_none());
    vault
        .write(NOW, |tx| connections::drop_tokens(tx, &made))
        .unwrap();
    let environment = default_environment(&vault);
    assert_eq!(
        vault.read(|tx| connections::list(tx, Some(environment))).unwrap(),
        [made.clone()]
    );
    assert_eq!(vault.read(|tx| connections::list(tx, None)).unwrap().len(), 1);
    vault.verify().unwrap();
    vault
        .write(NOW, |tx| connections::purge(tx, made.id, NOW))
        .unwrap();
    is_not_found(vault.read(|tx| connections::read(tx, made.id)), "the connection");
    is_not_found(
        vault.read(|tx| connections::default_of(tx, environment, &app)),
        "a default connection for github",
    );
    assert_eq!(vault.verify().unwrap().records, 2);
}

/// OA9, O-70: what keeping tokens alive needs to know comes back as it was, and a Connection without it too.
#[test]
fn upkeep_is_kept() {
    let world = World::new();
    let vault = world.create();
    let client = client(&vault, "CLIENT");
    vault
        .write(NOW, |tx| auth_clients::insert(tx, &client, None, NOW))
        .unwrap();
    let mut kept = connection(&vault, client.id, "APP");
    vault.write(NOW, |tx| connections::insert(tx, &kept)).unwrap();
    let read = |id| vault.read(|tx| connections::read(tx, id)).unwrap();
    assert_eq!(read(kept.id).upkeep, Upkeep::default());
    for (kind, latest) in [(EndKind::Idle, None), (EndKind::Fixed, Some(NOW))] {
        kept.upkeep = Upkeep {
            obtained_boot: Some(keyward_model::BootTime {
                boot: kept.token_set,
                seconds: 77,
            }),
            clock_skew: Some(-90),
            refresh_token: Some(RefreshTokenEnd {
                at: NOW,
                kind,
                latest,
            }),
        };
        vault.write(NOW, |tx| connections::update(tx, &kept)).unwrap();
        assert_eq!(read(kept.id), kept);
    }
}

/// O-52: tokens that wait to be revoked stay in order, remember their tries, and go for good.
#[test]
fn o52_pending_revocations_are_kept() {
    let world = World::new();
    let vault = world.create();
    let new = |refresh_token: Option<&str>| PendingRevocation {
        id: vault.read(|tx| tx.new_id()).unwrap(),
        connection: "default/APP".to_owned(),
        auth_client: Address {
            vault: Id::from_bytes(vault.uuid()),
            client: Id::from_random([3; 16]),
        },
        kept: vec![(
            "accounts-server".to_owned(),
            "https://accounts.example.eu".to_owned(),
        )],
        refresh_token: refresh_token.map(SecretValue::from),
        access_token: SecretValue::from("at"),
        queued_at: NOW,
        tries: 0,
        retry_at: NOW,
    };
    let (first, second) = (new(Some("rt")), new(None));
    vault
        .write(NOW, |tx| {
            revocations::insert(tx, &first)?;
            revocations::insert(tx, &second)
        })
        .unwrap();
    let later = NOW.after(Duration::from_secs(60));
    vault
        .write(NOW, |tx| revocations::postpone(tx, first.id, later))
        .unwrap();
    let list = vault.read(revocations::list).unwrap();
    let seen: Vec<_> = list
        .iter()
        .map(|one| (one.id, one.tries, one.retry_at, one.refresh_token.is_some()))
        .collect();
    assert_eq!(seen, [(first.id, 1, later, true), (second.id, 0, NOW, false)]);
    assert_eq!(list[0].access_token.expose_text(), Some("at"));
    assert_eq!(list[0].kept, first.kept);
    assert_eq!(
        (&list[0].connection, list[0].auth_client),
        (&first.connection, first.auth_client)
    );
    vault.verify().unwrap();
    for _ in 0..2 {
        vault.write(NOW, |tx| revocations::remove(tx, first.id)).unwrap();
        vault
            .write(NOW, |tx| revocations::postpone(tx, first.id, later))
            .unwrap();
    }
    assert_eq!(vault.read(revocations::list).unwrap().len(), 1);
}

/// AM7, OA2: an OAuth 1.0a client keeps its secret apart as others do, its redirect and its way of signing.
#[test]
fn oa2_an_oauth1_client_and_its_secret_are_kept() {
    let world = World::new();
    let vault = world.create();
    let mut made = client(&vault, "TWITTER");
    made.registration = Registration::Oauth1(Box::new(Oauth1 {
        request_uri: "https://as.example/request".to_owned(),
        authorize_uri: "https://as.example/authorize".to_owned(),
        access_uri: "https://as.example/access".to_owned(),
        consumer_key: "ck-1".to_owned(),
        client_secret: None,
        signature: Signature::HmacSha256,
        redirect: Redirect::Https { port: 8443 },
        redirect_path: "/callback/twitter".to_owned(),
        authorize_params: vec![("perms".to_owned(), "read".to_owned())],
    }));
    let secret = |text: &str| SecretValue::from(text);
    let kept = vault
        .write(NOW, |tx| {
            auth_clients::insert(tx, &made, Some(&secret("cs-1")), NOW)
        })
        .unwrap();
    let read = |vault: &UnlockedVault| {
        vault
            .read(|tx| {
                let client = auth_clients::read(tx, made.id)?;
                let secret = auth_clients::client_secret(tx, &client)?;
                Ok((client, secret.map(|secret| secret.expose().to_vec())))
            })
            .unwrap()
    };
    assert_eq!(read(&vault), (kept.clone(), Some(b"cs-1".to_vec())));
    assert_eq!(kept.client_secret().map(|(number, _)| number), Some(1));
    let newer = vault
        .write(NOW, |tx| {
            auth_clients::update(tx, &kept, Some(&secret("cs-2")), NOW)
        })
        .unwrap();
    assert_eq!(newer.client_secret().map(|(number, _)| number), Some(2));
    assert_eq!(read(&vault), (newer, Some(b"cs-2".to_vec())));
    vault.write(NOW, |tx| auth_clients::delete(tx, made.id)).unwrap();
}
