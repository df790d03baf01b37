//! What `secret trash` and `credential trash` say alike.

use keyward_api::wire::Purged;

use super::Result;
use crate::output::{Face, Table};

/// What lies in a trash, a line each: key, when it was deleted, id.
pub fn table<'a>(things: impl Iterator<Item = (&'a str, Option<&'a str>, &'a str)>) -> String {
    let mut table = Table::new(&["KEY", "DELETED", "ID"]);
    for (key, deleted_at, id) in things {
        table.push(&[key, deleted_at.unwrap_or_default(), id]);
    }
    table.written()
}

/// Says how many things are gone; `kind` is what one is called.
///
/// # Errors
/// When stdout cannot be written.
pub fn emptied(face: &Face, purged: &Purged, kind: &str) -> Result {
    face.say(match purged.purged {
        1 => format!("1 {kind} is gone for good."),
        count => format!("{count} {kind}s are gone for good."),
    });
    match face.is_json() {
        true => face.show(purged, |_| String::new()),
        false => Ok(()),
    }
}
