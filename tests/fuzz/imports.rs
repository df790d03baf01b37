//! The targets of the importers: what another program wrote, or somebody who wants to look so.

use keyward_foreign::{
    Result, Sheet, bitwarden, env, envelope, flat, kdbx, limits, onepux, own, pass, table, variables,
};
use keyward_model::{SecretValue, Timestamp};
use zeroize::Zeroizing;

/// A value of the corpora; an error that quotes it would quote any value.
const CANARY: &str = "fuzz-canary";

/// What holds for every reader, whatever it was given.
fn read(input: &[u8], reader: impl Fn(&[u8]) -> Result<Sheet>) {
    match reader(input) {
        Ok(sheet) => {
            assert!(sheet.entries.len() <= limits::ENTRIES);
            // What was read can be handed on, and is the same when it is read again.
            let heading = own::Heading {
                vault: "fuzz",
                exported_at: Timestamp(0),
            };
            let write = |sheet: &Sheet| {
                own::write(Vec::new(), heading, sheet, own::Carry::Values).expect("memory is writable")
            };
            let document = write(&sheet);
            let again = own::parse(&document).expect("our own document is read");
            assert_eq!(again.entries.len(), sheet.entries.len());
            assert_eq!(write(&again), document);
            let structure = own::write(Vec::new(), heading, &sheet, own::Carry::Structure).expect("writable");
            let structure = own::parse(&structure).expect("our own document is read");
            assert!(
                structure
                    .entries
                    .iter()
                    .all(|found| found.variables().iter().all(|one| one.value.is_none())),
                "WK3"
            );
        }
        Err(error) => {
            assert!(!error.reason.is_empty());
            assert!(
                // The place names members and entries; values are in neither.
                !error.reason.contains(CANARY),
                "R-17: an error quotes a value: {error}"
            );
            assert!(!error.place.chars().any(char::is_control), "{error:?}");
        }
    }
}

/// Lines of an env file.
pub fn import_env(input: &[u8]) {
    read(input, env::parse);
}

/// A flat JSON object.
pub fn import_json(input: &[u8]) {
    read(input, flat::parse);
}

/// A document of our own export.
pub fn import_own(input: &[u8]) {
    read(input, own::parse);
}

/// A table with any heads.
pub fn import_csv(input: &[u8]) {
    read(input, table::parse);
}

/// A JSON export of Bitwarden.
pub fn import_bitwarden(input: &[u8]) {
    read(input, bitwarden::parse);
}

/// An archive of 1Password.
pub fn import_1pux(input: &[u8]) {
    read(input, onepux::parse);
}

/// An environment of Postman.
pub fn import_postman(input: &[u8]) {
    read(input, variables::postman);
}

/// An export of Insomnia.
pub fn import_insomnia(input: &[u8]) {
    read(input, variables::insomnia);
}

/// The text of one entry of `pass`.
pub fn import_pass(input: &[u8]) {
    read(input, |input| {
        let found = pass::parse("folder/entry", Zeroizing::new(input.to_vec()))?;
        Ok(Sheet {
            entries: vec![found],
            ..Sheet::default()
        })
    });
}

/// The header and its costs: what stands before anything is derived.
pub fn import_kdbx(input: &[u8]) {
    read(input, |input| kdbx::parse(input, None));
}

/// What stands behind the decryption: who knows the passphrase can write anything there.
pub fn import_kdbx_payload(input: &[u8]) {
    read(input, kdbx::payload);
}

/// The header of an age file, and an identity that is not its own. A passphrase would cost a second each time.
pub fn import_age(input: &[u8]) {
    let key = SecretValue::from("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX");
    let is_scrypt = input.windows(10).any(|window| window == b"-> scrypt ");
    let key = (!is_scrypt).then_some(&key);
    if let Err(error) = envelope::open(input, key) {
        assert!(!error.reason.is_empty());
    }
}
