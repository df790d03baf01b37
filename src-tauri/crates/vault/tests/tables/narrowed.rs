//! O-71, §b.2 “locked, refreshing”: what the keys that are left can do, and what they cannot.

use keyward_model::{audit::AuditEvent, settings::Settings};
use keyward_vault::table::{audit, credentials, settings};

use super::{
    entered::{entered, stored},
    tokens::{client, connection},
    *,
};

const SECRET: &str = "client secret";

fn tokens(access: &str) -> TokenSet {
    TokenSet {
        access_token: SecretValue::from(access),
        refresh_token: Some(SecretValue::from("refresh")),
        token_type: "Bearer".to_owned(),
        scope: None,
        lifetime: Lifetime {
            obtained_at: NOW,
            expires_at: NOW.after(Duration::from_secs(3600)),
            refresh_window: None,
        },
        raw: SecretValue::from("{}"),
    }
}

/// A vault with a Secret, an AuthClient and a Connection with tokens.
fn filled(world: &World) -> (UnlockedVault, Connection) {
    let vault = world.create();
    add(&vault, "KEY", "value").unwrap();
    let registered = client(&vault, "CLIENT");
    let made = connection(&vault, registered.id, "APP");
    vault
        .write(NOW, |tx| {
            auth_clients::insert(tx, &registered, Some(&SecretValue::from(SECRET)), NOW)?;
            connections::insert(tx, &made)?;
            connections::replace_tokens(tx, &made, &tokens("first"), None)
        })
        .unwrap();
    (vault, made)
}

fn is_locked<T>(result: keyward_vault::Result<T>) -> bool {
    matches!(result, Err(Error::Locked))
}

/// Everything that a refresh reads and writes is in reach, and who unlocks finds a vault that verifies.
#[test]
fn o71_tokens_are_read_and_replaced() {
    let world = World::new();
    let (vault, made) = filled(&world);
    let narrowed = vault.narrowed().unwrap();
    assert_eq!(
        narrowed.keys_locked_in_memory(),
        vault.keys_locked_in_memory(),
        "ST5: the keys that are left are kept as the others were"
    );
    vault.close(NOW).unwrap();
    let (listed, clients) = narrowed
        .read(|tx| Ok((connections::list(tx, None)?, auth_clients::list(tx)?)))
        .unwrap();
    assert_eq!((listed.len(), clients.len()), (1, 1));
    let secret = narrowed
        .read(|tx| auth_clients::client_secret(tx, &clients[0]))
        .unwrap()
        .unwrap();
    assert_eq!(secret.expose_text(), Some(SECRET));
    let name = narrowed
        .read(|tx| environments::read(tx, made.environment))
        .unwrap()
        .name;
    assert_eq!(name.as_str(), "default");
    narrowed
        .write(NOW, |tx| {
            let (old, row) = connections::tokens(tx, &made)?.expect("it is connected");
            assert_eq!(old.access_token.expose_text(), Some("first"));
            let intent = RefreshIntent {
                attempt: 1,
                refresh_token_digest: [7; 32],
                started_at: NOW,
                unreadable_answer: None,
            };
            connections::put_intent(tx, &made, &intent)?;
            connections::replace_tokens(tx, &made, &tokens("second"), Some(row))?;
            let mut changed = connections::read(tx, made.id)?;
            changed.state = ConnectionState::Ready;
            connections::update(tx, &changed)?;
            audit::append(
                tx,
                &AuditEvent {
                    at: NOW,
                    actor: "keyward".to_owned(),
                    action: "connection.refresh".to_owned(),
                    subject: "connection default/APP".to_owned(),
                    outcome: "ok".to_owned(),
                    took: None,
                },
            )
        })
        .unwrap();
    narrowed.close(NOW).unwrap();
    let vault = world.unlock().unwrap();
    vault.verify().unwrap();
    let (found, _) = vault.read(|tx| connections::tokens(tx, &made)).unwrap().unwrap();
    assert_eq!(found.access_token.expose_text(), Some("second"));
    assert_eq!(value_of(&vault, "KEY").unwrap(), "value");
}

/// Nothing that another key wraps is opened or written, and no name is looked up.
#[test]
fn o71_nothing_else_is_in_reach() {
    let world = World::new();
    let (vault, made) = filled(&world);
    let entered = entered(&vault, "API_KEY");
    vault.write(NOW, |tx| connections::insert(tx, &entered)).unwrap();
    let entered = stored(&vault, &entered, "value");
    let narrowed = vault.narrowed().unwrap();
    vault.close(NOW).unwrap();
    let environment = made.environment;
    assert!(is_locked(narrowed.read(|tx| secrets::list(tx, environment))));
    assert!(is_locked(narrowed.read(|tx| secrets::find(
        tx,
        environment,
        &key("KEY")
    ))));
    assert!(is_locked(narrowed.write(NOW, |tx| insert(
        tx,
        environment,
        "NEW",
        "value"
    ))));
    assert!(is_locked(narrowed.read(|tx| credentials::find(
        tx,
        environment,
        &key("KEY")
    ))));
    assert!(is_locked(narrowed.read(|tx| connections::find(
        tx,
        environment,
        &key("APP")
    ))));
    assert!(is_locked(
        narrowed.read(|tx| auth_clients::find(tx, &key("CLIENT")))
    ));
    assert!(is_locked(narrowed.read(environments::list)));
    assert!(is_locked(narrowed.read(|tx| connections::value(tx, &entered))));
    let github = AppName::parse("github").unwrap();
    assert!(is_locked(narrowed.read(|tx| applications::find(tx, &github))));
    assert!(is_locked(
        narrowed.read(|tx| settings::read(tx, Settings::SESSION))
    ));
    assert!(is_locked(narrowed.write(NOW, |tx| {
        settings::store(tx, &Settings::PASSPHRASE, Settings::SESSION)
    })));
    assert!(is_locked(narrowed.narrowed()));
    assert!(is_locked(narrowed.verify()), "which opens everything");
    // A refusal leaves nothing behind.
    assert_eq!(
        narrowed.read(|tx| connections::read(tx, made.id)).unwrap().key,
        made.key
    );
}

/// T-03: a row that is put back is noticed while locked as well.
#[test]
fn o71_an_older_row_is_noticed() {
    let world = World::new();
    let (vault, made) = filled(&world);
    let narrowed = vault.narrowed().unwrap();
    vault.close(NOW).unwrap();
    let uuid = *made.token_set.as_bytes();
    let db = world.sql();
    let (wrapped, body): (Vec<u8>, Vec<u8>) = db
        .query_row(
            "SELECT wrapped, body FROM rec WHERE record_uuid = ?1",
            [uuid],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    narrowed
        .write(NOW, |tx| {
            let row = connections::tokens(tx, &made)?.map(|(_, row)| row);
            connections::replace_tokens(tx, &made, &tokens("second"), row)
        })
        .unwrap();
    db.execute(
        "UPDATE rec SET version = 1, wrapped = ?2, body = ?3 WHERE record_uuid = ?1",
        (uuid, wrapped, body),
    )
    .unwrap();
    let read = narrowed.read(|tx| connections::tokens(tx, &made));
    assert!(matches!(read, Err(Error::Corrupt(_))));
}
