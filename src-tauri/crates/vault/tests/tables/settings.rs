//! The one record of settings.

use keyward_model::settings::Settings;
use keyward_vault::table::settings;

use super::*;

#[test]
fn settings_are_one_record_or_none() {
    let world = World::new();
    let vault = world.create();
    let read = |vault: &UnlockedVault, usual| vault.read(|tx| settings::read(tx, usual)).unwrap();
    for usual in [Settings::SESSION, Settings::PASSPHRASE] {
        assert_eq!(read(&vault, usual), usual);
    }
    let first = Settings {
        auto_lock_minutes: 1440,
        clipboard_seconds: 5,
        ..Settings::PASSPHRASE
    };
    for settings in [first, Settings::SESSION, first] {
        for usual in [Settings::SESSION, Settings::PASSPHRASE] {
            vault
                .write(NOW, |tx| settings::store(tx, &settings, usual))
                .unwrap();
            assert_eq!(read(&vault, usual), settings);
        }
    }
    // The environment `default`, and these.
    assert_eq!(vault.verify().unwrap().records, 2);
    drop(vault);
    assert_eq!(read(&world.unlock().unwrap(), Settings::PASSPHRASE), first);
}

/// O-71: whether a locked vault refreshes follows the way of unlocking, until the Owner chose.
#[test]
fn o71_a_choice_outlives_the_way_of_unlocking_and_nothing_else_does() {
    let world = World::new();
    let vault = world.create();
    let after = |settings: Settings, usual, then| {
        vault
            .write(NOW, |tx| settings::store(tx, &settings, usual))
            .unwrap();
        vault
            .read(|tx| settings::read(tx, then))
            .unwrap()
            .refresh_while_locked
    };
    let (session, passphrase) = (Settings::SESSION, Settings::PASSPHRASE);
    assert!(!after(session, session, passphrase), "nobody chose");
    assert!(after(passphrase, passphrase, session), "nobody chose");
    let chosen = Settings {
        refresh_while_locked: true,
        ..passphrase
    };
    assert!(after(chosen, passphrase, passphrase));
}
