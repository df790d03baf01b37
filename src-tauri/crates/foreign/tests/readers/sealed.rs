//! The export of our own: written, sealed, opened, read.

use age::x25519;
use keyward_foreign::{
    Content, Fault, Found, Older, Sheet, Variable,
    app::{AppCredential, ApplicationOf, ClientOf},
    envelope::{self, For},
    own::{self, Carry, EnvironmentOf, Heading},
};
use keyward_model::{
    SecretValue, Timestamp,
    apply::Apply,
    auth_client::{
        ClientAuthentication, Grant, LoopbackHost, Oauth1, Oauth2, Origin, Pushed, Redirect, Registration,
        Signature, Visibility,
    },
    connection::AuthType,
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
};

use crate::support::{lines, says, secret};

/// A registration that says everything: without a member left out, so that a new one is not forgotten here.
fn registration() -> Oauth2 {
    let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let texts = |text: &str| vec![text.to_owned()];
    let at = |path: &str| Some(format!("https://sso.example/{path}"));
    Oauth2 {
        issuer: Some("https://sso.example".to_owned()),
        issuer_in_callback: true,
        auth_uri: "https://sso.example/authorize".to_owned(),
        token_uri: "https://sso.example/token".to_owned(),
        refresh_token_uri: at("refresh?tenant=1"),
        revocation_uri: at("revoke"),
        introspection_uri: at("introspect"),
        device_uri: at("device"),
        pushed: Some(Pushed {
            uri: "https://sso.example/par".to_owned(),
            is_required: true,
        }),
        jwks_uri: at("keys"),
        token_expires_in: 1_800,
        client_id: "client".to_owned(),
        // A record of the vault that it came from; the secret itself stands beside the registration.
        client_secret: None,
        client_secret_expires_at: Timestamp::parse_rfc3339("2027-01-31T00:00:00Z"),
        client_authentication: ClientAuthentication::Post,
        grant: Grant::DeviceCode,
        redirect: Redirect::Fixed {
            host: LoopbackHost::Name,
            port: 8123,
        },
        redirect_path: "/callback".to_owned(),
        authorize_params: pairs("prompt", "consent=a"),
        token_params: pairs("audience", "a"),
        refresh_params: pairs("tenant", "b"),
        resources: texts("https://api.example"),
        scopes: texts("api"),
        refresh_window: Some(30),
        provider: Some(Origin {
            id: "sso".to_owned(),
            variables: pairs("tenant", "1"),
        }),
        dialect: Dialect {
            scope_separator: Separator::Comma,
            pkce: Pkce::Off,
            token_body: TokenBody::Json,
            renamed: pairs("token:client_id", "client_key"),
            callback_names: pairs("code", "auth_code"),
            answer_paths: pairs("access_token", "/data/token"),
            keep_from_callback: texts("realmId"),
            keep_from_answer: pairs("instance_url", "/instance_url"),
            hosts: texts("*.sso.example"),
            headers: pairs("User-Agent", "own=agent"),
            behaviour: Some(Behaviour::CallbackHost),
            refresh_token: RefreshTokenLife {
                idle: Some(60),
                absolute: Some(90),
                rotation: Rotation::Always,
            },
        },
    }
}

fn sheet() -> Sheet {
    let mut one = Variable::masked("", secret("canary-now"));
    one.note = "rotated".to_owned();
    one.created_at = Some(Timestamp(1_700_000_100));
    one.older.push(Older {
        value: SecretValue::new(vec![0xff, 0xfe]),
        created_at: Some(Timestamp(1_700_000_000)),
        note: "first".to_owned(),
    });
    Sheet {
        entries: vec![
            Found {
                environment: Some("production".to_owned()),
                key: Some("API_KEY".to_owned()),
                name: "The “key”".to_owned(),
                description: "for\nall".to_owned(),
                note: "a note".to_owned(),
                tags: vec!["a".to_owned(), "b c".to_owned()],
                favourite: true,
                expires_at: Some(Timestamp(1_800_000_000)),
                rotate_every: Some(7_776_000),
                content: Content::Value(one),
                ..Found::default()
            },
            Found {
                environment: Some("default".to_owned()),
                key: Some("DB".to_owned()),
                name: "DB".to_owned(),
                content: Content::Variables(vec![
                    Variable::plain("HOST", secret("canary-host")),
                    Variable::masked("PASSWORD", secret("canary-password")),
                ]),
                ..Found::default()
            },
            Found {
                environment: Some("default".to_owned()),
                key: Some("LOGIN".to_owned()),
                name: "Login".to_owned(),
                app: Some(AppCredential {
                    auth_type: AuthType::Basic,
                    application: Some("crm".to_owned()),
                    auth_client: None,
                    url: Some("https://crm.example".to_owned()),
                    apply: Some(Apply::Basic),
                    default: true,
                }),
                content: Content::Value(Variable::masked("", secret("ann:canary-login"))),
                ..Found::default()
            },
        ],
        applications: vec![ApplicationOf {
            key: "crm".to_owned(),
            name: "CRM".to_owned(),
            url: None,
        }],
        auth_clients: vec![
            ClientOf {
                key: "crm".to_owned(),
                name: "CRM".to_owned(),
                environment: "production".to_owned(),
                application: Some("crm".to_owned()),
                visibility: Visibility::Vault,
                registration: Registration::Oauth2(Box::new(registration())),
                client_secret: Some(secret("canary-client")),
            },
            ClientOf {
                key: "old".to_owned(),
                name: "Old".to_owned(),
                environment: "default".to_owned(),
                application: None,
                visibility: Visibility::Environment,
                registration: Registration::Oauth1(Box::new(Oauth1 {
                    request_uri: "https://old.example/request".to_owned(),
                    authorize_uri: "https://old.example/authorize".to_owned(),
                    access_uri: "https://old.example/access".to_owned(),
                    consumer_key: "consumer".to_owned(),
                    client_secret: None,
                    signature: Signature::HmacSha256,
                    redirect: Redirect::Paste("https://old.example/done".to_owned()),
                    redirect_path: "/callback".to_owned(),
                    authorize_params: Vec::new(),
                })),
                client_secret: Some(secret("canary-client")),
            },
            ClientOf {
                key: "keys".to_owned(),
                name: "Keys".to_owned(),
                environment: "default".to_owned(),
                application: None,
                visibility: Visibility::Machine,
                registration: Registration::ApiKey {
                    url: Some("https://api.example".to_owned()),
                    apply: Apply::parse("query:key").unwrap(),
                },
                client_secret: None,
            },
        ],
        environments: vec![EnvironmentOf {
            name: "production".to_owned(),
            production: true,
            colour: Some("pink".to_owned()),
        }],
        remarks: Vec::new(),
    }
}

const HEADING: Heading<'_> = Heading {
    vault: "work",
    exported_at: Timestamp(1_795_338_000),
};

fn written(carry: Carry) -> Vec<u8> {
    own::write(Vec::new(), HEADING, &sheet(), carry).unwrap()
}

/// OA4, AM6: an AuthClient comes back with everything that its provider does its own way.
#[test]
fn what_was_written_is_read() {
    let document = written(Carry::Values);
    let read = own::parse(&document).unwrap();
    assert_eq!(lines(&read), lines(&sheet()));
    assert_eq!(read.environments, sheet().environments);
    assert_eq!(read.applications, sheet().applications);
    assert_eq!(read.entries[2].app, sheet().entries[2].app);
    for (read, told) in read.auth_clients.iter().zip(&sheet().auth_clients) {
        assert_eq!(read.registration, told.registration);
        assert_eq!((&read.key, read.visibility), (&told.key, told.visibility));
    }
    // Written again it is the same document: nothing was lost on the way.
    let again = own::write(Vec::new(), HEADING, &read, Carry::Values).unwrap();
    assert_eq!(
        String::from_utf8(document).unwrap(),
        String::from_utf8(again).unwrap()
    );
}

#[test]
fn wk3_structure_carries_no_value() {
    let document = String::from_utf8(written(Carry::Structure)).unwrap();
    assert!(!document.contains("canary") && !document.contains("\"value\"") && !document.contains("//4"));
    assert!(document.contains("API_KEY") && document.contains("PASSWORD"));
    let read = own::parse(document.as_bytes()).unwrap();
    assert!(read.entries.iter().all(|found| {
        found
            .variables()
            .iter()
            .all(|one| one.value.is_none() && one.older.is_empty())
    }));
    // How a provider speaks is structure.
    for (read, told) in read.auth_clients.iter().zip(&sheet().auth_clients) {
        assert_eq!(read.registration, told.registration);
        assert!(read.client_secret.is_none());
    }
}

fn sealed(whom: &For<'_>) -> Vec<u8> {
    envelope::seal(Vec::new(), whom, |out| {
        own::write(out, HEADING, &sheet(), Carry::Values).map(drop)
    })
    .unwrap()
    .unwrap()
}

#[test]
fn r44_a_passphrase_opens_it_and_no_other() {
    let file = sealed(&For::Passphrase(&secret("correct horse battery")));
    assert!(file.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    assert!(!file.windows(6).any(|window| window == b"canary"));
    let opened = envelope::open(&file, Some(&secret("correct horse battery"))).unwrap();
    assert_eq!(*opened, written(Carry::Values));
    assert_eq!(
        envelope::open(&file, None).unwrap_err().fault,
        Fault::NeedsPassphrase
    );
    let wrong = envelope::open(&file, Some(&secret("battery horse correct"))).unwrap_err();
    assert_eq!(wrong.fault, Fault::WrongPassphrase);
    let cut = envelope::open(&file[..file.len() - 10], Some(&secret("correct horse battery"))).unwrap_err();
    says(&cut, &["cut or damaged"]);
}

#[test]
fn r44_recipients_open_it() {
    let mine = x25519::Identity::generate();
    let other = x25519::Identity::generate();
    let recipients = [mine.to_public().to_string()];
    let file = sealed(&For::Recipients(&recipients));
    let key = |identity: &x25519::Identity| {
        use age::secrecy::ExposeSecret;
        secret(identity.to_string().expose_secret())
    };
    assert_eq!(
        *envelope::open(&file, Some(&key(&mine))).unwrap(),
        written(Carry::Values)
    );
    assert_eq!(
        envelope::open(&file, Some(&key(&other))).unwrap_err().fault,
        Fault::WrongPassphrase
    );
    assert_eq!(
        envelope::open(&file, Some(&secret("a passphrase")))
            .unwrap_err()
            .fault,
        Fault::WrongPassphrase
    );
    says(&envelope::recipient("age1canary").unwrap_err(), &["age1"]);
}

#[test]
fn another_version_is_not_guessed_at() {
    let newer = String::from_utf8(written(Carry::Values))
        .unwrap()
        .replace("\"version\":1", "\"version\":2");
    says(&own::parse(newer.as_bytes()).unwrap_err(), &["newer version"]);
    says(&own::parse(b"{}").unwrap_err(), &["no export of Keyward"]);
    says(
        &own::parse(br#"{"format":"keyward-export","version":1,"items":[{"name":"A","value":7}]}"#)
            .unwrap_err(),
        &["item 1", "a value must be"],
    );
    for (app, says_what) in [
        (r#"{"type":"oauth2"}"#, "app.type"),
        (r#"{"type":"basic","apply":"header:X"}"#, "app.apply"),
        (r#"{"type":"api_key","apply":"smoke:signals"}"#, "apply"),
    ] {
        let document = format!(
            r#"{{"format":"keyward-export","version":1,"items":[{{"name":"A","value":"x","app":{app}}}]}}"#
        );
        says(
            &own::parse(document.as_bytes()).unwrap_err(),
            &["item 1", says_what],
        );
    }
    let client = br#"{"format":"keyward-export","version":1,"auth_clients":[{"key":"a","type":"oauth2","token_expires_in":0}]}"#;
    says(
        &own::parse(client).unwrap_err(),
        &["auth client 1", "token_expires_in"],
    );
}
