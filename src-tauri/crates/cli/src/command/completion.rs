//! `keyward completion`

use clap::CommandFactory;

use super::Result;
use crate::{
    args::{Arguments, Completion, Shell},
    output::Face,
};

/// Prints a completion script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(face: &Face, completion: &Completion) -> Result {
    let shell = match completion.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "keyward", &mut script);
    face.data(&script)
}
