use super::*;

fn id(byte: u8) -> Id {
    Id::from_bytes([byte; 16])
}

fn oauth2() -> Oauth2 {
    Oauth2::new(
        "https://as.example/a".to_owned(),
        "https://as.example/t".to_owned(),
        "client-1".to_owned(),
    )
}

fn client(registration: Registration) -> AuthClient {
    AuthClient {
        id: id(1),
        key: Handle::parse("CLIENT").unwrap(),
        name: "Client".to_owned(),
        application: None,
        visibility: Visibility::Environment,
        environment: id(2),
        registration,
        created_at: Timestamp(0),
    }
}

/// EL4: refreshes have an address of their own where the registration says one.
#[test]
fn el4_where_a_refresh_goes() {
    let mut oauth2 = oauth2();
    assert_eq!(oauth2.refresh_uri(), "https://as.example/t");
    oauth2.refresh_token_uri = Some("https://as.example/r".to_owned());
    assert_eq!(oauth2.refresh_uri(), "https://as.example/r");
}

/// EL7: an AuthClient of one environment is seen in no other; wider ones are seen in all.
#[test]
fn el7_visibility() {
    let mut client = client(Registration::Oauth2(Box::new(oauth2())));
    assert!(client.is_visible_in(id(2)) && !client.is_visible_in(id(3)));
    for wide in [Visibility::Vault, Visibility::Machine] {
        client.visibility = wide;
        assert!(
            client.is_visible_in(id(2)) && client.is_visible_in(id(3)),
            "{wide:?}"
        );
    }
    let words = [Visibility::Environment, Visibility::Vault, Visibility::Machine].map(Visibility::as_str);
    assert_eq!(words, ["environment", "vault", "machine"]);
}

/// EL4: each type serves the Connections of its kind alone, and says its own word, address and way of sending.
#[test]
fn el4_what_each_type_serves() {
    let url = || Some("https://api.example".to_owned());
    let header = Apply::Header("X-Key".to_owned());
    let oauth1 = Oauth1 {
        request_uri: String::new(),
        authorize_uri: String::new(),
        access_uri: String::new(),
        consumer_key: String::new(),
        client_secret: Some((3, id(9))),
        signature: Signature::default(),
        redirect: Redirect::default(),
        redirect_path: DEFAULT_REDIRECT_PATH.to_owned(),
        authorize_params: Vec::new(),
    };
    let api_key = Registration::ApiKey {
        url: url(),
        apply: header.clone(),
    };
    let all = [
        (
            Registration::Oauth2(Box::new(oauth2())),
            "oauth2",
            vec![AuthType::Oauth2],
            None,
        ),
        (
            Registration::Oauth1(Box::new(oauth1)),
            "oauth1",
            vec![AuthType::Oauth1],
            None,
        ),
        (
            Registration::NoAuth { url: url() },
            "noauth",
            vec![AuthType::None],
            None,
        ),
        (
            Registration::Basic { url: url() },
            "basic",
            vec![AuthType::Basic],
            Some(Apply::Basic),
        ),
        (
            api_key,
            "api_key",
            vec![AuthType::ApiKey, AuthType::AccessToken],
            Some(header),
        ),
    ];
    let types = [
        AuthType::Oauth2,
        AuthType::Oauth1,
        AuthType::None,
        AuthType::Basic,
        AuthType::ApiKey,
        AuthType::AccessToken,
    ];
    for (registration, word, served, apply) in all {
        assert_eq!(registration.kind(), word);
        for auth_type in types {
            let expect = served.contains(&auth_type);
            assert_eq!(registration.serves(auth_type), expect, "{word}, {auth_type:?}");
        }
        assert_eq!(registration.apply(), apply.as_ref(), "{word}");
        let is_oauth = word.starts_with("oauth");
        assert_eq!(registration.url().is_none(), is_oauth, "{word}");
        let client = client(registration);
        assert_eq!(
            (client.oauth2().is_some(), client.oauth1().is_some()),
            (word == "oauth2", word == "oauth1")
        );
        let secret = (word == "oauth1").then_some((3, id(9)));
        assert_eq!(client.client_secret(), secret, "{word}");
    }
}
