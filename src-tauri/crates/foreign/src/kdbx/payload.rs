//! The payload: MAC first, then decrypted, then inflated up to a bound, then the inner header.

use std::io::Read;

use aes::{
    Aes256,
    cipher::{BlockModeDecrypt, KeyIvInit, StreamCipher, block_padding::Pkcs7},
};
use chacha20::ChaCha20;
use flate2::read::GzDecoder;
use hmac::{Hmac, KeyInit, Mac};
use keyward_model::SecretValue;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::header::{Cipher, Cursor, Header};
use crate::{
    error::{Error, Fault, Result},
    limits,
};

/// What the document needs of the inner header.
pub(super) struct Inner<'a> {
    /// Decrypts protected values, in the order of the document.
    pub(super) stream: ChaCha20,
    /// Attached files.
    pub(super) binaries: Vec<&'a [u8]>,
}

/// Checks and decrypts what follows the header.
pub(super) fn open(header: &Header<'_>, rest: &[u8], passphrase: &SecretValue) -> Result<Zeroizing<Vec<u8>>> {
    let mut cursor = Cursor { rest };
    let digest: [u8; 32] = cursor.array()?;
    if Sha256::digest(header.bytes).as_slice() != digest {
        return Err(Error::malformed("its header is damaged"));
    }
    let header_mac: [u8; 32] = cursor.array()?;
    // A passphrase alone: the composite key is the digest of the list of key digests.
    let composite: Zeroizing<[u8; 32]> =
        Zeroizing::new(Sha256::digest(Sha256::digest(passphrase.expose())).into());
    let transformed = header.kdf.transform(&composite)?;
    let keys = Keys {
        base: Zeroizing::new(sha512(&[header.master_seed, &*transformed, &[1]])),
    };
    if !keys.is_mac(u64::MAX, &[header.bytes], &header_mac) {
        return Err(Error::new(
            Fault::WrongPassphrase,
            "the passphrase is wrong, or the database needs a key file or a hardware key as well",
        ));
    }
    let mut encrypted = Vec::with_capacity(cursor.rest.len());
    for number in 0.. {
        let mac: [u8; 32] = cursor.array()?;
        let data = cursor.sized()?;
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        if !keys.is_mac(
            number,
            &[&number.to_le_bytes(), &length.to_le_bytes(), data],
            &mac,
        ) {
            return Err(Error::malformed(format!(
                "its block {} was changed or is damaged",
                number + 1
            )));
        }
        if data.is_empty() {
            break;
        }
        encrypted.extend_from_slice(data);
    }
    let mut hasher = Sha256::new();
    hasher.update(header.master_seed);
    hasher.update(*transformed);
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(hasher.finalize().into());
    let payload = decrypt(header, &key, encrypted)?;
    if header.is_compressed {
        inflate(&payload)
    } else {
        Ok(payload)
    }
}

/// Keys of the MACs of header and blocks.
struct Keys {
    base: Zeroizing<[u8; 64]>,
}

impl Keys {
    fn is_mac(&self, number: u64, parts: &[&[u8]], expected: &[u8; 32]) -> bool {
        let key = Zeroizing::new(sha512(&[&number.to_le_bytes(), &*self.base]));
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&*key) else {
            return false;
        };
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().as_slice().ct_eq(expected).into()
    }
}

fn sha512(parts: &[&[u8]]) -> [u8; 64] {
    let mut hasher = Sha512::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn decrypt(header: &Header<'_>, key: &[u8; 32], mut data: Vec<u8>) -> Result<Zeroizing<Vec<u8>>> {
    let unfit = || Error::malformed("its payload cannot be decrypted");
    match header.cipher {
        Cipher::Aes256 => {
            let iv: [u8; 16] = header.iv.try_into().map_err(|_| unfit())?;
            let length = cbc::Decryptor::<Aes256>::new(&(*key).into(), &iv.into())
                .decrypt_padded::<Pkcs7>(&mut data)
                .map_err(|_| unfit())?
                .len();
            data.truncate(length);
        }
        Cipher::ChaCha20 => {
            let iv: [u8; 12] = header.iv.try_into().map_err(|_| unfit())?;
            ChaCha20::new(&(*key).into(), &iv.into()).apply_keystream(&mut data);
        }
    }
    Ok(Zeroizing::new(data))
}

/// Inflates twice: once to count, so that a bomb costs no memory and the buffer of the values never moves.
fn inflate(packed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let bound = limits::UNPACKED_BYTES as u64;
    let damaged = |_| Error::malformed("its payload is damaged");
    let count =
        std::io::copy(&mut GzDecoder::new(packed).take(bound + 1), &mut std::io::sink()).map_err(damaged)?;
    if count > bound {
        return Err(Error::too_large("it unpacks to more than 256 MiB"));
    }
    let count = usize::try_from(count).unwrap_or(limits::UNPACKED_BYTES);
    let mut payload = Zeroizing::new(vec![0; count]);
    GzDecoder::new(packed).read_exact(&mut payload).map_err(damaged)?;
    Ok(payload)
}

/// The inner header, and the document after it.
pub(super) fn inner(payload: &[u8]) -> Result<(Inner<'_>, &str)> {
    let mut cursor = Cursor { rest: payload };
    let (mut kind, mut key, mut binaries) = (None, None, Vec::new());
    loop {
        let [field] = cursor.array()?;
        let data = cursor.sized()?;
        match field {
            0 => break,
            1 => kind = Some(data),
            2 => key = Some(data),
            // The first byte says whether it should be kept out of swap.
            3 if binaries.len() < limits::ENTRIES => binaries.push(data.get(1..).unwrap_or_default()),
            _ => {}
        }
    }
    if kind != Some(&[3, 0, 0, 0]) {
        return Err(Error::unsupported(
            "its values are protected in an old way; save it again with a current KeePassXC",
        ));
    }
    let key = key.ok_or_else(|| Error::malformed("its inner header has no key"))?;
    let okm = Zeroizing::new(sha512(&[key]));
    let (key, rest) = okm.split_first_chunk::<32>().expect("I1: 64 bytes");
    let (nonce, _) = rest.split_first_chunk::<12>().expect("I1: 32 bytes are left");
    let inner = Inner {
        stream: ChaCha20::new(&(*key).into(), &(*nonce).into()),
        binaries,
    };
    match std::str::from_utf8(cursor.rest) {
        Ok(xml) => Ok((inner, xml)),
        Err(_) => Err(Error::malformed("its document is not UTF-8")),
    }
}
