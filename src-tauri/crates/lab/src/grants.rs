//! Grants and their tokens: what the server knows.

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::{
    client::{Client, ExpiresIn, Rotation},
    fault::{Dice, Endpoint, Fault},
    history::{History, What},
};

/// What one consent gave.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) alive: bool,
    /// The refresh token that is good now, and when it ends unless it is used.
    refresh_token: Option<(String, Option<i64>)>,
    /// Those before it, with the moment each was replaced.
    replaced: Vec<(String, i64)>,
}

/// A code that was not exchanged yet.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) scope: String,
}

/// A device flow under way.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) client: String,
    pub(crate) scope: String,
    pub(crate) polls: VecDeque<crate::client::Poll>,
}

/// Everything behind one lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) clients: HashMap<String, Client>,
    pub(crate) faults: HashMap<(String, Endpoint), VecDeque<Fault>>,
    pub(crate) dice: HashMap<String, Dice>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) devices: HashMap<String, Device>,
    pub(crate) pushed: HashMap<String, Vec<(String, String)>>,
    pub(crate) revoked: Vec<String>,
    pub(crate) down: bool,
    pub(crate) requests: u64,
    grants: Vec<Grant>,
    access: HashMap<String, (usize, i64)>,
    issued: u64,
}

/// Where and when an answer is made.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) request: u64,
    pub(crate) now: i64,
    pub(crate) history: &'a History,
}

impl State {
    /// A word that was never used before.
    pub(crate) fn word(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}", self.issued)
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    /// The fault of this request: one that was ordered, or one that chance brings.
    pub(crate) fn fault(&mut self, client: &str, endpoint: Endpoint) -> Option<Fault> {
        if self.down {
            return Some(Fault::DropBefore);
        }
        if let Some(ordered) = self
            .faults
            .get_mut(&(client.to_owned(), endpoint))
            .and_then(VecDeque::pop_front)
        {
            return Some(ordered);
        }
        let chaos = self.clients.get(client)?.chaos?;
        if endpoint != Endpoint::Token {
            return None;
        }
        let dice = self
            .dice
            .entry(client.to_owned())
            .or_insert_with(|| Dice::seeded(chaos.seed));
        if dice.below(100) >= u64::from(chaos.percent) {
            return None;
        }
        let every = Fault::every();
        let at = dice.below(every.len() as u64);
        every.into_iter().nth(usize::try_from(at).unwrap_or(0))
    }

    /// A new grant and its first tokens.
    pub(crate) fn consent(&mut self, moment: Moment<'_>, client: &str, scope: &str, offline: bool) -> Value {
        let refresh_token = offline.then(|| (self.word("rt"), self.idle_end(client, moment.now)));
        self.grants.push(Grant {
            client: client.to_owned(),
            scope: scope.to_owned(),
            alive: true,
            refresh_token,
            replaced: Vec::new(),
        });
        self.answer(moment, self.grants.len() - 1, offline)
    }

    /// RFC 6749 §6; the error code where it is no.
    pub(crate) fn refresh(
        &mut self,
        moment: Moment<'_>,
        client: &str,
        sent: &str,
    ) -> Result<Value, &'static str> {
        let Some(grant) = self
            .grant_of(sent)
            .filter(|&grant| self.grants[grant].client == client)
        else {
            return Err("invalid_grant");
        };
        let rotation = self
            .clients
            .get(client)
            .map_or(Rotation::None, |client| client.rotation);
        let found = &self.grants[grant];
        if !found.alive {
            return Err("invalid_grant");
        }
        let is_current = found
            .refresh_token
            .as_ref()
            .is_some_and(|(current, end)| current == sent && end.is_none_or(|end| moment.now < end));
        if is_current {
            if rotation == Rotation::None {
                let end = self.idle_end(client, moment.now);
                if let Some(current) = &mut self.grants[grant].refresh_token {
                    current.1 = end;
                }
                return Ok(self.answer(moment, grant, false));
            }
            let next = (self.word("rt"), self.idle_end(client, moment.now));
            let found = &mut self.grants[grant];
            found.replaced.push((sent.to_owned(), moment.now));
            found.refresh_token = Some(next);
            let old = sent.to_owned();
            moment.history.add(
                moment.now,
                What::Rotated {
                    request: moment.request,
                    old,
                },
            );
            return Ok(self.answer(moment, grant, true));
        }
        let replaced_at = found
            .replaced
            .iter()
            .find(|(old, _)| old == sent)
            .map(|(_, at)| *at);
        match (rotation, replaced_at) {
            // The successor is said once more: whoever lost it has it now.
            (Rotation::Grace(seconds), Some(at))
                if moment.now.saturating_sub(at) <= i64::try_from(seconds).unwrap_or(i64::MAX) =>
            {
                Ok(self.answer(moment, grant, true))
            }
            (rotation, Some(_)) => {
                moment.history.add(
                    moment.now,
                    What::Reused {
                        request: moment.request,
                        grant: grant as u64,
                    },
                );
                if rotation == Rotation::Strict {
                    self.grants[grant].alive = false;
                }
                Err("invalid_grant")
            }
            (_, None) => Err("invalid_grant"),
        }
    }

    fn idle_end(&self, client: &str, now: i64) -> Option<i64> {
        let seconds = self.clients.get(client)?.refresh_lifetime?;
        Some(now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }

    fn answer(&mut self, moment: Moment<'_>, grant: usize, say_refresh_token: bool) -> Value {
        let access_token = self.word("at");
        let found = &self.grants[grant];
        let settings = self.clients.get(&found.client).cloned().unwrap_or_default();
        let lifetime = i64::try_from(settings.lifetime).unwrap_or(i64::MAX);
        let expires_at = moment.now.saturating_add(lifetime);
        let mut answer = Map::new();
        answer.insert("access_token".to_owned(), json!(access_token));
        answer.insert("token_type".to_owned(), json!("Bearer"));
        match &settings.expires_in {
            ExpiresIn::True => {
                answer.insert("expires_in".to_owned(), json!(settings.lifetime));
            }
            ExpiresIn::Absent => {}
            ExpiresIn::Json(text) => {
                let value = serde_json::from_str(text).unwrap_or(Value::Null);
                answer.insert("expires_in".to_owned(), value);
            }
        }
        if let Some((token, _)) = found.refresh_token.as_ref().filter(|_| say_refresh_token) {
            answer.insert("refresh_token".to_owned(), json!(token));
        }
        if let Some(seconds) = settings.refresh_lifetime {
            answer.insert("refresh_token_expires_in".to_owned(), json!(seconds));
        }
        let scope = settings.scope.as_ref().unwrap_or(&found.scope);
        if !scope.is_empty() {
            answer.insert("scope".to_owned(), json!(scope));
        }
        moment.history.add(
            moment.now,
            What::Issued {
                request: moment.request,
                access_token: access_token.clone(),
                grant: grant as u64,
                expires_at,
            },
        );
        self.access.insert(access_token, (grant, expires_at));
        Value::Object(answer)
    }

    /// The grant that a refresh token belongs or belonged to.
    pub(crate) fn grant_of(&self, refresh_token: &str) -> Option<usize> {
        self.grants.iter().position(|grant| {
            grant
                .refresh_token
                .as_ref()
                .is_some_and(|(current, _)| current == refresh_token)
                || grant.replaced.iter().any(|(old, _)| old == refresh_token)
        })
    }

    /// Whether a refresh with this token would be answered with tokens now.
    pub(crate) fn accepts(&self, refresh_token: &str, now: i64) -> bool {
        self.grants.iter().any(|grant| {
            let grace = match self.clients.get(&grant.client).map(|client| client.rotation) {
                Some(Rotation::Grace(seconds)) => i64::try_from(seconds).unwrap_or(i64::MAX),
                _ => -1,
            };
            let current = grant
                .refresh_token
                .as_ref()
                .is_some_and(|(current, end)| current == refresh_token && end.is_none_or(|end| now < end));
            let old = grant
                .replaced
                .iter()
                .any(|(old, at)| old == refresh_token && now.saturating_sub(*at) <= grace);
            grant.alive && (current || old)
        })
    }

    /// Whether `/api` takes this access token now, and what is known of it.
    pub(crate) fn access(&self, token: &str, now: i64) -> Option<(&Grant, i64)> {
        let (grant, expires_at) = self.access.get(token)?;
        let grant = &self.grants[*grant];
        (grant.alive && now < *expires_at).then_some((grant, *expires_at))
    }

    /// RFC 7009: an unknown token is revoked as well as any.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.revoked.push(token.to_owned());
        if let Some(grant) = self.grant_of(token) {
            self.grants[grant].alive = false;
        }
        self.access.remove(token);
    }

    /// As a person at the provider's own page does it.
    pub(crate) fn revoke_all(&mut self) {
        for grant in &mut self.grants {
            grant.alive = false;
        }
    }

    /// Ends access tokens only: their refresh tokens stay good.
    pub(crate) fn forget_access_tokens(&mut self) {
        self.access.clear();
    }
}
