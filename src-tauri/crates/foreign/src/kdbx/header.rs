//! The outer header: which cipher, which costs. Nothing in it is believed before its MAC was checked.

use super::cost::Kdf;
use crate::error::{Error, Result};

/// The first eight bytes of every KDBX file.
const SIGNATURE: [u8; 8] = [0x03, 0xd9, 0xa2, 0x9a, 0x67, 0xfb, 0x4b, 0xb5];

/// What the outer cipher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes256,
    ChaCha20,
}

/// The outer header.
pub(super) struct Header<'a> {
    /// All its bytes, which the MAC is over.
    pub(super) bytes: &'a [u8],
    pub(super) cipher: Cipher,
    pub(super) is_compressed: bool,
    pub(super) master_seed: &'a [u8],
    pub(super) iv: &'a [u8],
    pub(super) kdf: Kdf<'a>,
}

/// Reads bytes in order; running out is an error.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(Error::malformed("it is cut")),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| Error::malformed("it is cut"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length of four bytes and as many bytes as it says, if they are there.
    pub(super) fn sized(&mut self) -> Result<&'a [u8]> {
        let length = u32::from_le_bytes(self.array()?);
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }
}

/// Reads the header; what follows it is the rest.
pub(super) fn read(bytes: &[u8]) -> Result<(Header<'_>, &[u8])> {
    let mut cursor = Cursor { rest: bytes };
    if cursor.take(8).ok() != Some(&SIGNATURE) {
        return Err(Error::malformed("it is no KDBX database"));
    }
    let _minor: [u8; 2] = cursor.array()?;
    match u16::from_le_bytes(cursor.array()?) {
        4 => {}
        3 => {
            return Err(Error::unsupported(
                "it is KDBX 3.1; in KeePassXC choose KDBX 4 under “Database, Database security, Encryption settings”, \
                 and save it",
            ));
        }
        other => {
            return Err(Error::unsupported(format!(
                "it is KDBX version {other}; version 4 is read"
            )));
        }
    }
    let (mut cipher, mut compression, mut seed, mut iv, mut kdf) = (None, None, None, None, None);
    loop {
        let [field] = cursor.array()?;
        let data = cursor.sized()?;
        match field {
            0 => break,
            2 => cipher = Some(self::cipher(data)?),
            3 => compression = Some(is_compressed(data)?),
            4 => seed = Some(data),
            7 => iv = Some(data),
            11 => kdf = Some(Kdf::read(data)?),
            _ => {}
        }
    }
    let missing = |what: &str| Error::malformed(format!("its header has no {what}"));
    let header = Header {
        bytes: &bytes[..bytes.len() - cursor.rest.len()],
        cipher: cipher.ok_or_else(|| missing("cipher"))?,
        is_compressed: compression.ok_or_else(|| missing("compression"))?,
        master_seed: seed
            .filter(|seed| seed.len() == 32)
            .ok_or_else(|| missing("seed"))?,
        iv: iv.ok_or_else(|| missing("initialization vector"))?,
        kdf: kdf.ok_or_else(|| missing("key derivation"))?,
    };
    Ok((header, cursor.rest))
}

fn cipher(id: &[u8]) -> Result<Cipher> {
    match id {
        b"\x31\xc1\xf2\xe6\xbf\x71\x43\x50\xbe\x58\x05\x21\x6a\xfc\x5a\xff" => Ok(Cipher::Aes256),
        b"\xd6\x03\x8a\x2b\x8b\x6f\x4c\xb5\xa5\x24\x33\x9a\x31\xdb\xb5\x9a" => Ok(Cipher::ChaCha20),
        _ => Err(Error::unsupported(
            "its cipher is neither AES-256 nor ChaCha20; choose one of them in KeePassXC and save it",
        )),
    }
}

fn is_compressed(data: &[u8]) -> Result<bool> {
    match data {
        [0, 0, 0, 0] => Ok(false),
        [1, 0, 0, 0] => Ok(true),
        _ => Err(Error::unsupported("its compression is unknown")),
    }
}
