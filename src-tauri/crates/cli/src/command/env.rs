//! `keyward env`

use keyward_api::wire::{
    Environment, EnvironmentCreate, EnvironmentDelete, EnvironmentList, EnvironmentUpdate, Error,
};

use super::Result;
use crate::{args::Env, context::Context, door::Door, output, output::Face};

/// Lists, makes, changes, deletes environments.
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
        Env::Update {
            name,
            production,
            no_production,
            colour,
        } => {
            let production = (production || no_production).then_some(production);
            if production.is_none() && colour.is_none() {
                return Err(Error::usage(
                    "There is nothing to change: say --production, --no-production or --colour.",
                ));
            }
            let request = EnvironmentUpdate {
                name,
                production,
                colour: colour.map(|colour| if colour == "auto" { String::new() } else { colour }),
            };
            face.show(&door.call(context, request)?, |one| {
                rows(std::slice::from_ref(one))
            })
        }
        Env::Delete { name } => {
            door.call(context, EnvironmentDelete { name: name.clone() })?;
            face.deleted("Environment", &name)
        }
    }
}

fn rows(list: &[Environment]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                one.items.to_string(),
                if one.production { "production" } else { "" }.to_owned(),
                one.colour.clone().unwrap_or_default(),
                one.created_at.clone(),
            ]
        })
        .collect();
    output::table(&["NAME", "ITEMS", "TREATED AS", "COLOUR", "CREATED"], &rows)
}
