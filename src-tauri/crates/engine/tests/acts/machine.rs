//! EL7: an AuthClient of one vault is used from another, while both are open; its client secret stays where it is.

use std::sync::Arc;

use keyward_engine::{
    Engine, Kind, auth_clients,
    auth_clients::Changes,
    connections,
    home::Opening,
    lifecycle::{self, NewMode},
    neighbours::Neighbours,
    ports::Clock,
    refresh,
};
use keyward_model::{SecretValue, auth_client::Visibility, connection::ConnectionState};

use crate::{
    provider::Fault,
    server::json,
    support::{ENV, World, kind, owner, token},
};

/// A home with two vaults, as a host or a command sees them: `default`, and `work` beside it.
struct Two {
    world: World,
    neighbours: Arc<Neighbours>,
}

impl Two {
    fn new() -> (Self, Arc<Engine>, Arc<Engine>) {
        let two = Self {
            world: World::new(),
            neighbours: Neighbours::served(),
        };
        let (own, work) = (
            two.engine("default", Opening::Host),
            two.engine("work", Opening::Host),
        );
        for engine in [&own, &work] {
            lifecycle::create(engine, &owner(), NewMode::Keychain).unwrap();
        }
        (two, own, work)
    }

    fn engine(&self, name: &str, opening: Opening) -> Arc<Engine> {
        let ports = self.world.ports(Arc::clone(&self.world.clock) as Arc<dyn Clock>);
        let engine = Engine::new(self.world.home.clone(), name.parse().unwrap(), opening, ports);
        match opening {
            Opening::Host => engine.beside(&self.neighbours),
            Opening::OneShot => Arc::new(engine),
        }
    }
}

fn keys(engine: &Engine) -> Vec<(String, Option<String>, u32)> {
    let list = auth_clients::list(engine, ENV).unwrap();
    let one = |one: auth_clients::Counted| {
        let vault = one.kept_in.map(|vault| vault.to_string());
        (one.auth_client.key.to_string(), vault, one.connections)
    };
    list.into_iter().map(one).collect()
}

#[test]
fn el7_a_machine_wide_client_is_used_from_another_vault_while_its_own_is_open() {
    let (two, own, work) = Two::new();
    two.world.auth_client_for(&work, "SHARED", Visibility::Machine);
    two.world.auth_client_for(&work, "PRIVATE", Visibility::Vault);
    let shared = |connections| vec![("SHARED".to_owned(), Some("work".to_owned()), connections)];
    assert_eq!(keys(&own), shared(0), "the vault-wide one is not seen");
    assert_eq!(
        kind(auth_clients::find(&own, "PRIVATE")),
        Some(Kind::NotFound),
        "AM14"
    );

    // Used: consent, hand-out and refresh go through it; its secret is where it was.
    let made = two.world.connect(&own, "APP");
    assert_eq!(made.foreign_key.as_ref().unwrap().as_str(), "SHARED");
    let shown = connections::find(&own, ENV, "APP").unwrap();
    assert_eq!(shown.auth_client.unwrap().as_str(), "SHARED");
    two.world.clock.pass(3_500);
    token(&own).unwrap();
    assert_eq!(two.world.provider.refreshes(), 1);
    assert_eq!(
        (keys(&own), keys(&work)[0].2, keys(&work)[1].2),
        (shared(1), 0, 1)
    );

    // Never changed from here, and not deleted or narrowed there while it is used.
    let rename = Changes {
        name: Some("Mine"),
        ..Changes::default()
    };
    let error = auth_clients::update(&own, &owner(), "SHARED", &rename).unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(error.hint.contains("--vault work"), "{}", error.hint);
    assert_eq!(
        kind(auth_clients::delete(&own, &owner(), "SHARED")),
        Some(Kind::Denied)
    );
    let narrow = Changes {
        visibility: Some(Visibility::Vault),
        ..Changes::default()
    };
    let error = auth_clients::update(&work, &owner(), "SHARED", &narrow).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("the vault “default”"), "{}", error.message);
    assert_eq!(
        kind(auth_clients::delete(&work, &owner(), "SHARED")),
        Some(Kind::Conflict)
    );

    // EL13: a secret that was changed in its own vault is used on the very next refresh in the other; what had stopped
    // there for the old one goes on (O-61).
    let refused = json("401 Unauthorized", r#"{"error":"invalid_client"}"#);
    two.world.provider.will([Fault::Instead(refused)]);
    assert_eq!(
        kind(refresh::refresh_now(&own, &owner(), ENV, "APP")),
        Some(Kind::Provider)
    );
    let state = || connections::find(&own, ENV, "APP").unwrap().connection.state;
    assert_eq!(state(), ConnectionState::Error);
    let secret = SecretValue::from("0012e5");
    let changed = Changes {
        client_secret: Some(&secret),
        ..Changes::default()
    };
    auth_clients::update(&work, &owner(), "SHARED", &changed).unwrap();
    assert_eq!(state(), ConnectionState::Ready);
    two.world.clock.pass(3_500);
    token(&own).unwrap();
    let last = two.world.provider.with(|state| state.last.clone()).unwrap();
    assert!(last.header("authorization").unwrap().starts_with("Basic "));

    // Its vault “locked, refreshing”: it can be used, and nobody reads its secret.
    lifecycle::lock(&work);
    assert_eq!(keys(&own).len(), 1);
    two.world.clock.pass(3_500);
    token(&own).unwrap();
    lifecycle::unlock(&work, None).unwrap();

    // No key of it left: nothing is lost, nothing is asked, and the vault is named.
    lifecycle::close(&work);
    assert_eq!(keys(&own), []);
    assert_eq!(
        connections::find(&own, ENV, "APP")
            .unwrap()
            .auth_client
            .unwrap()
            .as_str(),
        "SHARED"
    );
    two.world.clock.pass(3_500);
    let refreshes = two.world.provider.refreshes();
    let error = refresh::refresh_now(&own, &owner(), ENV, "APP").unwrap_err();
    assert_eq!(error.kind, Kind::Locked);
    assert!(error.message.contains("“work”"), "{}", error.message);
    assert_eq!(kind(token(&own)), Some(Kind::Locked));
    assert_eq!(two.world.provider.refreshes(), refreshes);
    assert!(two.world.intent(made.id).is_none(), "nothing is in doubt");
    lifecycle::unlock(&work, None).unwrap();
    token(&own).unwrap();

    // Disconnecting needs nobody's leave, even with that vault locked.
    lifecycle::close(&work);
    let (_, revocation) = connections::disconnect(&own, &owner(), ENV, "APP").unwrap();
    assert!(
        matches!(revocation, connections::Revocation::Queued(_)),
        "{revocation:?}"
    );
    assert!(two.world.tokens(made.id).is_none());
}

/// EL7: a command that runs by itself opens the other vault by the keychain, but never behind a host.
#[test]
fn el7_a_one_shot_command_opens_the_other_vault_by_the_keychain() {
    let (two, own, work) = Two::new();
    two.world.auth_client_for(&work, "SHARED", Visibility::Machine);
    lifecycle::close(&own);
    lifecycle::close(&work);
    let alone = two.engine("default", Opening::OneShot);
    lifecycle::unlock(&alone, None).unwrap();
    assert_eq!(keys(&alone), [("SHARED".to_owned(), Some("work".to_owned()), 0)]);
    two.world.connect(&alone, "APP");
    lifecycle::lock(&alone);

    let _host = keyward_engine::home::HostLock::try_take(&two.world.home, "serve")
        .unwrap()
        .unwrap();
    let behind = two.engine("default", Opening::OneShot);
    lifecycle::unlock(&behind, None).unwrap();
    assert_eq!(keys(&behind), [], "a host decides what is open");
    two.world.clock.pass(3_500);
    assert_eq!(kind(token(&behind)), Some(Kind::Locked));
}

/// EL7, EL8: within one vault the visibility says which environments may use a client.
#[test]
fn el7_environment_and_vault() {
    let (world, engine) = World::host();
    keyward_engine::environments::create(&engine, &owner(), "staging").unwrap();
    world.auth_client(&engine, "CLIENT");
    let visible = |environment: &str| auth_clients::list(&engine, environment).unwrap().len();
    assert_eq!((visible(ENV), visible("staging")), (1, 0));
    let widen = |visibility| {
        let changes = Changes {
            visibility: Some(visibility),
            ..Changes::default()
        };
        auth_clients::update(&engine, &owner(), "CLIENT", &changes)
    };
    let new = connections::New {
        key: "KEY",
        name: None,
        auth_type: keyward_model::connection::AuthType::ApiKey,
        application: None,
        application_name: None,
        auth_client: Some("CLIENT"),
        url: None,
        apply: None,
        values: &[("value", &SecretValue::from("v"))],
        default: connections::Choice::First,
    };
    let error = connections::create(&engine, &owner(), "staging", &new).unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert!(error.hint.contains("--visibility vault"), "{}", error.hint);
    widen(Visibility::Vault).unwrap();
    assert_eq!(visible("staging"), 1);
    assert_eq!(
        kind(connections::create(&engine, &owner(), "staging", &new)),
        Some(Kind::Invalid),
        "an oauth2 client makes no key"
    );
    widen(Visibility::Environment).unwrap();
    assert_eq!(visible("staging"), 0);
}
