//! The one row of `header` and the MAC over it and all slots (SECURITY.md §b.2, §b.4, §b.5).

use keyward_seal::{equal, lp, mac};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    error::{Error, Result},
    keys::Keys,
    schema,
    slot::{self, Slot},
    tx::WriteTx,
};

/// The oldest reader that understands what this version writes, and the newest number it understands.
pub(crate) const READER: u16 = 1;

/// No features: an empty CBOR array.
const NO_FEATURES: &[u8] = &[0x80];

/// What is told about a vault before any key is at hand. Believed only after [`Header::check`].
pub(crate) struct Header {
    pub(crate) vault_uuid: [u8; 16],
    pub(crate) epoch: u32,
    min_reader: u16,
    features_critical: Vec<u8>,
    features_compat: Vec<u8>,
    pub(crate) mac: [u8; 32],
}

impl Header {
    /// The header of a new vault, without its MAC.
    pub(crate) fn new(vault_uuid: [u8; 16], epoch: u32) -> Self {
        Self {
            vault_uuid,
            epoch,
            min_reader: READER,
            features_critical: NO_FEATURES.to_vec(),
            features_compat: NO_FEATURES.to_vec(),
            mac: [0; 32],
        }
    }

    /// Reads the row.
    ///
    /// # Errors
    /// [`Error::TooNew`] when this version must not read the vault.
    pub(crate) fn read(db: &Connection) -> Result<Self> {
        let mut statement = db.prepare_cached(
            "SELECT vault_uuid, epoch, min_reader, features_critical, features_compat, mac FROM header WHERE id = 1",
        )?;
        let row = statement
            .query_row([], |row| {
                Ok(Self {
                    vault_uuid: row.get(0)?,
                    epoch: row.get(1)?,
                    min_reader: row.get(2)?,
                    features_critical: row.get(3)?,
                    features_compat: row.get(4)?,
                    mac: row.get(5)?,
                })
            })
            .optional()?;
        let header = row.ok_or_else(|| Error::Corrupt("the header is missing".to_owned()))?;
        // Told before the MAC is checked, as an older version cannot know how a newer one computes it.
        if header.min_reader > READER {
            return Err(Error::TooNew(format!(
                "this vault, which needs a reader of number {} (this program is {READER}),",
                header.min_reader
            )));
        }
        if header.features_critical != NO_FEATURES {
            return Err(Error::TooNew(
                "this vault, which needs a feature that this program does not know,".to_owned(),
            ));
        }
        Ok(header)
    }

    /// Writes the first row, or puts a new MAC into it.
    pub(crate) fn write(&self, db: &Connection) -> Result<()> {
        db.prepare_cached(
            "INSERT OR REPLACE INTO header(id, vault_uuid, epoch, min_reader, features_critical, features_compat, mac)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            self.vault_uuid,
            self.epoch,
            self.min_reader,
            &self.features_critical,
            &self.features_compat,
            self.mac,
        ))?;
        Ok(())
    }

    /// Puts the MAC of header, version and slots as they are now into header and root.
    pub(crate) fn renew(tx: &mut WriteTx<'_>) -> Result<()> {
        let mut header = Self::read(tx.db)?;
        header.mac = header.expected_mac(schema::user_version(tx.db)?, &slot::read_all(tx.db)?, tx.keys)?;
        header.write(tx.db)?;
        tx.manifest.borrow_mut().header_mac = header.mac;
        tx.touch();
        Ok(())
    }

    /// `HMAC(K_header, canonical(header) || canonical(slots))`.
    pub(crate) fn expected_mac(&self, user_version: u32, slots: &[Slot], keys: &Keys) -> Result<[u8; 32]> {
        let mut bytes = Vec::with_capacity(512);
        lp(&mut bytes, &self.vault_uuid);
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&user_version.to_be_bytes());
        bytes.extend_from_slice(&self.min_reader.to_be_bytes());
        lp(&mut bytes, &self.features_critical);
        lp(&mut bytes, &self.features_compat);
        slot::canonical(slots, &mut bytes);
        Ok(mac(&keys.owner()?.header, &[&bytes]))
    }

    /// Whether header and slots are as we wrote them.
    ///
    /// # Errors
    /// [`Error::Locked`] when the vault was given new keys since ours were derived (§b.8: never told as
    /// forged), [`Error::Corrupt`] when the MAC does not fit (T-05).
    pub(crate) fn check(db: &Connection, keys: &Keys) -> Result<Self> {
        let header = Self::read(db)?;
        if header.vault_uuid != keys.uuid {
            return Err(Error::Corrupt("the header names another vault".to_owned()));
        }
        if header.epoch != keys.epoch {
            return Err(Error::Locked);
        }
        if keys.is_narrowed() {
            // “Locked, refreshing”: the MAC stands as the root binds it, and is checked at the next unlock (§b.2).
            return Ok(header);
        }
        let expected = header.expected_mac(schema::user_version(db)?, &slot::read_all(db)?, keys)?;
        if !equal(&expected, &header.mac) {
            return Err(Error::Corrupt("the header or a key slot was changed".to_owned()));
        }
        Ok(header)
    }
}
