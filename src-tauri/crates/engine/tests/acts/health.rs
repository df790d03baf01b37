//! What is not well with stored values (WK5, WK6).

use std::time::Duration;

use keyward_engine::{
    Engine, auth_clients,
    connections::{self, Choice},
    credentials, environments, health,
    home::Opening,
    ports::Clock,
    secrets,
    work::{self, Work},
};
use keyward_model::{SecretValue, Timestamp, connection::AuthType, health::Rule};

use crate::support::{ENV, World, count, owner};

const DAY: u64 = 24 * 60 * 60;

/// A Secret as a test needs it.
struct Stored<'a> {
    environment: &'a str,
    key: &'a str,
    value: &'a str,
    masking: secrets::Masking,
    expires_at: Option<Timestamp>,
    rotate_every: Option<Duration>,
}

impl<'a> Stored<'a> {
    fn new(key: &'a str, value: &'a str) -> Self {
        Self {
            environment: ENV,
            key,
            value,
            masking: secrets::Masking::Masked,
            expires_at: None,
            rotate_every: None,
        }
    }

    fn add(self, engine: &Engine) {
        let new = secrets::New {
            key: self.key,
            name: None,
            description: "",
            tags: &[],
            masking: self.masking,
            value: &SecretValue::from(self.value),
            notes: "",
            expires_at: self.expires_at,
            rotate_every: self.rotate_every,
            favourite: false,
            value_changed_at: None,
        };
        secrets::create(engine, &owner(), self.environment, &new).unwrap();
    }
}

/// Rule and key of each finding, the urgent marked.
fn told(findings: &[health::Finding]) -> Vec<(Rule, String, bool)> {
    let one = |finding: &health::Finding| (finding.rule, finding.place.key.clone(), finding.urgent);
    findings.iter().map(one).collect()
}

#[test]
fn wk6_ends_and_ages_are_known_without_opening_a_value() {
    let (world, engine) = World::host();
    let now = Clock::now(&*world.clock);
    let in_days = |days: u64| Some(now.after(Duration::from_secs(days * DAY)));
    Stored::new("FINE", "1").add(&engine);
    Stored {
        expires_at: in_days(5),
        ..Stored::new("SOON", "2")
    }
    .add(&engine);
    Stored {
        expires_at: in_days(25),
        ..Stored::new("LATER", "3")
    }
    .add(&engine);
    Stored {
        rotate_every: Some(Duration::from_secs(90 * DAY)),
        ..Stored::new("ROTATED", "4")
    }
    .add(&engine);
    assert_eq!(
        told(&health::list(&engine).unwrap()),
        [
            (Rule::Expiring, "SOON".to_owned(), true),
            (Rule::Expiring, "LATER".to_owned(), false),
        ]
    );
    world.clock.pass(400 * DAY);
    assert_eq!(
        told(&health::list(&engine).unwrap()),
        [
            (Rule::Expired, "SOON".to_owned(), true),
            (Rule::Expired, "LATER".to_owned(), true),
            (Rule::Overdue, "ROTATED".to_owned(), true),
            (Rule::NeverRotated, "FINE".to_owned(), false),
        ]
    );
    assert_eq!(count(&engine, "health.check"), 0, "nothing was opened");
    // A new value is what ends an overdue rotation.
    let value = SecretValue::from("5");
    secrets::set_value(&engine, &owner(), ENV, "ROTATED", &value, "").unwrap();
    assert!(
        !told(&health::list(&engine).unwrap())
            .iter()
            .any(|(rule, ..)| *rule == Rule::Overdue)
    );
}

#[test]
fn wk5_a_value_in_several_places_is_one_finding() {
    let (world, engine) = World::host();
    environments::create(&engine, &owner(), "staging").unwrap();
    Stored::new("B", "shared").add(&engine);
    Stored::new("A", "shared").add(&engine);
    Stored {
        environment: "staging",
        ..Stored::new("C", "shared")
    }
    .add(&engine);
    Stored::new("ALONE", "another").add(&engine);
    // Neither what is empty nor what is no secret is reused.
    for key in ["EMPTY_1", "EMPTY_2"] {
        Stored::new(key, "").add(&engine);
    }
    for key in ["REGION_1", "REGION_2"] {
        Stored {
            masking: secrets::Masking::Plain,
            ..Stored::new(key, "eu-west-1")
        }
        .add(&engine);
    }
    let command = world.another(Opening::OneShot);
    let report = health::check(&command, &owner()).unwrap();
    assert_eq!((report.checked, report.unread), (8, 0));
    assert_eq!(told(&report.findings), [(Rule::Reused, "A".to_owned(), false)]);
    let others: Vec<_> = report.findings[0]
        .others
        .iter()
        .map(|place| format!("{}/{}", place.environment, place.key))
        .collect();
    assert_eq!(others, ["default/B", "staging/C"]);
    let text = format!("{} {}", report.findings[0].message(), report.findings[0].hint());
    assert!(
        text.contains("default/A") && text.contains("staging/C") && !text.contains("shared"),
        "{text}"
    );
    assert_eq!(count(&engine, "health.check"), 1);
    assert_eq!(count(&engine, "secret.reveal"), 0);
    // The trash holds nothing that could be mended.
    secrets::delete(
        &engine,
        &owner(),
        ENV,
        &["B".to_owned(), "A".to_owned()],
        secrets::Removal::Trash,
    )
    .unwrap();
    assert_eq!(told(&health::check(&engine, &owner()).unwrap().findings), []);
}

#[test]
fn wk5_only_passwords_are_judged_by_how_guessable_they_are() {
    let (_world, engine) = World::host();
    Stored::new("DB_PASSWORD", "summer2024").add(&engine);
    Stored::new("DB_TOKEN", "summer2025").add(&engine);
    Stored::new("GOOD_PASSWORD", "correct horse battery staple 42").add(&engine);
    Stored::new("PEM_PASSPHRASE", "-----BEGIN KEY-----\nabc\n-----END KEY-----\n").add(&engine);
    let report = health::check(&engine, &owner()).unwrap();
    assert_eq!(
        told(&report.findings),
        [(Rule::Weak, "DB_PASSWORD".to_owned(), false)]
    );
}

/// More values than one transaction opens.
#[test]
fn wk5_many_values_are_compared_across_batches() {
    let (_world, engine) = World::host();
    for n in 0..600 {
        let value = if n == 3 || n == 597 {
            "the same".to_owned()
        } else {
            format!("value {n}")
        };
        Stored::new(&format!("KEY_{n:03}"), &value).add(&engine);
    }
    let report = health::check(&engine, &owner()).unwrap();
    assert_eq!(
        told(&report.findings),
        [(Rule::Reused, "KEY_003".to_owned(), false)]
    );
    assert_eq!(report.findings[0].others[0].key, "KEY_597");
}

fn enter(engine: &Engine, key: &str, auth_type: AuthType, values: &[(&str, &str)]) {
    let held: Vec<(&str, SecretValue)> = values
        .iter()
        .map(|(name, value)| (*name, SecretValue::from(*value)))
        .collect();
    let named: Vec<(&str, &SecretValue)> = held.iter().map(|(name, value)| (*name, value)).collect();
    let new = connections::New {
        key,
        name: None,
        auth_type,
        application: None,
        application_name: None,
        auth_client: None,
        url: None,
        apply: None,
        values: &named,
        default: Choice::First,
    };
    connections::create(engine, &owner(), ENV, &new).unwrap();
}

/// WK5, WK6: app credentials, client secrets and variables are looked at as Secrets are; of a user name and a password
/// the password alone.
#[test]
fn wk5_every_kind_of_value_is_looked_at() {
    // Its one Connection has tokens, which are no stored value.
    let (world, engine) = World::connected();
    let client_secret = SecretValue::from("shared by two");
    let changes = auth_clients::Changes {
        client_secret: Some(&client_secret),
        ..auth_clients::Changes::default()
    };
    auth_clients::update(&engine, &owner(), "CLIENT", &changes).unwrap();
    Stored::new("COPY", "shared by two").add(&engine);
    enter(
        &engine,
        "LOGIN",
        AuthType::Basic,
        &[("username", "summer2024"), ("password", "summer2025")],
    );
    enter(
        &engine,
        "TOKEN",
        AuthType::AccessToken,
        &[("access_token", "summer2024")],
    );
    let value = SecretValue::from("of a database");
    let variables = [credentials::Draft {
        id: None,
        name: "dsn",
        description: "",
        masking: credentials::Masking::Masked,
        value: Some(&value),
        file: None,
    }];
    let new = credentials::New {
        key: "DB",
        name: None,
        description: "",
        variables: &variables,
    };
    credentials::create(&engine, &owner(), ENV, &new).unwrap();
    let found = |engine: &Engine| -> Vec<(Rule, String, Option<String>, health::Holder)> {
        let report = health::check(engine, &owner()).unwrap();
        assert_eq!((report.checked, report.unread), (5, 0));
        let one = |finding: health::Finding| {
            let place = finding.place;
            (finding.rule, place.key, place.field, place.holder)
        };
        report.findings.into_iter().map(one).collect()
    };
    let password = Some("password".to_owned());
    let reused = (
        Rule::Reused,
        "CLIENT".to_owned(),
        None,
        health::Holder::AuthClient,
    );
    let weak = (
        Rule::Weak,
        "LOGIN".to_owned(),
        password.clone(),
        health::Holder::Connection,
    );
    assert_eq!(found(&engine), [reused.clone(), weak.clone()]);
    world.clock.pass(400 * DAY);
    let old = |key: &str, field: Option<&str>, holder| {
        (
            Rule::NeverRotated,
            key.to_owned(),
            field.map(str::to_owned),
            holder,
        )
    };
    let mut later = found(&engine);
    later.retain(|(rule, ..)| *rule == Rule::NeverRotated);
    assert_eq!(
        later,
        [
            old("CLIENT", None, health::Holder::AuthClient),
            old("COPY", None, health::Holder::Secret),
            old("DB", Some("dsn"), health::Holder::Credential),
            old("LOGIN", Some("password"), health::Holder::Connection),
            old("TOKEN", None, health::Holder::Connection),
        ]
    );
    let said: Vec<String> = health::check(&engine, &owner())
        .unwrap()
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.message(), finding.hint()))
        .collect();
    assert!(
        said.iter().any(|text| text.contains("connection update LOGIN")),
        "{said:?}"
    );
    assert!(
        said.iter().any(|text| text.contains("auth-client update CLIENT")),
        "{said:?}"
    );
    assert!(
        !said.concat().contains("summer") && !said.concat().contains("shared by two"),
        "{said:?}"
    );
    // Nothing is told of a work that has ended.
    assert_eq!(work::progress(&engine, Work::HealthCheck), None);
}
