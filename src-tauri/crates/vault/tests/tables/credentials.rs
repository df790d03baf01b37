//! Credentials and their variables.

use std::time::Duration;

use keyward_model::credential::{Credential, Variable};
use keyward_vault::table::{
    credentials::{self, Arrangement, Changes, Draft},
    secrets::Masking,
};

use super::*;

/// The variable as it is, to be changed.
fn same(variable: &Variable) -> Draft<'_> {
    Draft {
        id: Some(variable.id),
        name: &variable.name,
        description: &variable.description,
        masking: if variable.masked {
            Masking::Masked
        } else {
            Masking::Plain
        },
        value: None,
        file: None,
    }
}

fn arrange(
    vault: &UnlockedVault,
    credential: &Credential,
    kept: &[Draft<'_>],
    removed: &[Id],
    now: Timestamp,
) -> keyward_vault::Result<Credential> {
    let changes = Changes {
        variables: Some(Arrangement { kept, removed }),
        ..Changes::default()
    };
    vault.write(now, |tx| credentials::update(tx, credential.id, &changes, now))
}

fn names(credential: &Credential) -> Vec<&str> {
    credential.variables.iter().map(|one| one.name.as_str()).collect()
}

fn value(vault: &UnlockedVault, variable: &Variable) -> String {
    let value = vault.read(|tx| credentials::value(tx, variable)).unwrap();
    value.expose_text().unwrap().to_owned()
}

/// AM11: variables keep their order, their identity through a new name, and a version for each new value alone.
#[test]
fn am11_variables_are_arranged() {
    let world = World::new();
    let vault = world.create();
    let made = add_credential(&vault, "DB", &["host", "port", "user"]).unwrap();
    assert_eq!(names(&made), ["host", "port", "user"]);
    assert_eq!(value(&vault, &made.variables[2]), "user-value");
    let (login, region) = (key("login"), key("region"));
    let (new, eu) = (SecretValue::from("5439"), SecretValue::from("eu"));
    let kept = [
        Draft {
            name: &login,
            description: "who",
            masking: Masking::Plain,
            ..same(&made.variables[2])
        },
        Draft {
            id: None,
            name: &region,
            value: Some(&eu),
            file: Some("region.txt"),
            ..same(&made.variables[0])
        },
        Draft {
            value: Some(&new),
            ..same(&made.variables[1])
        },
    ];
    let changed = arrange(&vault, &made, &kept, &[made.variables[0].id], NOW).unwrap();
    assert_eq!(names(&changed), ["login", "region", "port"]);
    let [login, region, port] = &changed.variables[..] else {
        panic!("three variables");
    };
    assert_eq!(
        (login.id, login.version, login.masked),
        (made.variables[2].id, 1, false)
    );
    assert_eq!(
        (value(&vault, login).as_str(), login.description.as_str()),
        ("user-value", "who")
    );
    assert_eq!(
        (value(&vault, region).as_str(), region.version, region.bytes),
        ("eu", 1, 2)
    );
    assert_eq!(region.file.as_deref(), Some("region.txt"));
    assert_eq!(
        (value(&vault, port).as_str(), port.version, port.bytes),
        ("5439", 2, 4)
    );
    let versions = vault.read(|tx| credentials::versions(tx, port)).unwrap();
    assert_eq!(versions.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 1]);
    let found = vault
        .read(|tx| credentials::find(tx, made.environment, &key("DB")))
        .unwrap();
    assert_eq!(found, changed);
    assert_eq!(vault.verify().unwrap().records, 1 + 1 + 5);
}

/// AM11: what is refused leaves everything as it was.
#[test]
fn am11_what_does_not_fit_changes_nothing() {
    let world = World::new();
    let vault = world.create();
    let made = add_credential(&vault, "DB", &["host", "port"]).unwrap();
    is_conflict(
        add_credential(&vault, "OTHER", &["a", "A"]),
        "the variables a and A differ at most in case",
    );
    is_conflict(
        add_credential(&vault, "db", &["a"]),
        "a credential DB exists already",
    );
    is_conflict(add(&vault, "Db", "1"), "a credential DB exists already");
    let host = same(&made.variables[0]);
    // One that came meanwhile, or went.
    is_conflict(
        arrange(&vault, &made, &[host], &[], NOW),
        "the credential changed meanwhile",
    );
    let kept = [same(&made.variables[0]), same(&made.variables[1])];
    is_conflict(
        arrange(&vault, &made, &kept, &[made.variables[1].id], NOW),
        "the credential changed meanwhile",
    );
    let (upper, extra) = (key("HOST"), key("extra"));
    let clash = [
        same(&made.variables[0]),
        Draft {
            name: &upper,
            ..same(&made.variables[1])
        },
    ];
    is_conflict(
        arrange(&vault, &made, &clash, &[], NOW),
        "the variables host and HOST differ at most in case",
    );
    let [host, port] = [same(&made.variables[0]), same(&made.variables[1])];
    let valueless = Draft {
        id: None,
        name: &extra,
        ..same(&made.variables[0])
    };
    is_conflict(
        arrange(&vault, &made, &[host, port, valueless], &[], NOW),
        "the new variable extra has no value",
    );
    let huge = SecretValue::new(vec![0; 1024 * 1024 + 1]);
    let kept = [
        Draft {
            value: Some(&huge),
            ..same(&made.variables[0])
        },
        same(&made.variables[1]),
    ];
    assert!(matches!(
        arrange(&vault, &made, &kept, &[], NOW),
        Err(Error::TooLarge)
    ));
    assert_eq!(vault.read(|tx| credentials::read(tx, made.id)).unwrap(), made);
    assert_eq!(vault.verify().unwrap().records, 4);
}

/// AM12: the trash frees the key and gives it back; a purge takes all versions along.
#[test]
fn am12_trash_restore_and_purge() {
    let world = World::new();
    let vault = world.create();
    let made = add_credential(&vault, "DB", &["host", "port"]).unwrap();
    let trash = |id| vault.write(NOW, |tx| credentials::trash(tx, id, NOW)).unwrap();
    let restore = |id| vault.write(NOW, |tx| credentials::restore(tx, id, NOW));
    assert_eq!(trash(made.id).deleted_at, Some(NOW));
    is_not_found(
        vault.read(|tx| credentials::find(tx, made.environment, &key("DB"))),
        "the key DB",
    );
    assert!(
        vault
            .read(|tx| credentials::list(tx, made.environment))
            .unwrap()
            .is_empty()
    );
    let kept = [same(&made.variables[0]), same(&made.variables[1])];
    is_conflict(arrange(&vault, &made, &kept, &[], NOW), "DB is in the trash");
    let secret = add(&vault, "DB", "1").unwrap();
    is_conflict(restore(made.id), "a secret DB exists already");
    vault.write(NOW, |tx| secrets::trash(tx, secret.id, NOW)).unwrap();
    assert_eq!(restore(made.id).unwrap().deleted_at, None);
    is_not_found(
        vault.read(|tx| secrets::find(tx, made.environment, &key("DB"))),
        "the secret DB",
    );
    trash(made.id);
    vault.write(NOW, |tx| secrets::purge(tx, secret.id)).unwrap();
    vault.write(NOW, |tx| credentials::purge(tx, made.id)).unwrap();
    is_not_found(vault.read(|tx| credentials::read(tx, made.id)), "the credential");
    assert_eq!(vault.verify().unwrap().records, 1);
}

/// What was taken out can be had back for 30 days, with all its versions; then it goes for good.
#[test]
fn am11_a_variable_that_was_taken_out_comes_back_for_30_days() {
    let world = World::new();
    let vault = world.create();
    let made = add_credential(&vault, "DB", &["host", "port"]).unwrap();
    let port = made.variables[1].id;
    let take_out = |credential: &Credential, now| {
        arrange(
            &vault,
            credential,
            &[same(&credential.variables[0])],
            &[port],
            now,
        )
        .unwrap()
    };
    let without = take_out(&made, NOW);
    assert_eq!((names(&without), without.removed.len()), (vec!["host"], 1));
    let back = |number| {
        vault.write(NOW, |tx| {
            credentials::restore_version(tx, made.id, port, number, NOW)
        })
    };
    is_not_found(back(9), "version 9 of port");
    assert_eq!(vault.read(|tx| credentials::read(tx, made.id)).unwrap(), without);
    let with = back(1).unwrap();
    assert_eq!((names(&with), with.removed.len()), (vec!["host", "port"], 0));
    assert_eq!(
        (
            value(&vault, &with.variables[1]).as_str(),
            with.variables[1].version
        ),
        ("port-value", 2)
    );
    let without = take_out(&with, NOW);
    let days = |count: u64| NOW.after(Duration::from_secs(count * 24 * 60 * 60));
    let kept = [same(&without.variables[0])];
    let later = arrange(&vault, &without, &kept, &[], days(30)).unwrap();
    assert_eq!(later.removed.len(), 1);
    let later = arrange(&vault, &without, &kept, &[], days(31)).unwrap();
    assert_eq!(later.removed.len(), 0);
    is_not_found(back(1), "the variable");
    assert_eq!(vault.verify().unwrap().records, 1 + 1 + 1);
}

/// An environment is not empty while a credential is in it, and takes its trash along.
#[test]
fn an_environment_holds_its_credentials() {
    let world = World::new();
    let vault = world.create();
    let made = add_credential(&vault, "DB", &["host"]).unwrap();
    let other = vault
        .write(NOW, |tx| environments::insert(tx, &environment("other"), NOW))
        .unwrap();
    let delete = || vault.write(NOW, |tx| environments::delete(tx, made.environment));
    is_conflict(delete(), "the environment is not empty");
    vault
        .write(NOW, |tx| credentials::trash(tx, made.id, NOW))
        .unwrap();
    delete().unwrap();
    assert_eq!(vault.read(environments::list).unwrap(), [other]);
    assert_eq!(vault.verify().unwrap().records, 1);
}
