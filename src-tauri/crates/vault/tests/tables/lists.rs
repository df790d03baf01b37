//! What a face asks for as a whole: lists over a vault, the words and states of what lies in it, the newest events.

use super::*;
use keyward_model::environment::{Changes as Looks, Colour};
use keyward_vault::table::{audit, credentials};

/// Each kind of redirect host, client authentication and visibility is read back as it was written.
#[test]
fn el4_every_choice_of_a_registration_is_kept() {
    let world = World::new();
    let vault = world.create();
    let ways = [
        ClientAuthentication::None,
        ClientAuthentication::Basic,
        ClientAuthentication::Post,
        ClientAuthentication::PrivateKeyJwt,
    ];
    let hosts = [LoopbackHost::V4, LoopbackHost::V6, LoopbackHost::Name];
    let seen = [Visibility::Environment, Visibility::Vault, Visibility::Machine];
    let mut number = 0;
    for client_authentication in ways {
        for host in hosts {
            for visibility in seen {
                number += 1;
                let mut made = tokens::client(&vault, &format!("CLIENT_{number}"));
                made.visibility = visibility;
                let Registration::Oauth2(oauth2) = &mut made.registration else {
                    unreachable!("the support makes an OAuth 2.0 client")
                };
                oauth2.client_authentication = client_authentication;
                oauth2.redirect = Redirect::Fixed { host, port: 8123 };
                vault
                    .write(NOW, |tx| auth_clients::insert(tx, &made, None, NOW))
                    .unwrap();
                assert_eq!(vault.read(|tx| auth_clients::read(tx, made.id)).unwrap(), made);
                assert_eq!(
                    vault.read(|tx| auth_clients::secret_version(tx, &made)).unwrap(),
                    None
                );
            }
        }
    }
    assert_eq!(vault.read(auth_clients::list).unwrap().len(), 36);
    is_not_found(
        vault.read(|tx| auth_clients::find(tx, &key("CLIENT_37"))),
        "the auth client CLIENT_37",
    );
}

/// The client secret is known by its version, and is not opened for that.
#[test]
fn el11_what_is_known_of_a_client_secret() {
    let world = World::new();
    let vault = world.create();
    let made = tokens::client(&vault, "CLIENT");
    let secret = SecretValue::from("canary");
    let kept = vault
        .write(NOW, |tx| auth_clients::insert(tx, &made, Some(&secret), NOW))
        .unwrap();
    let version = vault
        .read(|tx| auth_clients::secret_version(tx, &kept))
        .unwrap()
        .unwrap();
    assert_eq!((version.number, version.created_at), (1, NOW));
}

/// AM7, EL5: each type and each state of a Connection is read back as it was written.
#[test]
fn el5_every_type_and_state_is_kept() {
    let world = World::new();
    let vault = world.create();
    let client = tokens::client(&vault, "CLIENT");
    vault
        .write(NOW, |tx| auth_clients::insert(tx, &client, None, NOW))
        .unwrap();
    let types = [
        AuthType::Oauth2,
        AuthType::Oauth1,
        AuthType::Basic,
        AuthType::ApiKey,
        AuthType::AccessToken,
        AuthType::None,
    ];
    let states = [
        ConnectionState::AwaitingConsent,
        ConnectionState::Ready,
        ConnectionState::NeedsConsent,
        ConnectionState::Error,
        ConnectionState::Disconnected,
    ];
    let mut all = Vec::new();
    for (number, (auth_type, state)) in types
        .into_iter()
        .flat_map(|auth_type| states.map(|state| (auth_type, state)))
        .enumerate()
    {
        let made = Connection {
            auth_type,
            state,
            default: number == 0,
            ..tokens::connection(&vault, client.id, &format!("APP_{number}"))
        };
        vault.write(NOW, |tx| connections::insert(tx, &made)).unwrap();
        all.push(made);
    }
    assert_eq!(vault.read(|tx| connections::list(tx, None)).unwrap(), all);
    let elsewhere = vault
        .write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW))
        .unwrap();
    let there = vault
        .read(|tx| connections::list(tx, Some(elsewhere.id)))
        .unwrap();
    assert_eq!(there, []);
}

/// PV1: an environment keeps its name for ever; how it looks and how carefully it is treated changes, one at a time.
#[test]
fn pv1_environments_change_their_looks() {
    let world = World::new();
    let vault = world.create();
    let made = vault
        .write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW))
        .unwrap();
    is_conflict(
        vault.write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW)),
        "an environment staging exists already",
    );
    for colour in Colour::ALL.map(Some).into_iter().chain([None]) {
        let looks = Looks {
            production: Some(colour == Some(Colour::Amber)),
            colour: Some(colour),
        };
        let changed = vault
            .write(NOW, |tx| environments::update(tx, made.id, looks))
            .unwrap();
        assert_eq!(
            (changed.colour, changed.production),
            (colour, colour == Some(Colour::Amber))
        );
        assert_eq!(changed.name, made.name);
        let read = vault.read(environments::list).unwrap();
        assert!(read.contains(&changed), "{read:?}");
    }
    let nothing = vault
        .write(NOW, |tx| environments::update(tx, made.id, Looks::default()))
        .unwrap();
    assert_eq!(nothing, made);
    let nobody = vault.read(|tx| tx.new_id()).unwrap();
    let changed = vault.write(NOW, |tx| environments::update(tx, nobody, Looks::default()));
    assert!(matches!(changed, Err(Error::NotFound(_))));
}

/// AM5: an application is made by whatever names it first, renamed without a new key, and gone with its last use.
#[test]
fn am5_applications_are_listed_and_renamed() {
    let world = World::new();
    let vault = world.create();
    let name = |text: &str| AppName::parse(text).unwrap();
    let make = |text: &str| {
        let key = name(text);
        let new = applications::New {
            key: &key,
            name: None,
            url: None,
        };
        vault
            .write(NOW, |tx| applications::find_or_insert(tx, new, NOW))
            .unwrap()
    };
    let (stripe, mut slack) = (make("stripe"), make("slack"));
    assert_eq!(make("stripe"), stripe);
    assert_eq!(
        vault.read(applications::list).unwrap(),
        [stripe.clone(), slack.clone()]
    );
    slack.name = "Our Slack".to_owned();
    slack.url = Some("https://ours.example".to_owned());
    // The key of what is handed in does not count.
    let handed = keyward_model::application::Application {
        key: name("other"),
        ..slack.clone()
    };
    vault.write(NOW, |tx| applications::update(tx, &handed)).unwrap();
    assert_eq!(
        vault.read(|tx| applications::find(tx, &slack.key)).unwrap(),
        Some(slack.clone())
    );
    vault
        .write(NOW, |tx| applications::remove_unused(tx, &slack.key))
        .unwrap();
    assert_eq!(vault.read(applications::list).unwrap(), [stripe]);
}

/// What lies in one environment, of every kind; what lies in all of them; what has lain in the trash for too long.
#[test]
fn pv4_lists_of_items() {
    let world = World::new();
    let vault = world.create();
    let default = default_environment(&vault);
    let secret = add(&vault, "KEY", "value").unwrap();
    add_credential(&vault, "DB", &["host", "password"]).unwrap();
    with_connection(&vault, "SHOP");
    let keys = |id: Id| {
        let items = vault.read(|tx| items::list(tx, id)).unwrap();
        items
            .iter()
            .map(|item| item.key().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(default), ["KEY", "DB", "SHOP_CONNECTION", "SHOP_ENTERED"]);
    let staging = vault
        .write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW))
        .unwrap();
    assert_eq!(keys(staging.id), Vec::<String>::new());
    vault
        .write(NOW, |tx| secrets::relocate(tx, secret.id, staging.id, NOW))
        .unwrap();
    assert_eq!(keys(staging.id), ["KEY"]);
    assert_eq!(keys(default), ["DB", "SHOP_CONNECTION", "SHOP_ENTERED"]);
    let everywhere = vault.read(secrets::everywhere).unwrap();
    assert_eq!((everywhere.len(), everywhere[0].environment), (1, staging.id));
    let all = vault.read(credentials::everywhere).unwrap();
    assert_eq!(all.len(), 1);
    let variable = &all[0].variables[0];
    let version = vault
        .read(|tx| credentials::current_version(tx, variable))
        .unwrap();
    assert_eq!(version.number, 1);
    assert!(
        !vault
            .read(|tx| credentials::version_value(tx, variable, 1))
            .unwrap()
            .is_empty()
    );
    is_not_found(
        vault.read(|tx| credentials::version_value(tx, variable, 2)),
        "version 2 of host",
    );
    for late in [NOW, Timestamp(NOW.0 + 40 * 86_400)] {
        assert_eq!(vault.read(|tx| secrets::spent(tx, late)).unwrap(), []);
        assert_eq!(vault.read(|tx| credentials::spent(tx, late)).unwrap(), []);
    }
}

/// The newest events come first, and only those that are wanted.
#[test]
fn the_newest_events_that_are_wanted() {
    let world = World::new();
    let vault = world.create();
    for number in 0..20 {
        let action = if number % 2 == 0 { "test.even" } else { "test.odd" };
        vault.write(NOW, |tx| audit::append(tx, &event(action))).unwrap();
    }
    let newest = |limit, wanted: &str| {
        let found = vault
            .read(|tx| audit::newest(tx, limit, |event| event.action == wanted))
            .unwrap();
        assert!(found.windows(2).all(|pair| pair[0].0 > pair[1].0), "newest first");
        found.len()
    };
    assert_eq!(
        (
            newest(3, "test.odd"),
            newest(100, "test.even"),
            newest(100, "test.none")
        ),
        (3, 10, 0)
    );
}
