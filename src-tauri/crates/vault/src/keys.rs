//! The keys of an unlocked vault, with the two facts that they were derived from.

use keyward_seal::{Key, KeyRing, MasterKey, derive_keys};

/// Everything that sealing and opening needs. Wiped when dropped.
pub(crate) struct Keys {
    pub(crate) uuid: [u8; 16],
    pub(crate) epoch: u32,
    pub(crate) ring: KeyRing,
    /// Kept for adding slots.
    pub(crate) master: MasterKey,
}

impl Keys {
    pub(crate) fn derive(master: MasterKey, uuid: [u8; 16], epoch: u32) -> Self {
        Self {
            uuid,
            epoch,
            ring: derive_keys(&master, &uuid, epoch),
            master,
        }
    }

    /// Whether the operating system keeps every one of them out of swap.
    pub(crate) fn locked_in_memory(&self) -> bool {
        let KeyRing {
            wrap_main,
            wrap_oauth,
            header,
            index,
            manifest,
            audit,
            audit_enc,
        } = &self.ring;
        self.master.is_locked()
            && [wrap_main, wrap_oauth, header, index, manifest, audit, audit_enc]
                .into_iter()
                .all(Key::is_locked)
    }
}
