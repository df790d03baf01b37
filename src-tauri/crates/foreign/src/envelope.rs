//! The age file around our export (C2SP age v1): for a passphrase by scrypt, or for X25519 recipients.

use std::io::{self, Read, Write};

use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, scrypt, secrecy::SecretString, x25519};
use keyward_model::SecretValue;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Fault, Result, shown},
    limits,
};

/// 2^18: what Debian's `age -p` uses, about a second and 256 MiB.
const WORK: u8 = 18;

/// Highest scrypt work of a file that is opened, 2^20: 1 GiB (the cap of §b.7), checked before it runs.
const WORK_CAP: u8 = 20;

/// Who can open it.
pub enum For<'a> {
    /// Whoever has the passphrase.
    Passphrase(&'a SecretValue),
    /// Whoever has the identity of one of these `age1…` recipients.
    Recipients(&'a [String]),
}

/// Encrypts what `write` writes, as it is written, and gives `out` back.
///
/// # Errors
/// [`Fault::Malformed`] for a recipient or passphrase that is none; what `out` says.
pub fn seal<W: Write>(
    out: W,
    whom: &For<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<io::Result<W>> {
    let encryptor = match whom {
        For::Passphrase(passphrase) => {
            let mut recipient = scrypt::Recipient::new(text(passphrase)?);
            recipient.set_work_factor(WORK);
            Encryptor::with_recipients(std::iter::once(&recipient as &dyn Recipient))
        }
        For::Recipients(recipients) => {
            let recipients = recipients
                .iter()
                .map(|recipient| self::recipient(recipient))
                .collect::<Result<Vec<_>>>()?;
            Encryptor::with_recipients(recipients.iter().map(|one| one as &dyn Recipient))
        }
    }
    .map_err(|_| Error::malformed("name at least one recipient"))?;
    Ok((|| {
        let mut stream = encryptor.wrap_output(out)?;
        write(&mut stream)?;
        stream.finish()
    })())
}

/// Reads a recipient.
///
/// # Errors
/// [`Fault::Malformed`] when it is no `age1…` of X25519.
pub fn recipient(text: &str) -> Result<x25519::Recipient> {
    text.trim().parse().map_err(|_| {
        Error::malformed("it is no age recipient; one begins with age1").at(format!("“{}”", shown(text)))
    })
}

/// Decrypts a file with its passphrase, or with the `AGE-SECRET-KEY-1…` identity of a recipient.
///
/// # Errors
/// [`Fault::NeedsPassphrase`], [`Fault::WrongPassphrase`], [`Fault::Malformed`], [`Fault::TooLarge`].
pub fn open(bytes: &[u8], key: Option<&SecretValue>) -> Result<Zeroizing<Vec<u8>>> {
    limits::source(bytes)?;
    let decryptor = Decryptor::new_buffered(bytes).map_err(|error| match error {
        DecryptError::UnknownFormat => Error::unsupported("it was made by a newer version of age"),
        _ => Error::malformed("it is no age file, or it is damaged"),
    })?;
    let Some(key) = key else {
        return Err(Error::new(
            Fault::NeedsPassphrase,
            if decryptor.is_scrypt() {
                "it is sealed with a passphrase"
            } else {
                "it is sealed for a recipient; give the identity (AGE-SECRET-KEY-1…) as the passphrase"
            },
        ));
    };
    let identity: Box<dyn Identity> = if decryptor.is_scrypt() {
        let mut identity = scrypt::Identity::new(text(key)?);
        identity.set_max_work_factor(WORK_CAP);
        Box::new(identity)
    } else {
        let identity: x25519::Identity = key
            .expose_text()
            .map(str::trim)
            .and_then(|key| key.parse().ok())
            .ok_or_else(|| {
                Error::new(
                    Fault::WrongPassphrase,
                    "it is sealed for a recipient, and what was given is no identity (AGE-SECRET-KEY-1…)",
                )
            })?;
        Box::new(identity)
    };
    let mut stream = decryptor
        .decrypt(std::iter::once(&*identity))
        .map_err(|error| match error {
            DecryptError::ExcessiveWork { required, .. } => Error::too_large(format!(
                "opening it would take 2^{required} steps of scrypt; at most 2^{WORK_CAP} are done"
            )),
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys
            | DecryptError::InvalidMac => Error::new(
                Fault::WrongPassphrase,
                "the passphrase or identity is not the one",
            ),
            _ => Error::malformed("it is damaged"),
        })?;
    // An age file never unpacks to more than it has bytes: one buffer, which never moves.
    let mut plaintext = Zeroizing::new(vec![0; bytes.len()]);
    let mut filled = 0;
    loop {
        match stream.read(&mut plaintext[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Error::malformed("it is cut or damaged")),
        }
    }
    plaintext.truncate(filled);
    Ok(plaintext)
}

fn text(passphrase: &SecretValue) -> Result<SecretString> {
    match passphrase.expose_text() {
        Some(text) if !text.is_empty() => Ok(SecretString::from(text.to_owned())),
        _ => Err(Error::malformed("a passphrase must be text, and not empty")),
    }
}
