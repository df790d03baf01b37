//! The key derivation that a file names, and what it may cost: a file can ask for 2 TiB (SECURITY.md §b.1).

use aes::{
    Aes256,
    cipher::{Array, BlockCipherEncrypt, KeyInit, consts::U16},
};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::header::Cursor;
use crate::error::{Error, Result};

/// Most memory, as for our own vaults (SECURITY.md §b.7).
pub const MEMORY_CAP_KIB: u64 = 1024 * 1024;

/// Memory times passes, in KiB: about half a minute.
const WORK_CAP_KIB: u64 = 32 * 1024 * 1024;

/// Most rounds of the older AES transformation: about half a minute.
const ROUNDS_CAP: u64 = 500_000_000;

/// Most lanes.
const LANES_CAP: u32 = 64;

/// A key derivation with its costs, as the file names them.
pub(super) enum Kdf<'a> {
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        salt: &'a [u8],
        memory_kib: u64,
        iterations: u64,
        lanes: u32,
    },
    Aes {
        seed: [u8; 32],
        rounds: u64,
    },
}

impl<'a> Kdf<'a> {
    /// Reads the VariantDictionary of the header.
    pub(super) fn read(data: &'a [u8]) -> Result<Self> {
        let values = dictionary(data)?;
        let find = |name: &[u8]| {
            values
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
                .ok_or_else(|| Error::malformed("its key derivation lacks a parameter"))
        };
        match find(b"$UUID")? {
            b"\xef\x63\x6d\xdf\x8c\x29\x44\x4b\x91\xf7\xa9\xa4\x03\xe3\x0a\x0c" => {
                Self::argon2(Algorithm::Argon2d, find)
            }
            b"\x9e\x29\x8b\x19\x56\xdb\x47\x73\xb2\x3d\xfc\x3e\xc6\xf0\xa1\xe6" => {
                Self::argon2(Algorithm::Argon2id, find)
            }
            b"\xc9\xd9\xf3\x9a\x62\x8a\x44\x60\xbf\x74\x0d\x08\xc1\x8a\x4f\xea"
            | b"\x7c\x02\xbb\x82\x79\xa7\x4a\xc0\x92\x7d\x11\x4a\x00\x64\x82\x38" => Ok(Self::Aes {
                seed: find(b"S")?
                    .try_into()
                    .map_err(|_| Error::malformed("its key derivation has a wrong seed"))?,
                rounds: unsigned(find(b"R")?)?,
            }),
            _ => Err(Error::unsupported(
                "its key derivation is unknown; choose Argon2 and save it",
            )),
        }
    }

    fn argon2(algorithm: Algorithm, find: impl Fn(&[u8]) -> Result<&'a [u8]>) -> Result<Self> {
        let version = match unsigned(find(b"V")?)? {
            0x10 => Version::V0x10,
            0x13 => Version::V0x13,
            _ => return Err(Error::unsupported("its version of Argon2 is unknown")),
        };
        Ok(Self::Argon2 {
            algorithm,
            version,
            salt: find(b"S")?,
            memory_kib: unsigned(find(b"M")?)? / 1024,
            iterations: unsigned(find(b"I")?)?,
            lanes: u32::try_from(unsigned(find(b"P")?)?).unwrap_or(u32::MAX),
        })
    }

    /// Refuses costs over their caps, before anything of them is spent.
    pub(super) fn check(&self) -> Result<()> {
        let refused = |what: String| Err(Error::too_large(format!("opening it would take {what}")));
        match *self {
            Self::Argon2 {
                memory_kib,
                iterations,
                lanes,
                salt,
                ..
            } => {
                if memory_kib > MEMORY_CAP_KIB {
                    return refused(format!(
                        "{} MiB of memory; at most 1024 MiB are used",
                        memory_kib / 1024
                    ));
                }
                if lanes > LANES_CAP || memory_kib.saturating_mul(iterations) > WORK_CAP_KIB {
                    return refused(format!(
                        "{iterations} passes over {} MiB; that is more than half a minute",
                        memory_kib / 1024
                    ));
                }
                let is_sound = memory_kib >= 8 * u64::from(lanes.max(1))
                    && iterations >= 1
                    && lanes >= 1
                    && (8..=64).contains(&salt.len());
                if is_sound {
                    Ok(())
                } else {
                    Err(Error::malformed(
                        "its key derivation has costs that Argon2 does not allow",
                    ))
                }
            }
            Self::Aes { rounds, .. } if rounds > ROUNDS_CAP => {
                refused(format!("{rounds} rounds of AES; that is more than half a minute"))
            }
            Self::Aes { .. } => Ok(()),
        }
    }

    /// The transformed key. The costs were checked.
    pub(super) fn transform(&self, composite: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        match self {
            Self::Argon2 {
                algorithm,
                version,
                salt,
                memory_kib,
                iterations,
                lanes,
            } => {
                let unfit = || Error::malformed("its key derivation has costs that Argon2 does not allow");
                let params = Params::new(
                    u32::try_from(*memory_kib).map_err(|_| unfit())?,
                    u32::try_from(*iterations).map_err(|_| unfit())?,
                    *lanes,
                    Some(32),
                )
                .map_err(|_| unfit())?;
                Argon2::new(*algorithm, *version, params)
                    .hash_password_into(composite, salt, &mut *key)
                    .map_err(|_| unfit())?;
            }
            Self::Aes { seed, rounds } => {
                let cipher = Aes256::new(&(*seed).into());
                let (first, second) = composite.split_at(16);
                let mut blocks: [Array<u8, U16>; 2] = Default::default();
                blocks[0].copy_from_slice(first);
                blocks[1].copy_from_slice(second);
                for _ in 0..*rounds {
                    cipher.encrypt_blocks(&mut blocks);
                }
                let mut digest = Sha256::new();
                digest.update(blocks[0]);
                digest.update(blocks[1]);
                key.copy_from_slice(&digest.finalize());
                for block in &mut blocks {
                    block.zeroize();
                }
            }
        }
        Ok(key)
    }
}

/// Names and values of a VariantDictionary, version 1.x.
fn dictionary(data: &[u8]) -> Result<Vec<(&[u8], &[u8])>> {
    let mut cursor = Cursor { rest: data };
    let [_minor, major] = cursor.array()?;
    if major != 1 {
        return Err(Error::unsupported("its key derivation is written in a newer way"));
    }
    let mut values = Vec::new();
    loop {
        let [kind] = cursor.array()?;
        if kind == 0 {
            return Ok(values);
        }
        values.push((cursor.sized()?, cursor.sized()?));
    }
}

/// A number of four or eight bytes.
fn unsigned(value: &[u8]) -> Result<u64> {
    match value.len() {
        4 => Ok(u32::from_le_bytes(value.try_into().unwrap_or_default()).into()),
        8 => Ok(u64::from_le_bytes(value.try_into().unwrap_or_default())),
        _ => Err(Error::malformed(
            "its key derivation has a parameter of a wrong size",
        )),
    }
}
