//! What the Owner may do: wire in, wire out, one function an act. Named by [`crate::verbs`].

pub mod applications;
pub mod audit;
pub mod auth_clients;
pub mod backup;
pub mod connections;
pub mod consents;
pub mod credentials;
pub mod diagnosis;
pub mod doctor;
pub mod entered;
pub mod environments;
pub mod exports;
mod from_engine;
pub mod health;
pub mod imports;
pub mod keys;
pub mod providers;
pub mod references;
pub mod rosters;
pub mod secrets;
pub mod settings;
pub mod usage;
pub mod vault;
pub mod vaults;
pub mod work;

use crate::wire::Error;

/// Results on the wire.
pub type Result<T> = std::result::Result<T, Error>;

/// Reads `name=value` parameters.
fn params(list: &[String]) -> Result<Vec<(String, String)>> {
    list.iter()
        .map(|one| match one.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(Error::usage(format!("parameter “{one}”: write NAME=VALUE"))),
        })
        .collect()
}
