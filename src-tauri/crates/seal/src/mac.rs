//! MACs, digests and the blind indexes by which records are found without opening them (b.4).

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{cipher::length, hash, key::Key};

/// HMAC-SHA256 over the parts one after another. Parts are not framed: callers keep their lengths
/// fixed or frame them with [`crate::lp`].
pub fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    hash::hmac_sha256(key.expose(), parts)
}

/// SHA-256 over the parts one after another, unframed as in [`mac`].
pub fn digest(parts: &[&[u8]]) -> [u8; 32] {
    hash::sha256(parts)
}

/// Compares in a time that depends on the lengths only. Different lengths are unequal.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// The blind index of a name: `HMAC(K_index, "name\0" || lp(scope) || environment || lp(handle))`,
/// the first 16 bytes, with the handle in ASCII lower case. `environment` is the environment's
/// record uuid, or zeros for vault scope.
///
/// # Panics
/// When scope or handle is 4 GiB long or longer.
pub fn name_index(index: &Key, scope: &str, environment: &[u8; 16], handle: &str) -> [u8; 16] {
    let handle = Zeroizing::new(handle.to_ascii_lowercase());
    short(mac(
        index,
        &[
            b"name\0",
            &length(scope.as_bytes()),
            scope.as_bytes(),
            environment,
            &length(handle.as_bytes()),
            handle.as_bytes(),
        ],
    ))
}

/// The blind index of a record in the trash: `HMAC(K_index, "trash\0" || uuid)[..16]`.
pub fn trash_index(index: &Key, record: &[u8; 16]) -> [u8; 16] {
    short(mac(index, &[b"trash\0", record]))
}

/// The blind index of a version: `HMAC(K_index, "version\0" || parent uuid || u32be(number))[..16]`.
pub fn version_index(index: &Key, parent: &[u8; 16], number: u32) -> [u8; 16] {
    short(mac(index, &[b"version\0", parent, &number.to_be_bytes()]))
}

fn short(mac: [u8; 32]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&mac[..16]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_compares_content_and_length() {
        assert!(equal(b"", b""));
        assert!(equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abd"));
        assert!(!equal(b"abc", b"ab"));
    }

    /// b.4: a handle is found in any case; scope and environment are part of the name.
    #[test]
    fn names_fold_ascii_case_only() {
        let key = Key::from_bytes(&[7; 32]);
        let name = |scope, env, handle| name_index(&key, scope, &[env; 16], handle);
        let token = name("item", 1, "API_TOKEN");
        assert_eq!(token, name("item", 1, "api_Token"));
        assert_ne!(token, name("item", 2, "API_TOKEN"));
        assert_ne!(token, name("environment", 1, "API_TOKEN"));
        assert_ne!(name("item", 1, "Ä"), name("item", 1, "ä"));
        // Framing: what moves from scope to handle makes another name.
        assert_ne!(name("a", 0, "bc"), name("ab", 0, "c"));
    }

    #[test]
    fn indexes_of_one_record_differ() {
        let key = Key::from_bytes(&[7; 32]);
        let uuid = [9; 16];
        assert_ne!(trash_index(&key, &uuid), version_index(&key, &uuid, 1));
        assert_ne!(version_index(&key, &uuid, 1), version_index(&key, &uuid, 2));
    }
}
