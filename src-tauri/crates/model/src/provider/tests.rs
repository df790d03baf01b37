use super::*;

fn variable(name: &str, pattern: Pattern) -> Variable {
    Variable {
        name: name.to_owned(),
        title: "Tenant".to_owned(),
        example: "acme".to_owned(),
        pattern,
        default: None,
        choices: Vec::new(),
    }
}

fn provider() -> Provider {
    Provider {
        id: "acme".to_owned(),
        name: "Acme Cloud".to_owned(),
        application: AppName::parse("acme").unwrap(),
        category: Category::Crm,
        keywords: vec!["rockets".to_owned()],
        mark: Mark {
            letters: "Ac".to_owned(),
            hue: 20,
        },
        website: None,
        documentation: None,
        console: None,
        protocol: Protocol::Oauth2,
        endpoints: Endpoints {
            auth_uri: "https://{tenant}.acme.example/authorize".to_owned(),
            token_uri: "https://{tenant}.acme.example/token?t={tenant}".to_owned(),
            ..Endpoints::default()
        },
        variables: vec![variable("tenant", Pattern::Label)],
        scopes: Vec::new(),
        redirect: RedirectRule::FixedPort,
        grants: vec![Grant::AuthorizationCode],
        client_authentication: ClientAuthentication::Basic,
        authorize_params: vec![("audience".to_owned(), "https://{tenant}/".to_owned())],
        token_params: Vec::new(),
        refresh_params: Vec::new(),
        resources: Vec::new(),
        token_expires_in: None,
        refresh_window: Some(30),
        dialect: Dialect::default(),
        steps: Vec::new(),
        verified: Verified {
            on: None,
            source: "a test".to_owned(),
            confidence: Confidence::Unchecked,
        },
        author: Author::Keyward,
    }
}

fn given(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[test]
fn oa4_variables_are_filled_in_everywhere() {
    let made = provider().registration(&given("tenant", "north")).unwrap();
    assert_eq!(made.auth_uri, "https://north.acme.example/authorize");
    assert_eq!(made.token_uri, "https://north.acme.example/token?t=north");
    assert_eq!(made.authorize_params, given("audience", "https://north/"));
    assert_eq!(made.refresh_window, Some(30));
    assert_eq!(made.provider.unwrap().variables, given("tenant", "north"));
    assert_eq!(
        made.redirect,
        Redirect::Fixed {
            host: LoopbackHost::V4,
            port: PROPOSED_PORT
        }
    );
}

#[test]
fn oa4_a_variable_is_given_known_and_fits() {
    let error = |given: &[(String, String)]| provider().registration(given).unwrap_err().to_string();
    assert_eq!(error(&[]), "the variable tenant is missing");
    assert_eq!(error(&given("tenant", "")), "the variable tenant is missing");
    assert_eq!(error(&given("region", "eu")), "there is no variable region");
    assert!(error(&given("tenant", "evil.example/")).starts_with("the value of tenant is not"));
    let mut chosen = provider();
    chosen.variables[0].choices = vec!["eu".to_owned(), "us".to_owned()];
    chosen.variables[0].default = Some("us".to_owned());
    assert_eq!(
        chosen.registration(&[]).unwrap().auth_uri,
        "https://us.acme.example/authorize"
    );
    assert!(chosen.registration(&given("tenant", "north")).is_err());
}

/// T-11, O-12: a value of a variable cannot send what belongs to the provider elsewhere.
#[test]
fn o12_no_value_leaves_its_place_in_an_address() {
    let check = |pattern: Pattern, fitting: &[&str], unfit: &[&str]| {
        for value in fitting {
            assert!(pattern.fits(value), "{pattern:?} {value}");
        }
        for value in unfit.iter().chain(&[
            "", " ", "a b", "a@b", "a?b", "a#b", "a%2Fb", "a\\b", "{a}", "ä", "a\n",
        ]) {
            assert!(!pattern.fits(value), "{pattern:?} {value:?}");
        }
    };
    check(
        Pattern::Label,
        &["acme", "acme-1", "9"],
        &["a.b", "a/b", "-a", "a-", "a:1", "a_b"],
    );
    check(
        Pattern::Host,
        &["acme.example", "a", "ab_c.eu-1.example"],
        &["a/b", "a..b", ".a", "a.", "a:1"],
    );
    check(
        Pattern::Place,
        &[
            "acme.example",
            "acme.example:8443",
            "acme.example/auth/realms",
            "localhost:1",
        ],
        &[
            "a//b", "a/../b", "a/./b", "a:0", "a:x", "a:99999", "/a", "a/", "a:1:2",
        ],
    );
    check(Pattern::Word, &["a.b_c~d-e", "ABC"], &["a/b", ".", "..", "a:1"]);
}

#[test]
fn oa4_found_by_words_of_name_host_and_category() {
    let provider = provider();
    for search in ["", "acme", "CLOUD acme", "crm", "rocket", "acme.example"] {
        assert!(provider.is_found_by(search), "{search}");
    }
    assert!(!provider.is_found_by("acme invoices"));
    assert_eq!(provider.host(), "{tenant}.acme.example");
}

#[test]
fn braces_come_in_pairs() {
    assert_eq!(variables_in("a{b}c{d}"), Some(vec!["b", "d"]));
    assert_eq!(variables_in("plain"), Some(vec![]));
    for odd in ["a{b", "a}b", "}{", "{a}}", "a}{b}"] {
        assert_eq!(variables_in(odd), None, "{odd}");
    }
}
