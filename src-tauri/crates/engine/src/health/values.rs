//! The rules that need the values: each is opened once, looked at, and wiped.

use std::collections::HashMap;

use keyward_model::{SecretValue, health::Rule};
use keyward_vault::{
    error as store,
    fingerprint::Fingerprints,
    table::{credentials, secrets},
    tx::Tx,
};

use super::{Finding, Holding, Place, Source};
use crate::{Engine, Result, passphrase};

/// Values that are opened in one transaction: other acts go on in between.
const BATCH: usize = 256;

/// What the values told.
pub(super) struct Opened {
    pub(super) findings: Vec<Finding>,
    pub(super) unread: u32,
}

pub(super) fn look(engine: &Engine, holdings: &[Holding]) -> Result<Opened> {
    let vault = engine.unlocked()?;
    let fingerprints = Fingerprints::new()?;
    let mut same: HashMap<[u8; 32], Vec<&Place>> = HashMap::new();
    let mut findings = Vec::new();
    let mut unread = 0;
    let confidential: Vec<&Holding> = holdings.iter().filter(|one| one.masked).collect();
    for batch in confidential.chunks(BATCH) {
        vault.read(|tx| {
            for holding in batch {
                match open(tx, &holding.value) {
                    Ok(value) if value.is_empty() => {}
                    Ok(value) => {
                        same.entry(fingerprints.of(&value))
                            .or_default()
                            .push(&holding.place);
                        if holding.is_password && passphrase::is_guessable(&value, &holding.about) {
                            findings.push(finding(Rule::Weak, holding.place.clone(), Vec::new()));
                        }
                    }
                    // Gone since the list was read.
                    Err(store::Error::NotFound(_)) => {}
                    Err(store::Error::Corrupt(_)) => unread += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })?;
    }
    findings.extend(same.into_values().filter_map(reused));
    Ok(Opened { findings, unread })
}

fn open(tx: &Tx<'_>, source: &Source) -> store::Result<SecretValue> {
    match source {
        Source::Secret(secret) => secrets::value(tx, secret),
        Source::Variable(variable) => credentials::value(tx, variable),
    }
}

/// One finding for each value that stands in several places, about the first of them.
fn reused(mut places: Vec<&Place>) -> Option<Finding> {
    places.sort();
    match places.split_first() {
        Some((first, others)) if !others.is_empty() => {
            let others = others.iter().map(|&place| place.clone()).collect();
            Some(finding(Rule::Reused, (*first).clone(), others))
        }
        _ => None,
    }
}

fn finding(rule: Rule, place: Place, others: Vec<Place>) -> Finding {
    Finding {
        rule,
        place,
        at: None,
        others,
        urgent: false,
    }
}
