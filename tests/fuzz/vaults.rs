//! The file of a vault as somebody without its key may leave it (T-03): any bytes in any place, and any bytes where the
//! slots and the header lie. What is read of it afterwards is right, or is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use keyward_model::name::{EnvironmentName, Handle, VaultName};
use keyward_model::{SecretValue, Timestamp};
use keyward_vault::table::{environments, secrets};
use keyward_vault::vault::{self, Opening, Place, UnlockedVault, Unlocking};
use keyward_vault::{DeviceSecret, Home, KdfParams, Keychain, KeychainError, NewSlot, RecoveryKey, Tx};
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp(1_800_000_000);
const SECRETS: usize = 12;

/// A keychain that holds the key of the one vault.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, Vec<u8>>>);

impl Keychain for Memory {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(self.0.lock().unwrap().get(account).cloned().map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        self.0.lock().unwrap().insert(account.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        self.0.lock().unwrap().remove(account);
        Ok(())
    }
}

/// A sound vault, as bytes, and where it is laid out changed.
struct Ground {
    home: Home,
    name: VaultName,
    keychain: Arc<dyn Keychain>,
    sound: Vec<u8>,
    /// Places of slots and header, and their lengths.
    heads: Vec<(usize, usize)>,
    _folder: tempfile::TempDir,
}

/// Makes the vault that all inputs change. Its key derivations are no input's time: a fuzzer that watches the clock calls
/// this first.
pub fn prepare() {
    ground();
}

fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| Ground::make().expect("a vault can be made"))
}

fn name_of(number: usize) -> Handle {
    Handle::parse(&format!("KEY_{number}")).expect("a key")
}

fn value_of(number: usize) -> String {
    format!("value {number} {}", "x".repeat(number * 150))
}

impl Ground {
    fn make() -> keyward_vault::Result<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let home = Home::open(&folder.path().join("home"))?;
        let name = VaultName::parse("default").expect("a name");
        let keychain: Arc<dyn Keychain> = Arc::new(Memory::default());
        let place = Place {
            home: &home,
            name: &name,
            keychain: &keychain,
            opening: Opening::Host,
        };
        let made = vault::create(&place, NewSlot::Keychain, NOW, &|| Duration::ZERO)?;
        let passphrase = NewSlot::Passphrase {
            passphrase: &SecretValue::from("correct horse battery staple 42"),
            kdf: Some(KdfParams::DEFAULT),
            device_secret: DeviceSecret::Without,
        };
        made.renew_way(passphrase, NOW, &|| Duration::ZERO)?;
        made.add_recovery_slot(&RecoveryKey::make().expect("random bytes"), NOW)?;
        made.write(NOW, |tx| {
            let here = here(tx)?;
            for number in 0..SECRETS {
                let new = secrets::New {
                    key: &name_of(number),
                    name: "",
                    description: "",
                    tags: &[],
                    masked: secrets::Masking::Masked,
                    environment: here,
                    value: &SecretValue::from(value_of(number)),
                    notes: "",
                    expires_at: None,
                    rotate_every: None,
                    favourite: false,
                    value_changed_at: NOW,
                };
                secrets::insert(tx, new, NOW)?;
            }
            Ok(())
        })?;
        let uuid = made.uuid();
        made.close(NOW)?;
        let sound = std::fs::read(home.vault_file(&name)).expect("the file is there");
        let heads = heads(&sound, &uuid);
        Ok(Self {
            home,
            name,
            keychain,
            sound,
            heads,
            _folder: folder,
        })
    }

    /// Puts these bytes in the place of the vault, with no log beside them.
    fn lay(&self, bytes: &[u8]) {
        let path = self.home.vault_file(&self.name);
        for suffix in ["db-wal", "db-shm", "db-journal"] {
            let _ = std::fs::remove_file(path.with_extension(suffix));
        }
        std::fs::write(&path, bytes).expect("the folder is ours");
    }

    fn place(&self) -> Place<'_> {
        Place {
            home: &self.home,
            name: &self.name,
            keychain: &self.keychain,
            opening: Opening::OneShot,
        }
    }
}

fn here(tx: &Tx<'_>) -> keyward_vault::Result<keyward_model::Id> {
    let name = EnvironmentName::parse("default").expect("a name");
    Ok(environments::find(tx, &name)?.id)
}

/// Where slots and header lie: by the words and the number that stand in them.
fn heads(file: &[u8], uuid: &[u8; 16]) -> Vec<(usize, usize)> {
    let marks: [&[u8]; 4] = [b"os-keychain", b"passphrase", b"recovery", uuid];
    let mut heads = Vec::new();
    for mark in marks {
        let found = file.windows(mark.len()).enumerate();
        for (at, _) in found.filter(|(_, window)| *window == mark) {
            let from = at.saturating_sub(28);
            heads.push((from, 220.min(file.len() - from)));
        }
    }
    assert!(heads.len() >= marks.len(), "slots and header are found");
    heads
}

/// Any bytes in any place: an input is a list of places (three bytes), lengths (one) and bytes.
pub fn vault_file(input: &[u8]) {
    let ground = ground();
    let mut bytes = ground.sound.clone();
    let mut rest = input;
    while let Some((head, tail)) = rest.split_first_chunk::<4>() {
        let at = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize % bytes.len();
        let length = usize::from(head[3]).min(tail.len()).min(bytes.len() - at);
        bytes[at..at + length].copy_from_slice(&tail[..length]);
        rest = &tail[length..];
    }
    // What is left over, fewer than four bytes, cuts the file.
    if let [a, b] = rest {
        bytes.truncate(usize::from(u16::from_be_bytes([*a, *b])) * 8);
    }
    opens_or_refuses(ground, &bytes);
}

/// Any bytes where slots and header lie: the first byte chooses which, the second where in it they begin.
pub fn vault_slots(input: &[u8]) {
    let ground = ground();
    let mut bytes = ground.sound.clone();
    if let [which, from, new @ ..] = input {
        let (at, length) = ground.heads[usize::from(*which) % ground.heads.len()];
        let from = usize::from(*from) % length;
        let length = new.len().min(length - from);
        bytes[at + from..at + from + length].copy_from_slice(&new[..length]);
    }
    opens_or_refuses(ground, &bytes);
}

/// A vault that opens holds what it held, where it says anything at all; and only the one nobody touched is sound.
fn opens_or_refuses(ground: &Ground, bytes: &[u8]) {
    ground.lay(bytes);
    // What is read without a key: header, slots, the costs of the passphrase; no KDF runs.
    let _ = vault::ways(&ground.place());
    let Ok(open) = vault::unlock(&ground.place(), Unlocking::Keychain, NOW) else {
        assert_ne!(bytes, ground.sound, "the vault as it was does not open");
        return;
    };
    let mut right = 0;
    for number in 0..SECRETS {
        if let Ok(value) = read(&open, number) {
            assert_eq!(
                value.expose_text(),
                Some(value_of(number).as_str()),
                "a wrong value was believed"
            );
            right += 1;
        }
    }
    // Free pages and bytes of SQLite's own may differ; then everything reads as before.
    if open.verify().is_ok() {
        assert_eq!(right, SECRETS, "sound, but not all of it can be read");
    }
}

fn read(open: &UnlockedVault, number: usize) -> keyward_vault::Result<SecretValue> {
    open.read(|tx| {
        let secret = secrets::find(tx, here(tx)?, &name_of(number))?;
        secrets::value(tx, &secret)
    })
}
