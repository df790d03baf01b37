//! What a guess at the passphrase costs: measuring it on this machine, and making it cost more (SECURITY.md §b.7).

use std::time::Duration;

use keyward_model::SecretValue;
use keyward_vault::{KdfParams, UnlockedVault};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    passphrase,
};

/// Least and most memory that a person may choose, in MiB.
const CHOICE: std::ops::RangeInclusive<u32> = 64..=1024;

/// Costs of one derivation, and how long it takes on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Memory, passes, lanes.
    pub kdf: KdfParams,
    /// Measured of the costs in use, expected of others.
    pub takes: Duration,
}

/// What [`measure`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardening {
    /// The costs in use.
    pub now: Measured,
    /// The next step up; `None` at the most that Keyward makes.
    pub stronger: Option<Measured>,
}

/// Measures the costs of the passphrase on this machine; as slow as an unlock.
///
/// # Errors
/// [`Kind::Locked`]; [`Kind::NotFound`] for a vault without a passphrase; [`Kind::Conflict`] while others queue for the
/// derivation.
pub fn measure(engine: &Engine) -> Result<Hardening> {
    let vault = engine.unlocked()?;
    let kdf = in_use(&vault)?;
    let clock = &engine.ports.clock;
    let takes = vault.measure(&kdf, &|| clock.monotonic())?;
    let stronger = kdf.stronger(takes);
    Ok(Hardening {
        now: Measured { kdf, takes },
        stronger: stronger.map(|(kdf, takes)| Measured { kdf, takes }),
    })
}

/// Makes every guess at the passphrase cost more memory, with today's passes at least. The passphrase stays; what
/// opened the vault before at less cost opens nothing any more.
///
/// # Errors
/// [`Kind::Locked`] for a wrong passphrase; [`Kind::NotFound`] for a vault without one; [`Kind::Invalid`] for costs that
/// are no stronger than those in use or above the cap; [`Kind::Conflict`] when it was changed meanwhile. The costs
/// before stay then.
pub fn strengthen(engine: &Engine, caller: &Caller, current: &SecretValue, memory_mib: u32) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    let before = in_use(&vault)?;
    let asked = costs(memory_mib)?;
    if asked.memory_kib <= before.memory_kib {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "{memory_mib} MiB are no stronger than the {} MiB in use.",
                before.memory_kib / 1024
            ),
            "Measure again, and take the next step.",
        ));
    }
    let kdf = KdfParams {
        iterations: asked.iterations.max(before.iterations),
        lanes: before.lanes,
        ..asked
    };
    passphrase::attempt(engine, || vault.strengthen(current, kdf, engine.now()))?;
    engine.changes.publish(ChangeKind::Vault, None);
    Ok(())
}

/// Today's passes with this memory.
///
/// # Errors
/// [`Kind::Invalid`] for memory that nobody may choose.
pub(crate) fn costs(memory_mib: u32) -> Result<KdfParams> {
    if !CHOICE.contains(&memory_mib) {
        return Err(Error::invalid(
            "The memory of the key derivation is 64 to 1024 MiB.",
        ));
    }
    Ok(KdfParams {
        memory_kib: memory_mib * 1024,
        ..KdfParams::DEFAULT
    })
}

fn in_use(vault: &UnlockedVault) -> Result<KdfParams> {
    vault.ways()?.passphrase.map(|way| way.kdf).ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "This vault has no passphrase.",
            "Give it one first: Settings, Security, or `keyward passphrase change`.",
        )
    })
}
