//! `keyward env`

use keyward_api::wire::{Environment, EnvironmentCreate, EnvironmentDelete, EnvironmentList};

use super::Result;
use crate::{args::Env, context::Context, door::Door, output, output::Face};

/// Lists, makes, deletes environments.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `locked`.
pub fn run(context: &Context, face: &Face, command: Env) -> Result {
    let mut door = Door::open(context)?;
    match command {
        Env::List => face.show(&door.call(context, EnvironmentList {})?, |list| rows(list)),
        Env::Add { name } => face.show(&door.call(context, EnvironmentCreate { name })?, |one| {
            rows(std::slice::from_ref(one))
        }),
        Env::Delete { name } => {
            door.call(context, EnvironmentDelete { name: name.clone() })?;
            face.deleted("Environment", &name)
        }
    }
}

fn rows(list: &[Environment]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| vec![one.name.clone(), one.items.to_string(), one.created_at.clone()])
        .collect();
    output::table(&["NAME", "ITEMS", "CREATED"], &rows)
}
