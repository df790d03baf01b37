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
        vault.write(NOW, |tx| settings::store(tx, &settings)).unwrap();
        for usual in [Settings::SESSION, Settings::PASSPHRASE] {
            assert_eq!(read(&vault, usual), settings);
        }
    }
    // The environment `default`, and these.
    assert_eq!(vault.verify().unwrap().records, 2);
    drop(vault);
    assert_eq!(read(&world.unlock().unwrap(), Settings::SESSION), first);
}
