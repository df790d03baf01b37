//! Judges a history: what no client of an authorization server may do, whatever the server does.
//!
//! It shares nothing with the server but the events, so that a fault of the one does not hide in the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    fault::Endpoint,
    history::{Event, What},
};

/// What the history of a client says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Refresh requests.
    pub refreshes: usize,
    /// Hand-outs that were judged.
    pub handed_out: usize,
    /// Most token requests under way at once, of all clients.
    pub most_at_once: usize,
    /// Refresh tokens sent again although the answer that replaced them was delivered: one sentence each.
    pub reused: Vec<String>,
    /// Grants with two refresh requests under way at once.
    pub overlapping: Vec<String>,
    /// Access tokens handed out that were never issued, or had ended.
    pub stale: Vec<String>,
    /// Grants with more failed requests in ten seconds, and no answer between them, than the one and its one repetition
    /// (O-60, O-63).
    pub storms: Vec<String>,
}

impl Verdict {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults().next().is_none()
    }

    /// Everything that was found, one sentence each.
    pub fn faults(&self) -> impl Iterator<Item = &String> {
        [&self.reused, &self.overlapping, &self.stale, &self.storms]
            .into_iter()
            .flatten()
    }
}

/// A request on its way through the history.
struct Open {
    grant: Option<u64>,
    counts: bool,
}

/// Reads the whole history once. `least_left` is what a token must have left when it is handed out, in seconds.
#[must_use]
pub fn judge(events: &[Event], least_left: i64) -> Verdict {
    let mut verdict = Verdict::default();
    let mut open: HashMap<u64, Open> = HashMap::new();
    let mut issued: HashMap<&str, i64> = HashMap::new();
    let mut replaced_by: HashMap<u64, Vec<&str>> = HashMap::new();
    let mut gone: HashSet<&str> = HashSet::new();
    let mut failures: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    let mut storms = BTreeMap::new();
    for Event { at, what } in events {
        match what {
            What::Arrived {
                request,
                endpoint,
                grant_type,
                refresh_token,
                grant,
                ..
            } => {
                let is_refresh = grant_type.as_deref() == Some("refresh_token");
                if is_refresh {
                    verdict.refreshes += 1;
                    if let Some(token) = refresh_token
                        && gone.contains(token.as_str())
                    {
                        verdict.reused.push(format!(
                            "request {request} sent {token}, whose successor had been delivered"
                        ));
                    }
                    let same = |open: &Open| open.counts && open.grant == *grant;
                    if grant.is_some() && open.values().any(same) {
                        verdict.overlapping.push(format!(
                            "request {request} began while another of its grant was under way"
                        ));
                    }
                }
                let counts = *endpoint == Endpoint::Token;
                open.insert(
                    *request,
                    Open {
                        grant: if is_refresh { *grant } else { None },
                        counts,
                    },
                );
                let at_once = open.values().filter(|open| open.counts).count();
                verdict.most_at_once = verdict.most_at_once.max(at_once);
            }
            What::Issued {
                access_token,
                expires_at,
                ..
            } => {
                issued.insert(access_token, *expires_at);
            }
            What::Rotated { request, old } => replaced_by.entry(*request).or_default().push(old),
            What::Ended {
                request, delivered, ..
            } => {
                let ended = open.remove(request);
                if *delivered {
                    gone.extend(replaced_by.remove(request).into_iter().flatten());
                }
                if let Some(grant) = ended.and_then(|ended| ended.grant) {
                    let failed = failures.entry(grant).or_default();
                    if *delivered {
                        failed.clear();
                    } else {
                        failed.push(*at);
                    }
                    if let [.., first, _, last] = failed[..]
                        && last - first < 10
                    {
                        storms.insert(grant, last - first);
                    }
                }
            }
            What::HandedOut { access_token } => {
                verdict.handed_out += 1;
                match issued.get(access_token.as_str()) {
                    None => verdict.stale.push(format!("{access_token} was never issued")),
                    Some(expires_at) if expires_at - at < least_left => verdict.stale.push(format!(
                        "{access_token} was handed out with {} s left",
                        expires_at - at
                    )),
                    Some(_) => {}
                }
            }
            What::Reused { .. } | What::NoTls => {}
        }
    }
    verdict.storms = storms
        .into_iter()
        .map(|(grant, seconds)| format!("grant {grant} had three failed requests within {seconds} s"))
        .collect();
    verdict
}
