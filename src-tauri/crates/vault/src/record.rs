//! Rows of `rec`: sealing and opening them, bound to their place (SECURITY.md §b.4).

use keyward_seal::{Key, lp, open, pad, random_bytes, record_aad, seal, unpad};
use rusqlite::Row;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    keys::Keys,
};

/// Longest plaintext of a record, in bytes: a value of 1 MiB and what goes with it.
pub(crate) const LONGEST: usize = 1024 * 1024 + 64 * 1024;

/// The kinds of record, as column `tbl` and the AAD name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Environment,
    Secret,
    SecretVersion,
    Credential,
    CredentialVersion,
    Application,
    AuthClient,
    AuthClientVersion,
    Connection,
    ConnectionVersion,
    TokenSet,
    RefreshIntent,
    PendingRevocation,
    Settings,
}

impl Kind {
    pub(crate) const ALL: &'static [Kind] = &[
        Kind::Environment,
        Kind::Secret,
        Kind::SecretVersion,
        Kind::Credential,
        Kind::CredentialVersion,
        Kind::Application,
        Kind::AuthClient,
        Kind::AuthClientVersion,
        Kind::Connection,
        Kind::ConnectionVersion,
        Kind::TokenSet,
        Kind::RefreshIntent,
        Kind::PendingRevocation,
        Kind::Settings,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Environment => "environment",
            Kind::Secret => "secret",
            Kind::SecretVersion => "secret_version",
            Kind::Credential => "credential",
            Kind::CredentialVersion => "credential_version",
            Kind::Application => "application",
            Kind::AuthClient => "auth_client",
            Kind::AuthClientVersion => "auth_client_version",
            Kind::Connection => "connection",
            Kind::ConnectionVersion => "connection_version",
            Kind::TokenSet => "token_set",
            Kind::RefreshIntent => "refresh_intent",
            Kind::PendingRevocation => "pending_revocation",
            Kind::Settings => "settings",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::Corrupt("a record of an unknown kind".to_owned()))
    }

    /// wrap/oauth is what stays in memory while a vault is “locked, refreshing”; it wraps nothing else. The entered
    /// values of a Connection are not needed then, so they are out of its reach.
    fn wrapping_key(self, keys: &Keys) -> Result<&Key> {
        Ok(match self {
            Kind::Environment
            | Kind::Secret
            | Kind::SecretVersion
            | Kind::Credential
            | Kind::CredentialVersion
            | Kind::Settings
            | Kind::Application
            | Kind::ConnectionVersion => &keys.owner()?.wrap_main,
            Kind::AuthClient
            | Kind::AuthClientVersion
            | Kind::Connection
            | Kind::TokenSet
            | Kind::RefreshIntent
            | Kind::PendingRevocation => &keys.refreshing.wrap_oauth,
        })
    }
}

/// One row of `rec`, all of it.
pub(crate) struct Record {
    pub(crate) uuid: [u8; 16],
    pub(crate) kind: Kind,
    pub(crate) version: u64,
    pub(crate) epoch: u32,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) name_bi: [u8; 16],
}

/// The statement whose rows [`Record::from_row`] reads.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT record_uuid, tbl, version, epoch, wrapped, body, name_bi FROM rec ",
            $condition
        )
    };
}
pub(crate) use select;

impl Record {
    pub(crate) fn from_row(row: &Row<'_>) -> Result<Self> {
        let text = row
            .get_ref(1)?
            .as_str()
            .map_err(|_| Error::Corrupt("the kind of a record".to_owned()))?;
        Ok(Self {
            uuid: row.get(0)?,
            kind: Kind::parse(text)?,
            version: row.get(2)?,
            epoch: row.get(3)?,
            wrapped: row.get(4)?,
            body: row.get(5)?,
            name_bi: row.get(6)?,
        })
    }

    /// Seals `plaintext` under a record key of its own, made for this one write.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above [`LONGEST`].
    pub(crate) fn seal(
        keys: &Keys,
        uuid: [u8; 16],
        kind: Kind,
        version: u64,
        name_bi: [u8; 16],
        plaintext: &[u8],
    ) -> Result<Self> {
        if plaintext.len() > LONGEST {
            return Err(Error::TooLarge);
        }
        let dek = Key::make()?;
        let aad = |column| record_aad(&keys.uuid, keys.epoch, kind.as_str(), &uuid, version, column);
        Ok(Self {
            uuid,
            kind,
            version,
            epoch: keys.epoch,
            wrapped: seal(kind.wrapping_key(keys)?, "dek", &aad("dek"), dek.expose())?,
            body: seal(&dek, "body", &aad("body"), &pad(plaintext))?,
            name_bi,
        })
    }

    /// The plaintext. The leaf was verified before.
    pub(crate) fn open(&self, keys: &Keys) -> Result<Zeroizing<Vec<u8>>> {
        let dek = self.unwrap(keys)?;
        Ok(unpad(open(&dek, "body", &self.aad(keys, "body"), &self.body)?)?)
    }

    /// The record under the keys of another epoch: its record key wrapped anew, its body and version as they are
    /// (§b.8 “shallow”).
    pub(crate) fn rewrap(self, old: &Keys, new: &Keys, name_bi: [u8; 16]) -> Result<Self> {
        let dek = self.unwrap(old)?;
        let mut record = Self {
            epoch: new.epoch,
            name_bi,
            ..self
        };
        let key = record.kind.wrapping_key(new)?;
        record.wrapped = seal(key, "dek", &record.aad(new, "dek"), dek.expose())?;
        Ok(record)
    }

    fn unwrap(&self, keys: &Keys) -> Result<Key> {
        if self.epoch != keys.epoch {
            return Err(Error::Corrupt("a record of another epoch".to_owned()));
        }
        let key = self.kind.wrapping_key(keys)?;
        let dek = open(key, "dek", &self.aad(keys, "dek"), &self.wrapped)?;
        Ok(Key::from_slice(&dek)?)
    }

    fn aad(&self, keys: &Keys, column: &str) -> Vec<u8> {
        record_aad(
            &keys.uuid,
            self.epoch,
            self.kind.as_str(),
            &self.uuid,
            self.version,
            column,
        )
    }

    /// `SHA256(lp(tbl) || uuid || u64be(version) || u32be(epoch) || lp(name_bi) || lp(wrapped) || lp(body))`:
    /// every clear column is in it.
    pub(crate) fn leaf(&self) -> [u8; 32] {
        let mut head = Vec::with_capacity(80);
        lp(&mut head, self.kind.as_str().as_bytes());
        head.extend_from_slice(&self.uuid);
        head.extend_from_slice(&self.version.to_be_bytes());
        head.extend_from_slice(&self.epoch.to_be_bytes());
        lp(&mut head, &self.name_bi);
        let length = |bytes: &[u8]| {
            u32::try_from(bytes.len())
                .expect("a row is below 2 MiB")
                .to_be_bytes()
        };
        keyward_seal::digest(&[
            &head,
            &length(&self.wrapped),
            &self.wrapped,
            &length(&self.body),
            &self.body,
        ])
    }
}

/// A new identity: UUID v4.
pub(crate) fn new_uuid() -> Result<[u8; 16]> {
    Ok(*keyward_model::Id::from_random(random_bytes()?).as_bytes())
}
