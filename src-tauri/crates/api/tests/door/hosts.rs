use std::{
    os::unix::fs::PermissionsExt,
    thread,
    time::{Duration, Instant},
};

use keyward_api::{
    client::Client,
    host::{Control, Host, Refused},
    wire::{self, Code},
};
use keyward_engine::Kind;

use crate::{
    provider::Provider,
    support::{World, fill, reveal},
};

/// L-01: one host, a private socket, and the wishes of other processes.
#[test]
fn l01_one_host_with_a_private_socket() {
    let world = World::new();
    assert!(Client::connect(&world.home, world.runtime()).unwrap().is_none());
    let (host, control, server) = world.host();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.socket()), 0o600);
    assert_eq!(mode(world.socket().parent().unwrap()), 0o700);
    match Host::new(world.home.clone(), "app", world.ports.clone()) {
        Err(Refused::Held(Some(holder))) => {
            assert_eq!((holder.kind.as_str(), holder.pid), ("serve", std::process::id()));
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
    let mut client = world.client();
    for wish in [Control::Show, Control::Yield] {
        client.control(wish).unwrap();
        assert_eq!(control.recv_timeout(Duration::from_secs(5)), Ok(wish));
    }
    fill(&mut client);
    drop(server);
    assert!(!world.socket().exists());
    host.stop();
    let refused = host.engine(&"default".parse().unwrap()).map(|_| ());
    assert_eq!(refused.unwrap_err().kind, Kind::Conflict);
    assert_eq!(
        client.call("default", &reveal("KEY")).unwrap_err().code,
        Code::Conflict
    );
    drop(host);
    drop(control);
    // The next one takes the place; nothing of the keys was handed over.
    let (_host, _control, _server) = world.host();
    let mut client = world.client();
    assert_eq!(
        client.call("default", &reveal("KEY")).unwrap_err().code,
        Code::Locked
    );
    client
        .call("default", &wire::VaultUnlock { passphrase: None })
        .unwrap();
    assert!(client.call("default", &reveal("KEY")).is_ok());
}

/// L-01: a host that has no socket yet is waited for, not bypassed.
#[test]
fn l01_a_host_without_a_socket_is_a_conflict() {
    let world = World::new();
    let (_host, _control) = Host::new(world.home.clone(), "app", world.ports.clone()).unwrap();
    let start = Instant::now();
    let error = Client::connect(&world.home, world.runtime())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert!(error.message.contains("app") && start.elapsed() >= Duration::from_secs(2));
}

/// A socket that somebody took away does not keep its host from ending.
#[test]
fn a_socket_that_was_taken_away() {
    let world = World::new();
    let (host, _control, server) = world.host();
    std::fs::remove_file(world.socket()).unwrap();
    let (done, ended) = std::sync::mpsc::channel();
    thread::spawn(move || {
        drop(server);
        host.stop();
        let _ = done.send(());
    });
    assert!(ended.recv_timeout(Duration::from_secs(5)).is_ok());
}

/// L-01, I5: whoever asks a host for a token while it ends: the answer of the provider is stored before it is gone.
#[test]
fn l01_a_refresh_under_way_is_stored_before_the_host_ends() {
    let world = World::new();
    let provider = Provider::start();
    let (host, control, server) = world.host();
    let mut client = world.client();
    fill(&mut client);
    connect(&mut client, &provider);
    world.clock.pass(3_590);
    // Reveals nothing and wakes nobody: the background would refresh by itself when it next looks.
    provider.with(|state| state.delay = Duration::from_millis(1_500));
    let asking = thread::spawn(move || client.call("default", &token()).map(|_| ()));
    thread::sleep(Duration::from_millis(500));
    let start = Instant::now();
    drop(server);
    host.stop();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(provider.refreshes(), 1);
    // It is stored; the value itself does not leave a host that is locked.
    assert_eq!(asking.join().unwrap().unwrap_err().code, Code::Locked);
    drop((host, control));
    let (_host, _control, _server) = world.host();
    let mut client = world.client();
    client
        .call("default", &wire::VaultUnlock { passphrase: None })
        .unwrap();
    client.call("default", &token()).unwrap();
    assert_eq!(provider.refreshes(), 1);
    provider.with(|state| state.delay = Duration::ZERO);
    world.clock.pass(3_590);
    client.call("default", &token()).unwrap();
    assert_eq!(
        (provider.refreshes(), provider.with(|state| state.reused)),
        (2, 0)
    );
}

fn token() -> wire::TokenRequest {
    wire::TokenRequest {
        environment: "default".to_owned(),
        connection: "APP".to_owned(),
        min_ttl_seconds: None,
    }
}

/// Through the door: an AuthClient, a Consent, its answer pasted.
fn connect(client: &mut Client, provider: &Provider) {
    let auth_client = wire::AuthClientCreate {
        grant: None,
        client_authentication: None,
        redirect: None,
        device_uri: None,
        request_token_uri: None,
        signature_method: None,
        environment: "default".to_owned(),
        key: "CLIENT".to_owned(),
        name: None,
        application: None,
        issuer: None,
        auth_uri: Some(provider.address("authorize")),
        token_uri: Some(provider.address("token")),
        revocation_uri: None,
        client_id: Some("client-1".to_owned()),
        kind: None,
        visibility: None,
        url: None,
        apply: None,
        client_secret: None,
        token_expires_in: None,
        redirect_path: None,
        authorize_params: None,
        token_params: None,
        refresh_params: None,
        resources: None,
        refresh_window: None,
        refresh_token_uri: None,
        provider: None,
        variables: None,
        scopes: None,
    };
    client.call("default", &auth_client).unwrap();
    let connect = wire::ConnectionConnect {
        login: None,
        environment: "default".to_owned(),
        connection: "APP".to_owned(),
        name: None,
        auth_client: None,
        scopes: None,
        params: None,
        browser: wire::BrowserChoice::Link,
        timeout_seconds: None,
    };
    let consent = client.call("default", &connect).unwrap();
    let link = url::Url::parse(&consent.link).unwrap();
    let state = link.query_pairs().find(|(name, _)| name == "state").unwrap().1;
    let paste = wire::ConnectionPaste {
        consent: consent.id.clone(),
        address: format!("http://{}?code=c&state={state}", consent.listening),
    };
    let mut consent = client.call("default", &paste).unwrap();
    while consent.result.is_none() {
        assert!(consent.error.is_none(), "{:?}", consent.error);
        let status = wire::ConsentStatus {
            consent: consent.id,
            after: Some(consent.revision),
        };
        consent = client.call("default", &status).unwrap();
    }
    assert_eq!(consent.state, wire::ConsentState::Done);
}
