//! What can go wrong, named for what the caller can do about it. No variant carries data.

/// An error of this crate. It never holds key material, plaintext or ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system gave no random bytes. Nothing was made.
    #[error("the operating system's random source failed")]
    Random,
    /// The bytes could not be opened: wrong key, wrong place, changed or cut. The cause is not told.
    #[error("the sealed bytes could not be opened")]
    Open,
    /// Opened bytes whose padding is not zeros after exactly one `0x80`: the record is corrupt.
    #[error("the padding of the opened bytes is wrong")]
    Padding,
    /// The input is longer than the algorithm or the format can take.
    #[error("the input is too long to be sealed")]
    TooLong,
    /// Bytes meant as a key are not 32 bytes long.
    #[error("a key must be 32 bytes long")]
    KeyLength,
    /// Argon2id parameters below the floor: a weakened or foreign vault (T-05).
    #[error("the passphrase settings are weaker than allowed: weakened or foreign vault")]
    KdfTooWeak,
    /// Argon2id parameters above the cap: running them would exhaust this machine (T-05).
    #[error("the passphrase settings cost more than allowed")]
    KdfTooCostly,
    /// The memory that Argon2id needs could not be had; closing other programs may help.
    #[error("not enough memory to check the passphrase")]
    Memory,
    /// The passphrase is not UTF-8 text.
    #[error("the passphrase is not UTF-8 text")]
    PassphraseText,
    /// Not 32 characters of the recovery alphabet: something is missing, extra or impossible.
    #[error("a recovery key has 8 groups of 4 letters and digits")]
    RecoveryForm,
    /// A recovery key of the right form whose checksum does not fit: a typing error.
    #[error("the recovery key has a typing error")]
    RecoveryChecksum,
}
