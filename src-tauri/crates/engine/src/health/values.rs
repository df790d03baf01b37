//! The rules that need the values: each is opened once, looked at, and wiped.

use std::collections::HashMap;

use keyward_model::{
    SecretValue, Timestamp,
    connection::{AuthType, UserPass},
    health::{Facts, Rule},
    secret::Version,
};
use keyward_vault::{
    error as store,
    fingerprint::Fingerprints,
    table::{auth_clients, connections, credentials, secrets},
    tx::Tx,
};

use super::{Finding, Holding, Place, Source, aged};
use crate::{
    Engine, Result, passphrase,
    work::{UnderWay, Work},
};

/// Values that are opened in one transaction: other acts go on in between.
const BATCH: usize = 256;

/// What the values told.
pub(super) struct Opened {
    pub(super) findings: Vec<Finding>,
    pub(super) unread: u32,
}

pub(super) fn look(engine: &Engine, holdings: &[Holding], now: Timestamp) -> Result<Opened> {
    let vault = engine.unlocked()?;
    let fingerprints = Fingerprints::new()?;
    let mut same: HashMap<[u8; 32], Vec<&Place>> = HashMap::new();
    let mut findings = Vec::new();
    let mut unread = 0;
    let confidential: Vec<&Holding> = holdings.iter().filter(|one| one.masked).collect();
    let mut work = UnderWay::new(engine, Work::HealthCheck);
    for (round, batch) in confidential.chunks(BATCH).enumerate() {
        work.tell(round * BATCH, confidential.len());
        vault.read(|tx| {
            for holding in batch {
                match open(tx, &holding.value) {
                    Ok((value, _)) if value.is_empty() => {}
                    Ok((value, version)) => {
                        // What is known of it was judged without opening it.
                        let version = version.filter(|_| holding.facts.is_none());
                        findings.extend(aged(&holding.place, version.map(facts).as_ref(), now));
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

/// The confidential part of a value and, where nothing else tells how old it is, its version.
fn open(tx: &Tx<'_>, source: &Source) -> store::Result<(SecretValue, Option<Version>)> {
    let gone = || store::Error::NotFound("the value".to_owned());
    match source {
        Source::Secret(secret) => Ok((secrets::value(tx, secret)?, None)),
        Source::Variable(variable) => Ok((
            credentials::value(tx, variable)?,
            Some(credentials::current_version(tx, variable)?),
        )),
        Source::Connection(connection) => {
            let value = connections::value(tx, connection)?.ok_or_else(gone)?;
            let version = connections::current_version(tx, connection)?;
            if connection.auth_type != AuthType::Basic {
                return Ok((value, version));
            }
            let both = UserPass::split(&value)
                .ok_or_else(|| store::Error::Corrupt("a user name and a password".to_owned()))?;
            Ok((both.password, version))
        }
        Source::ClientSecret(client) => Ok((
            auth_clients::client_secret(tx, client)?.ok_or_else(gone)?,
            auth_clients::secret_version(tx, client)?,
        )),
    }
}

fn facts(version: Version) -> Facts {
    Facts {
        made_at: version.created_at,
        versions: version.number,
        masked: true,
        expires_at: None,
        due_at: None,
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
