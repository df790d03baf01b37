//! The one record of settings.

use keyward_model::settings::Settings;
use keyward_vault::table::settings;

use super::*;

#[test]
fn settings_are_one_record_or_none() {
    let world = World::new();
    let vault = world.create();
    assert_eq!(vault.read(settings::read).unwrap(), None);
    let first = Settings {
        auto_lock_minutes: 1440,
        clipboard_seconds: 5,
        ..Settings::PASSPHRASE
    };
    for settings in [first, Settings::SESSION, first] {
        vault.write(NOW, |tx| settings::store(tx, &settings)).unwrap();
        assert_eq!(vault.read(settings::read).unwrap(), Some(settings));
    }
    // The environment `default`, and these.
    assert_eq!(vault.verify().unwrap().records, 2);
    drop(vault);
    assert_eq!(world.unlock().unwrap().read(settings::read).unwrap(), Some(first));
}
