//! Files made to hurt: each is refused with its reason, at little cost.

use std::io::Write as _;

use keyward_foreign::{Fault, bitwarden, env, envelope, flat, kdbx, limits, onepux, own, table, variables};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::support::{fixture, says, secret};

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, body) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(body).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The size that the central directory and the local header claim for the one member.
fn claiming(mut zip: Vec<u8>, size: u32) -> Vec<u8> {
    let central = zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    zip[central + 24..central + 28].copy_from_slice(&size.to_le_bytes());
    zip[22..26].copy_from_slice(&size.to_le_bytes());
    zip
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_inflated() {
    let bomb = claiming(
        archive(&[("export.data", &vec![b' '; 1024 * 1024])]),
        u32::try_from(limits::UNPACKED_BYTES).unwrap() + 1,
    );
    let error = onepux::parse(&bomb).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    says(&error, &["export.data", "claims", "256 MiB"]);
}

#[test]
fn a_claim_that_is_a_lie_is_noticed_while_inflating() {
    let bomb = claiming(archive(&[("export.data", &vec![b' '; 1024 * 1024])]), 100);
    let error = onepux::parse(&bomb).unwrap_err();
    says(&error, &["export.data"]);
    // And a claim of 4 GiB for a small member is refused before a buffer is made.
    let claim = claiming(archive(&[("export.data", b"{}")]), u32::MAX - 1);
    says(&onepux::parse(&claim).unwrap_err(), &["export.data", "claims"]);
    // As is one within the bound that no archive of this size could keep: a kilobyte costs no quarter of a gigabyte.
    let claim = claiming(
        archive(&[("export.data", b"{}")]),
        u32::try_from(limits::UNPACKED_BYTES).unwrap(),
    );
    let error = onepux::parse(&claim).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    says(&error, &["export.data", "than the archive can hold"]);
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    for name in ["../../etc/passwd", "/etc/passwd", "files/../../x", "C:\\x"] {
        // A well-meaning writer would mend the name: it is put in afterwards.
        let harmless = "x".repeat(name.len());
        let mut zip = archive(&[("export.data", b"{}"), (&harmless, b"body")]);
        let places: Vec<usize> = (0..zip.len() - name.len())
            .filter(|&at| zip[at..].starts_with(harmless.as_bytes()))
            .collect();
        assert_eq!(places.len(), 2, "in front of the member and in the directory");
        for at in places {
            zip[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        says(&onepux::parse(&zip).unwrap_err(), &["leaves the archive", name]);
    }
}

#[test]
fn archives_that_are_none_are_refused() {
    says(&onepux::parse(b"").unwrap_err(), &["no zip archive"]);
    let whole = fixture("onepassword.1pux");
    says(&onepux::parse(&whole[..whole.len() / 2]).unwrap_err(), &["cut"]);
    says(
        &onepux::parse(&archive(&[("x", b"y")])).unwrap_err(),
        &["no export.data"],
    );
    says(
        &onepux::parse(&archive(&[("export.data", b"{\"accounts\": canary")])).unwrap_err(),
        &["export.data", "line 1"],
    );
}

#[test]
fn deep_json_is_refused_before_it_is_climbed() {
    let deep = [b"{\"items\":".as_slice(), &vec![b'['; 200_000]].concat();
    for (name, error) in [
        ("flat", flat::parse(&deep).unwrap_err()),
        ("own", own::parse(&deep).unwrap_err()),
        ("bitwarden", bitwarden::parse(&deep).unwrap_err()),
        ("postman", variables::postman(&deep).unwrap_err()),
        ("insomnia", variables::insomnia(&deep).unwrap_err()),
    ] {
        assert_eq!(error.fault, Fault::TooLarge, "{name}");
        says(&error, &["deeper than 64"]);
    }
    // Brackets inside a text are no depth.
    let text = format!("{{\"A\": \"{}\\\"\"}}", "[".repeat(1_000));
    assert_eq!(flat::parse(text.as_bytes()).unwrap().entries.len(), 1);
}

#[test]
fn more_entries_than_the_bound_are_refused() {
    let many = "A,1\n".repeat(limits::ENTRIES + 1);
    let error = table::parse(format!("Key,Value\n{many}").as_bytes()).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    let large = vec![b'#'; limits::SOURCE_BYTES + 1];
    assert_eq!(env::parse(&large).unwrap_err().fault, Fault::TooLarge);
}

/// The costs of the key derivation, where they stand in the header of the fixture.
fn argon2_with(memory: Option<u64>, iterations: Option<u64>) -> Vec<u8> {
    let mut bytes = fixture("argon2.kdbx");
    let mut set = |name: u8, value: Option<u64>| {
        let Some(value) = value else { return };
        // u64, a name of one byte, a value of eight.
        let entry = [5, 1, 0, 0, 0, name, 8, 0, 0, 0];
        let at = bytes.windows(10).position(|window| window == entry).unwrap() + 10;
        bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    };
    set(b'M', memory);
    set(b'I', iterations);
    bytes
}

#[test]
fn r09_costs_of_a_database_are_capped_before_they_are_spent() {
    let two_tib = argon2_with(Some(2 << 40), None);
    let error = kdbx::parse(&two_tib, Some(&secret("x"))).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    says(&error, &["2097152 MiB", "at most 1024 MiB"]);
    let endless = argon2_with(None, Some(1 << 40));
    assert_eq!(
        kdbx::parse(&endless, Some(&secret("x"))).unwrap_err().fault,
        Fault::TooLarge
    );
    let none = argon2_with(Some(0), None);
    assert_eq!(
        kdbx::parse(&none, Some(&secret("x"))).unwrap_err().fault,
        Fault::Malformed
    );
    // The cap is looked at before anybody is asked for a passphrase.
    assert_eq!(kdbx::parse(&two_tib, None).unwrap_err().fault, Fault::TooLarge);
}

#[test]
fn r09_work_of_an_age_file_is_capped() {
    let file = b"age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 30\n\
                 ikC4iQnhmzcIrfT1TWgvXNNSNJfT4BwvEg0pE9RZeNQ\n--- sNQXTNGHFfVLWWRLK/vMwRl0w9AGwcUT9n8tVYQxKDc\n0123456789abcdef";
    let error = envelope::open(file, Some(&secret("x"))).unwrap_err();
    assert!(
        matches!(error.fault, Fault::TooLarge | Fault::Malformed),
        "{error}"
    );
}

#[test]
fn a_changed_database_is_noticed_at_every_byte() {
    let whole = fixture("keepassxc.kdbx");
    // Each byte of the outer header, and a byte in each part behind it: never a panic, never an entry.
    let places = (0..300).chain((300..whole.len()).step_by(397));
    for at in places {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        // Costs may become large but stay under the cap: only what is refused before the derivation is tried here.
        if (100..120).contains(&at) {
            continue;
        }
        assert!(
            kdbx::parse(&bytes, Some(&secret("correct horse battery"))).is_err(),
            "byte {at}"
        );
    }
    for length in (0..300).step_by(7).chain([400, 1_000, whole.len() - 1]) {
        assert!(
            kdbx::parse(&whole[..length], Some(&secret("correct horse battery"))).is_err(),
            "cut at {length}"
        );
    }
}

#[test]
fn other_versions_are_explained() {
    let mut old = fixture("keepassxc.kdbx");
    old[10] = 3;
    says(&kdbx::parse(&old, None).unwrap_err(), &["KDBX 3.1", "KDBX 4"]);
    old[10] = 9;
    says(&kdbx::parse(&old, None).unwrap_err(), &["version 9"]);
    says(&kdbx::parse(b"canary", None).unwrap_err(), &["no KDBX"]);
}
