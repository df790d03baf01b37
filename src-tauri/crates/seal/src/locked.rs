//! Memory for keys: 32-byte slots in pages that are never swapped out and never dumped.
//!
//! Pages are locked whole and locks do not nest: unlocking the page of one key would unlock its
//! neighbours. So slots are cut from aligned blocks that are locked once, kept for the life of the
//! process and used again. Locking fails soft (limits differ per system); the key says which it got.

use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroize;

/// One block, aligned to the largest page in common use, so that it shares a page with nothing else.
/// 16 KiB stays within the smallest usual locking limit (64 KiB) and holds 512 keys.
#[repr(C, align(16384))]
struct Block([[u8; 32]; 512]);

/// One 32-byte place. It is all zero while it is free.
pub(crate) struct Slot {
    /// `None` only while the slot is being dropped.
    bytes: Option<&'static mut [u8; 32]>,
    locked: bool,
}

/// A free place, with whether its block is locked.
type Free = (&'static mut [u8; 32], bool);

static FREE: Mutex<Vec<Free>> = Mutex::new(Vec::new());

fn free_list() -> MutexGuard<'static, Vec<Free>> {
    // A panic elsewhere leaves the list whole: each push and pop is one step.
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// Takes a free slot, making a new block when there is none.
    pub(crate) fn take() -> Self {
        let mut free = free_list();
        if free.is_empty() {
            let block: &'static mut Block = Box::leak(Box::new(Block([[0; 32]; 512])));
            let locked = lock(block);
            free.extend(block.0.iter_mut().map(|bytes| (bytes, locked)));
        }
        let (bytes, locked) = free.pop().expect("a block was added when the list was empty");
        Self {
            bytes: Some(bytes),
            locked,
        }
    }

    /// The bytes of this slot.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.bytes.as_ref().expect("held until the slot is dropped")
    }

    /// The bytes of this slot, to be filled in place.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        self.bytes.as_mut().expect("held until the slot is dropped")
    }

    /// Whether the operating system keeps this slot out of swap.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(bytes) = self.bytes.take() {
            bytes.zeroize();
            free_list().push((bytes, self.locked));
        }
    }
}

/// Locks a block for good and keeps it out of core dumps.
fn lock(block: &Block) -> bool {
    if cfg!(miri) {
        return false; // the interpreter has no pages to lock
    }
    let start = block.0.as_ptr();
    keep_out_of_dumps(start.cast());
    match region::lock(start, size_of::<Block>()) {
        Ok(guard) => {
            // The block is never freed, so the lock is never given back.
            std::mem::forget(guard);
            true
        }
        Err(_) => false,
    }
}

/// Best effort: the process also forbids core dumps as a whole.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "madvise on our own leaked block; DONTDUMP changes no content"
)]
fn keep_out_of_dumps(start: *const u8) {
    use rustix::mm::{Advice, madvise};
    let start = start.cast_mut().cast();
    // SAFETY: the range is one live block of ours, aligned to whole pages, and this advice
    // affects core dumps only.
    let _ = unsafe { madvise(start, size_of::<Block>(), Advice::LinuxDontDump) };
}

#[cfg(not(target_os = "linux"))]
fn keep_out_of_dumps(_start: *const u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// b.9.3: a dropped slot is zero when it is free again, and it is used again.
    #[test]
    fn t16_slots_are_wiped_and_reused() {
        let mut slots: Vec<Slot> = (0..600).map(|_| Slot::take()).collect();
        for slot in &mut slots {
            assert_eq!(slot.bytes(), &[0; 32]);
            slot.bytes_mut().fill(0xA5);
        }
        drop(slots);
        let free = free_list();
        assert!(free.len() >= 600);
        assert!(free.iter().all(|(bytes, _)| **bytes != [0xA5; 32]));
    }

    /// T-16: where locking is said to work, the kernel counts the pages as locked.
    #[cfg(target_os = "linux")]
    #[test]
    #[cfg_attr(miri, ignore = "no kernel, no locked pages: Miri's mlock locks nothing")]
    fn t16_lock_is_real() {
        let slot = Slot::take();
        let status = std::fs::read_to_string("/proc/self/status").expect("proc");
        let kib = |name: &str| -> u64 {
            let line = status.lines().find(|l| l.starts_with(name)).expect("line");
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            digits.parse().expect("number")
        };
        assert_eq!(slot.is_locked(), kib("VmLck:") >= 16);
    }
}
