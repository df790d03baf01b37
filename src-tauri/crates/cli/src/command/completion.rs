//! `keyward completion`

use clap::CommandFactory;

use super::Result;
use crate::{
    args::{Arguments, Completion},
    output::Face,
};

/// Prints a completion script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(face: &Face, completion: &Completion) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(
        completion.shell,
        &mut Arguments::command(),
        "keyward",
        &mut script,
    );
    face.data(&script)
}
