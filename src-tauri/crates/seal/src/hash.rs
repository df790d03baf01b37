//! SHA-256, HMAC-SHA256 and HKDF-SHA256 as this crate uses them: over parts, without copying.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// SHA-256 over the parts one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// HMAC-SHA256 (RFC 2104) over the parts one after another.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// HKDF-SHA256 (RFC 5869), extract and expand, with the info given in parts.
/// Longer outputs than 255 blocks are refused.
pub(crate) fn hkdf_sha256(
    salt: &[u8],
    ikm: &[u8],
    info: &[&[u8]],
    okm: &mut [u8],
) -> Result<(), hkdf::InvalidLength> {
    let (mut prk, expander) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    prk.as_mut_slice().zeroize();
    expander.expand_multi_info(info, okm)
}

/// HKDF for the fixed, short lengths of the format.
pub(crate) fn derive<const N: usize>(salt: &[u8], ikm: &[u8], info: &[&[u8]], okm: &mut [u8; N]) {
    const { assert!(N <= 255 * 32, "HKDF-SHA256 gives at most 255 blocks") };
    hkdf_sha256(salt, ikm, info, okm).expect("the length is within HKDF's limit");
}
