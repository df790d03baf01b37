//! Passphrase, device secret, keychain and recovery key.

use super::*;

/// the right passphrase opens 0 of 100 times without the device secret, or with another one.
#[test]
fn r03_the_passphrase_alone_opens_nothing() {
    let world = World::new();
    let text = SecretValue::from(PASSPHRASE);
    let slot = NewSlot::Passphrase {
        passphrase: &text,
        kdf: Some(LEAST),
        device_secret: DeviceSecret::With,
    };
    let vault = keyward_vault::create(&world.place(Opening::OneShot), slot, NOW, &stopwatch()).unwrap();
    let recovery = RecoveryKey::make().unwrap();
    vault.add_recovery_slot(&recovery, NOW).unwrap();
    add(&vault, "A", "1").unwrap();
    drop(vault);
    let right = world.entries();
    let [account] = right.keys().collect::<Vec<_>>()[..] else {
        panic!("one entry, not {right:?}");
    };
    assert!(account.ends_with(":device"));
    let put = |bytes: Option<Vec<u8>>| {
        let mut entries = world.map.entries.lock().unwrap();
        match bytes {
            Some(bytes) => entries.insert(account.clone(), bytes),
            None => entries.remove(account),
        };
    };
    for attempt in 0..100_u8 {
        let mut wrong = right[account].clone();
        match attempt % 4 {
            0 => {
                put(None);
                let refused = world.unlock_with_passphrase(PASSPHRASE).err();
                let lost = Error::KeychainUnavailable(KeychainError::Lost("device secret"));
                assert_eq!(refused, Some(lost));
                continue;
            }
            1 => wrong[usize::from(attempt) % 32] ^= 1 << (attempt % 8),
            2 => wrong.fill(attempt),
            _ => wrong.extend_from_slice(&[0; 8]),
        }
        put(Some(wrong));
        let refused = world.unlock_with_passphrase(PASSPHRASE).err();
        assert_eq!(refused, Some(Error::WrongKey), "attempt {attempt}");
    }
    // The recovery key opens without it, and the right one was never harmed.
    put(None);
    assert_eq!(
        value_of(&by_recovery(&world, &recovery).unwrap(), "A").unwrap(),
        "1"
    );
    put(Some(right[account].clone()));
    assert_eq!(
        world.unlock_with_passphrase("not this one at all").err(),
        Some(Error::WrongKey)
    );
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    // What opened below today's costs was wrapped again, with a new device secret.
    assert_ne!(world.entries(), right);
    assert_eq!(world.entries().len(), 1);
    assert_eq!(vault.ways().unwrap().passphrase.unwrap().kdf, KdfParams::DEFAULT);
}

/// §b.8: a passphrase change ends the old one, its blob and its device secret.
#[test]
fn b8_a_changed_passphrase_leaves_nothing_of_the_old_one() {
    let world = World::new();
    let vault = world.create_with_passphrase();
    let blob = world.column("SELECT blob FROM slot").remove(0);
    let salts = world.column("SELECT params FROM slot");
    let (second, third) = (
        SecretValue::from("the second passphrase"),
        SecretValue::from("the third passphrase"),
    );
    vault.prove(&SecretValue::from(PASSPHRASE)).unwrap();
    assert_eq!(vault.prove(&second).err(), Some(Error::WrongKey));
    vault
        .renew_way(passphrase(&second, DeviceSecret::With), NOW, &stopwatch())
        .unwrap();
    vault.prove(&second).unwrap();
    assert!(!contains(&world.bytes(), &blob), "the old blob is still there");
    assert_ne!(world.column("SELECT params FROM slot"), salts, "a new salt");
    let first_device = world.entries();
    assert_eq!(first_device.len(), 1);
    vault
        .renew_way(passphrase(&third, DeviceSecret::Without), NOW, &stopwatch())
        .unwrap();
    assert_eq!(world.entries(), BTreeMap::new(), "no slot needs the keychain");
    drop(vault);
    for ended in [PASSPHRASE, "the second passphrase"] {
        assert_eq!(world.unlock_with_passphrase(ended).err(), Some(Error::WrongKey));
    }
    world
        .unlock_with_passphrase("the third passphrase")
        .unwrap()
        .verify()
        .unwrap();
}

/// Costs above those of the fixtures.
const STRONGER: KdfParams = KdfParams {
    memory_kib: 128 * 1024,
    ..CHEAP
};

/// §b.7: stronger costs leave no blob and no device secret of the weaker ones.
#[test]
fn b7_stronger_costs_end_the_weaker_ones() {
    let world = World::new();
    let vault = world.create_with_passphrase();
    let text = SecretValue::from(PASSPHRASE);
    vault
        .renew_way(passphrase(&text, DeviceSecret::With), NOW, &stopwatch())
        .unwrap();
    let (blob, device) = (world.column("SELECT blob FROM slot").remove(0), world.entries());
    assert!(vault.measure(&CHEAP, &stopwatch()).unwrap() > Duration::ZERO);
    let wrong = vault.strengthen(&SecretValue::from("not this one at all"), STRONGER, NOW);
    assert_eq!(wrong.err(), Some(Error::WrongKey));
    vault.strengthen(&text, STRONGER, NOW).unwrap();
    let way = vault.ways().unwrap().passphrase.unwrap();
    assert_eq!((way.kdf, way.device_secret), (STRONGER, DeviceSecret::With));
    assert!(!contains(&world.bytes(), &blob), "the old blob is still there");
    assert_ne!(world.entries(), device, "a new device secret");
    assert_eq!(world.entries().len(), 1);
    drop(vault);
    world
        .unlock_with_passphrase(PASSPHRASE)
        .unwrap()
        .verify()
        .unwrap();
}

/// §b.6: the file with the weaker costs, put back, is an older one.
#[test]
fn b7_the_weaker_file_does_not_come_back() {
    let world = World::new();
    drop(world.create_with_passphrase());
    let weaker = std::fs::read(world.file()).unwrap();
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    vault
        .strengthen(&SecretValue::from(PASSPHRASE), STRONGER, NOW)
        .unwrap();
    drop(vault);
    std::fs::write(world.file(), weaker).unwrap();
    let refused = world.unlock_with_passphrase(PASSPHRASE).err();
    assert!(
        matches!(refused, Some(Error::NotFresh(Freshness::Older { .. }))),
        "{refused:?}"
    );
}

/// A vault of the keychain gets a passphrase beside it and stays one of the keychain.
#[test]
fn b2_a_passphrase_beside_the_keychain() {
    let world = World::new();
    let vault = world.create();
    assert_eq!(
        vault.prove(&SecretValue::from(PASSPHRASE)).err(),
        Some(Error::WrongKey)
    );
    let text = SecretValue::from(PASSPHRASE);
    vault
        .renew_way(passphrase(&text, DeviceSecret::Without), NOW, &stopwatch())
        .unwrap();
    assert_eq!(vault.mode(), Mode::Keychain);
    let ways = vault.ways().unwrap();
    assert!(ways.keychain && ways.passphrase.is_some() && !ways.recovery);
    drop(vault);
    assert_eq!(
        keyward_vault::vault::ways(&world.place(Opening::OneShot)).unwrap(),
        ways
    );
    drop(world.unlock().unwrap());
    // the keychain is gone, the passphrase is not.
    world.map.set_mood(Mood::Silent);
    assert!(matches!(
        world.unlock(),
        Err(Error::KeychainUnavailable(KeychainError::Silent))
    ));
    drop(world.unlock_with_passphrase(PASSPHRASE).unwrap());
}

/// ST2: the recovery key opens a vault that nothing else does, which then has one way in and no old one.
#[test]
fn st2_a_used_recovery_key_ends_every_way_but_the_new_one() {
    let world = World::new();
    let vault = world.create();
    let text = SecretValue::from(PASSPHRASE);
    vault
        .renew_way(passphrase(&text, DeviceSecret::With), NOW, &stopwatch())
        .unwrap();
    let (old, new) = (RecoveryKey::make().unwrap(), RecoveryKey::make().unwrap());
    vault.add_recovery_slot(&old, NOW).unwrap();
    add(&vault, "A", "1").unwrap();
    drop(vault);
    world.map.entries.lock().unwrap().clear();
    let lost = Error::KeychainUnavailable(KeychainError::Lost("key"));
    assert_eq!(world.unlock().err(), Some(lost));
    let lost = Error::KeychainUnavailable(KeychainError::Lost("device secret"));
    assert_eq!(world.unlock_with_passphrase(PASSPHRASE).err(), Some(lost));

    let vault = by_recovery(&world, &old).unwrap();
    vault
        .begin_anew(NewSlot::Keychain, &new, NOW, &stopwatch())
        .unwrap();
    assert_eq!(vault.mode(), Mode::Keychain);
    drop(vault);
    assert_eq!(world.entries().len(), 1);
    assert_eq!(by_recovery(&world, &old).err(), Some(Error::WrongKey));
    assert_eq!(
        world.unlock_with_passphrase(PASSPHRASE).err(),
        Some(Error::WrongKey)
    );
    assert_eq!(value_of(&world.unlock().unwrap(), "A").unwrap(), "1");

    // To a passphrase: the keychain keeps no key of it any more.
    let vault = by_recovery(&world, &new).unwrap();
    vault
        .begin_anew(passphrase(&text, DeviceSecret::Without), &old, NOW, &stopwatch())
        .unwrap();
    assert_eq!(vault.mode(), Mode::Passphrase);
    drop(vault);
    assert_eq!(world.entries(), BTreeMap::new());
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    assert_eq!(value_of(&vault, "A").unwrap(), "1");
    vault.verify().unwrap();
}

/// an entry that is missing because the keychain is locked is told as that, never as lost; and each state keeps
/// the vault as it is.
#[test]
fn r29_a_locked_keychain_is_not_an_emptied_one() {
    struct Locked;
    impl Keychain for Locked {
        fn get(&self, _: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
            Ok(None)
        }
        fn set(&self, _: &str, _: &[u8], _: Duration) -> Result<(), KeychainError> {
            Err(KeychainError::Denied("no unlocked collection".to_owned()))
        }
        fn delete(&self, _: &str, _: Duration) -> Result<(), KeychainError> {
            Ok(())
        }
    }
    let world = World::new();
    add(&world.create(), "A", "1").unwrap();
    let before = world.bytes();
    let locked: Arc<dyn Keychain> = Arc::new(Locked);
    let place = Place {
        keychain: &locked,
        ..world.place(Opening::OneShot)
    };
    assert!(matches!(
        keyward_vault::unlock(&place, Unlocking::Keychain, NOW),
        Err(Error::KeychainUnavailable(KeychainError::Denied(_)))
    ));
    for mood in [Mood::Absent, Mood::Silent] {
        world.map.set_mood(mood);
        assert!(matches!(world.unlock(), Err(Error::KeychainUnavailable(_))));
    }
    world.map.set_mood(Mood::Well);
    world.entries().keys().for_each(|account| {
        let spoilt = vec![7; 32];
        world.map.entries.lock().unwrap().insert(account.clone(), spoilt);
    });
    assert_eq!(world.unlock().err(), Some(Error::WrongKey));
    assert_eq!(
        world.bytes(),
        before,
        "no state of the keychain changes the vault"
    );
}

/// A keychain that fails while a new entry is stored, or a disk that fails after: nothing is half done.
#[test]
fn a_way_that_cannot_be_stored_leaves_the_old_one() {
    /// Probes pass; the entry of a slot is refused.
    struct Full(Arc<MapKeychain>, Mutex<u32>);
    impl Keychain for Full {
        fn get(
            &self,
            account: &str,
            deadline: Duration,
        ) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
            self.0.get(account, deadline)
        }
        fn set(&self, account: &str, bytes: &[u8], deadline: Duration) -> Result<(), KeychainError> {
            if account.starts_with("probe:") {
                return self.0.set(account, bytes, deadline);
            }
            *self.1.lock().unwrap() += 1;
            Err(KeychainError::Failed("it is full".to_owned()))
        }
        fn delete(&self, account: &str, deadline: Duration) -> Result<(), KeychainError> {
            self.0.delete(account, deadline)
        }
    }
    let world = World::new();
    drop(world.create_with_passphrase());
    let refusing = Arc::new(Full(Arc::clone(&world.map), Mutex::new(0)));
    let keychain: Arc<dyn Keychain> = refusing.clone();
    let place = Place {
        keychain: &keychain,
        ..world.place(Opening::OneShot)
    };
    let text = SecretValue::from(PASSPHRASE);
    let vault = keyward_vault::unlock(&place, Unlocking::Passphrase(&text), NOW).unwrap();
    let before = world.column("SELECT blob FROM slot");
    let other = SecretValue::from("another passphrase");
    let refused = vault.renew_way(passphrase(&other, DeviceSecret::With), NOW, &stopwatch());
    assert!(matches!(
        refused,
        Err(Error::KeychainUnavailable(KeychainError::Failed(_)))
    ));
    let refused = vault.renew_way(NewSlot::Keychain, NOW, &stopwatch());
    assert!(matches!(refused, Err(Error::KeychainUnavailable(_))));
    assert_eq!(*refusing.1.lock().unwrap(), 2);
    assert_eq!(world.column("SELECT blob FROM slot"), before);
    assert_eq!(world.entries(), BTreeMap::new());
    // The other way round: the keychain takes it, and the file is held by somebody for too long.
    drop(vault);
    let place = world.place(Opening::Host);
    let vault = keyward_vault::unlock(&place, Unlocking::Passphrase(&text), NOW).unwrap();
    let holder = world.sql();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = vault.renew_way(NewSlot::Keychain, NOW, &stopwatch());
    assert!(matches!(refused, Err(Error::Busy(_))));
    assert_eq!(
        world.entries(),
        BTreeMap::new(),
        "the new entry was taken out again"
    );
    assert_eq!(vault.mode(), Mode::Passphrase);
}

/// T-17, R-29: entries that open nothing are found, of this vault's former slots and of probes that were killed; what
/// another vault or a living process keeps is not. A slot whose entry is gone, or is another's, is told to be dead.
#[test]
fn r29_entries_that_open_nothing_and_slots_that_nothing_opens() {
    let world = World::new();
    let vault = world.create();
    assert_eq!(vault.orphaned_entries().unwrap(), Vec::<String>::new());
    assert!(!vault.has_dead_slot().unwrap());
    let uuid = keyward_model::Id::from_bytes(vault.uuid()).to_string();
    let former = format!("{uuid}:00000000-0000-4000-8000-000000000000");
    let put = |account: &str| {
        world
            .map
            .entries
            .lock()
            .unwrap()
            .insert(account.to_owned(), vec![7; 32])
    };
    let others = [
        former.replace(&uuid, "00000000-0000-4000-8000-000000000001"),
        format!("probe:{}", std::process::id()),
        "somebody else's".to_owned(),
    ];
    for account in others.iter().chain([&former, &"probe:4194999".to_owned()]) {
        put(account);
    }
    let mut orphans = vault.orphaned_entries().unwrap();
    orphans.sort();
    assert_eq!(orphans, [former, "probe:4194999".to_owned()]);

    let own: Vec<String> = world
        .entries()
        .into_keys()
        .filter(|account| account.starts_with(&uuid))
        .collect();
    let slot = own
        .iter()
        .find(|account| !account.ends_with(":anchor") && !account.contains("00000000-0000"))
        .unwrap();
    put(slot);
    assert!(vault.has_dead_slot().unwrap(), "its entry opens nothing");
    world.map.entries.lock().unwrap().remove(slot);
    assert!(vault.has_dead_slot().unwrap(), "its entry is gone");
    world.map.set_mood(Mood::Silent);
    assert!(matches!(
        vault.has_dead_slot(),
        Err(Error::KeychainUnavailable(KeychainError::Silent))
    ));
    assert!(matches!(
        vault.orphaned_entries(),
        Err(Error::KeychainUnavailable(_))
    ));
}
