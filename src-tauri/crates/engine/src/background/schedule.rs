//! Which Connections are due, and when the next one is: kept between two looks, so that ten thousand of them cost a
//! sleeping host next to nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use keyward_model::{Id, Timestamp, auth_client::Oauth2, connection::Connection};
use keyward_vault::{
    error as store,
    table::{auth_clients, connections},
    vault::{Edition, UnlockedVault},
};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::LONGEST_NAP;
use crate::{
    Engine, Result,
    changes::{Change, ChangeKind},
    refresh::asked_host,
};

/// What other processes wrote is noticed this late: behind a host there is none but in the moment before it starts.
const LOOK_AT_ALL: Duration = Duration::from_secs(60);

/// What is known of each Connection that is refreshed.
pub(super) struct Schedule {
    changes: Receiver<Change>,
    vault: Weak<UnlockedVault>,
    edition: Option<Edition>,
    looked_at: Duration,
    planned: HashMap<Id, Planned>,
    /// Registrations by AuthClient: they say which host a Connection's refresh goes to.
    clients: HashMap<Id, Oauth2>,
}

struct Planned {
    connection: Connection,
    host: String,
}

/// What is due now, with the end of its token and its host, and the time until the next one is.
pub(super) struct Due<'a> {
    pub(super) now: Vec<(Timestamp, Id, &'a str)>,
    pub(super) next: Duration,
}

impl Schedule {
    pub(super) fn new(engine: &Engine) -> Self {
        Self {
            changes: engine.changes.subscribe(),
            vault: Weak::new(),
            edition: None,
            looked_at: Duration::ZERO,
            planned: HashMap::new(),
            clients: HashMap::new(),
        }
    }

    /// Drops everything that was read.
    pub(super) fn forget(&mut self) {
        self.planned = HashMap::new();
        self.clients = HashMap::new();
        self.vault = Weak::new();
    }

    /// Looks at what changed, then at the clocks.
    ///
    /// # Errors
    /// When locked or damaged.
    pub(super) fn due(&mut self, engine: &Engine) -> Result<Due<'_>> {
        let vault = engine.refreshing()?;
        self.catch_up(engine, &vault)?;
        drop(vault);
        let (wall, boot) = (engine.now(), engine.ports.clock.boot());
        let mut due = Due {
            now: Vec::new(),
            next: LONGEST_NAP,
        };
        for (id, Planned { connection, host }) in &self.planned {
            let now = connection.token_clock(wall, boot);
            match connection.refresh_in(now) {
                Some(Duration::ZERO) => {
                    let expires_at = connection.lifetime.map_or(now, |lifetime| lifetime.expires_at);
                    due.now.push((expires_at, *id, host.as_str()));
                }
                Some(left) => due.next = due.next.min(left),
                None => {}
            }
        }
        Ok(due)
    }

    fn catch_up(&mut self, engine: &Engine, vault: &Arc<UnlockedVault>) -> Result<()> {
        let mut changed = Vec::new();
        let mut all = !std::ptr::eq(self.vault.as_ptr(), Arc::as_ptr(vault));
        loop {
            match self.changes.try_recv() {
                Ok(Change {
                    kind: ChangeKind::Connection,
                    id: Some(id),
                }) => changed.push(id),
                Ok(Change {
                    kind: ChangeKind::Connection | ChangeKind::AuthClient | ChangeKind::Vault,
                    ..
                })
                | Err(TryRecvError::Lagged(_)) => all = true,
                Ok(_) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let now = engine.ports.clock.monotonic();
        if !all && now.saturating_sub(self.looked_at) >= LOOK_AT_ALL {
            self.looked_at = now;
            all = self.edition != Some(vault.edition()?);
        }
        if all {
            return self.read_all(vault, now);
        }
        for id in changed {
            match vault.read(|tx| connections::read(tx, id)) {
                Ok(connection) => self.plan(connection),
                Err(store::Error::NotFound(_)) => {
                    self.planned.remove(&id);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn read_all(&mut self, vault: &Arc<UnlockedVault>, now: Duration) -> Result<()> {
        // Before the records: what is written in between is seen as another edition.
        let edition = vault.edition()?;
        let (found, clients) =
            vault.read(|tx| Ok((connections::list(tx, None)?, auth_clients::list(tx)?)))?;
        self.clients = clients
            .into_iter()
            .filter_map(|client| Some((client.id, client.oauth2()?.clone())))
            .collect();
        self.planned.clear();
        for connection in found {
            self.plan(connection);
        }
        self.vault = Arc::downgrade(vault);
        self.edition = Some(edition);
        self.looked_at = now;
        Ok(())
    }

    fn plan(&mut self, connection: Connection) {
        let Some(address) = connection
            .auth_client
            .filter(|_| connection.next_refresh_at().is_some())
        else {
            self.planned.remove(&connection.id);
            return;
        };
        // One that another vault keeps is told apart by itself.
        let host = self.clients.get(&address.client).map_or_else(
            || address.client.to_string(),
            |client| asked_host(client, &connection.kept),
        );
        self.planned.insert(connection.id, Planned { connection, host });
    }
}
