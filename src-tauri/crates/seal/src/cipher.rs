//! `seal` and `open`, the only AEAD entry points (b.3), with framing and padding of what they take.
//!
//! ```text
//! okm  = HKDF-SHA256(salt = s, K, "keyward/v1/seal" || lp(ctx) || SHA256(aad), 76)
//! blob = 0x01 || s(32) || commit(32) || AES-256-GCM(key, nonce, aad = lp(ctx) || aad, pt)
//! ```
//! Each message has its own AES key, so the 2^32 bound of random 96-bit nonces never applies. The
//! commitment gives what GCM lacks: a blob opens under one key only.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Error, hash, key::Key, wipe};

/// The only version of a blob there is.
const VERSION: u8 = 1;
const SALT: usize = 32;
const COMMIT: usize = 32;
const TAG: usize = 16;
const HEAD: usize = 1 + SALT + COMMIT;

/// How many bytes a blob is longer than its plaintext.
pub const OVERHEAD: usize = HEAD + TAG;

/// Seals `plaintext` under `key`, bound to the purpose `ctx` and to `aad`. The blob is 81 bytes
/// longer. Sealing the same twice gives different blobs.
///
/// # Errors
/// [`Error::Random`] when the random source fails, [`Error::TooLong`] for inputs of 4 GiB and more.
pub fn seal(key: &Key, ctx: &str, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let blob = seal_with_salt(key, ctx, aad, plaintext, &wipe::random_bytes()?);
    wipe::clear_stack::<{ wipe::SHALLOW }>();
    blob
}

/// Opens what [`seal`] made with the same key, `ctx` and `aad`.
///
/// # Errors
/// [`Error::Open`] for whatever reason: the cause is no one's business who may have made the blob.
pub fn open(key: &Key, ctx: &str, aad: &[u8], blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let plaintext = open_inner(key, ctx, aad, blob);
    wipe::clear_stack::<{ wipe::SHALLOW }>();
    plaintext.ok_or(Error::Open)
}

/// [`seal`] with a given salt: apart from `seal` itself only the reference vectors call it, for a
/// salt used twice would be a key used twice.
#[inline(never)]
pub(crate) fn seal_with_salt(
    key: &Key,
    ctx: &str,
    aad: &[u8],
    plaintext: &[u8],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, Error> {
    if [ctx.len(), aad.len(), plaintext.len()]
        .iter()
        .any(|n| u32::try_from(*n).is_err())
    {
        return Err(Error::TooLong);
    }
    let message = MessageKeys::derive(key, ctx, aad, salt);
    let ciphertext =
        gcm_seal(message.key(), message.nonce(), &message.aad, plaintext).ok_or(Error::TooLong)?;
    let mut blob = Vec::with_capacity(HEAD + ciphertext.len());
    blob.push(VERSION);
    blob.extend_from_slice(salt);
    blob.extend_from_slice(message.commit());
    blob.extend_from_slice(&ciphertext);
    Ok(blob)
}

#[inline(never)]
fn open_inner(key: &Key, ctx: &str, aad: &[u8], blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    if u32::try_from(ctx.len()).is_err() {
        return None;
    }
    // A blob that is too short lacks one of these, or the tag, which GCM looks for itself.
    let (version, rest) = blob.split_first()?;
    let (salt, rest) = rest.split_first_chunk::<SALT>()?;
    let (commit, ciphertext) = rest.split_first_chunk::<COMMIT>()?;
    if *version != VERSION {
        return None;
    }
    let message = MessageKeys::derive(key, ctx, aad, salt);
    // The commitment comes first: only the key that sealed the blob ever reaches GCM.
    if !bool::from(message.commit().ct_eq(commit)) {
        return None;
    }
    gcm_open(message.key(), message.nonce(), &message.aad, ciphertext)
}

/// What one message is sealed with.
struct MessageKeys {
    okm: Box<Zeroizing<[u8; 76]>>,
    /// `lp(ctx) || aad`
    aad: Vec<u8>,
}

impl MessageKeys {
    fn derive(key: &Key, ctx: &str, aad: &[u8], salt: &[u8; SALT]) -> Self {
        let mut okm = Box::new(Zeroizing::new([0; 76]));
        let ctx = ctx.as_bytes();
        let info: [&[u8]; 4] = [b"keyward/v1/seal", &length(ctx), ctx, &hash::sha256(&[aad])];
        hash::derive(salt, key.expose(), &info, &mut okm);
        let mut bound = Vec::with_capacity(4 + ctx.len() + aad.len());
        lp(&mut bound, ctx);
        bound.extend_from_slice(aad);
        Self { okm, aad: bound }
    }

    fn key(&self) -> &[u8; 32] {
        self.okm[..32].first_chunk().expect("76 bytes hold a key")
    }

    fn commit(&self) -> &[u8; COMMIT] {
        self.okm[32..64]
            .first_chunk()
            .expect("76 bytes hold a commitment")
    }

    fn nonce(&self) -> &[u8; 12] {
        self.okm[64..].first_chunk().expect("76 bytes hold a nonce")
    }
}

/// AES-256-GCM: ciphertext and tag; `None` when the plaintext exceeds GCM's limit.
pub(crate) fn gcm_seal(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new(key.into());
    cipher.encrypt(nonce.into(), Payload { msg, aad }).ok()
}

/// AES-256-GCM: the plaintext; `None` unless the tag is right. The allocating call: nothing of an
/// unverified plaintext ever exists in a buffer of ours (RUSTSEC-2023-0096).
pub(crate) fn gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    aad: &[u8],
    msg: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = Aes256Gcm::new(key.into());
    cipher
        .decrypt(nonce.into(), Payload { msg, aad })
        .ok()
        .map(Zeroizing::new)
}

/// Appends `u32be(len x) || x`, so that fields one after another cannot be read another way.
///
/// # Panics
/// When `x` is 4 GiB long or longer; every limit of the format is far below.
pub fn lp(out: &mut Vec<u8>, x: &[u8]) {
    out.extend_from_slice(&length(x));
    out.extend_from_slice(x);
}

/// The prefix that [`lp`] puts before `x`.
pub(crate) fn length(x: &[u8]) -> [u8; 4] {
    u32::try_from(x.len())
        .expect("a field is shorter than 4 GiB")
        .to_be_bytes()
}

/// The place a ciphertext of a record is bound to: `lp("keyward.v1") lp(vault_uuid) u32be(E)
/// lp(table) lp(record) u64be(version) lp(column)`. E is the epoch, and 0 for column `body`,
/// whatever `epoch` says: a body is bound to its record key, which is bound to the epoch.
///
/// # Panics
/// When a name is 4 GiB long or longer.
pub fn record_aad(
    vault_uuid: &[u8; 16],
    epoch: u32,
    table: &str,
    record: &[u8; 16],
    version: u64,
    column: &str,
) -> Vec<u8> {
    let epoch = if column == "body" { 0 } else { epoch };
    let mut out = Vec::with_capacity(78 + table.len() + column.len());
    lp(&mut out, b"keyward.v1");
    lp(&mut out, vault_uuid);
    out.extend_from_slice(&epoch.to_be_bytes());
    lp(&mut out, table.as_bytes());
    lp(&mut out, record);
    out.extend_from_slice(&version.to_be_bytes());
    lp(&mut out, column.as_bytes());
    out
}

/// Pads the plaintext of a record so that its size tells little (R-02): `0x80` and zeros up to a
/// multiple of 256 bytes, above 4 096 bytes of 1 024.
pub fn pad(plaintext: &[u8]) -> Zeroizing<Vec<u8>> {
    let step = if plaintext.len() < 4096 { 256 } else { 1024 };
    pad_to(plaintext, step)
}

/// Pads with `0x80` and zeros up to a multiple of `step` bytes; audit rows use 128. A step of 0
/// counts as 1.
pub fn pad_to(plaintext: &[u8], step: usize) -> Zeroizing<Vec<u8>> {
    let size = (plaintext.len() + 1).next_multiple_of(step.max(1));
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    out.extend_from_slice(plaintext);
    out.push(0x80);
    out.resize(size, 0);
    out
}

/// Takes off what [`pad`] or [`pad_to`] put on: the zeros and exactly one `0x80`.
///
/// # Errors
/// [`Error::Padding`] for anything else.
pub fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let last = padded.iter().rposition(|byte| *byte != 0);
    match last {
        Some(at) if padded[at] == 0x80 => {
            padded.truncate(at);
            Ok(padded)
        }
        _ => Err(Error::Padding),
    }
}
