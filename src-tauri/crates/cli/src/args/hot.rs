//! What scripts call all the time, parsed without the tree of all commands: building that costs more than the answer (P1).
//!
//! The flags are those of the tree, defined once. It is *not* another command line: what this does not read, whether
//! an error, a call for help or a command of another form, is read by the whole tree and told by it.

use std::ffi::OsString;

use clap::{Args, FromArgMatches, Subcommand};

use super::{Arguments, Command, Get, Globals, Inject, Run, Secret, Token};

/// The arguments of a command that the first word names; `None` when they must go through [`Arguments`].
pub fn parse(words: &[OsString]) -> Option<Arguments> {
    let words = words.get(1..)?;
    match words.first()?.to_str()? {
        "get" => one(words, Get::augment_args, Command::Get),
        "token" => one(words, Token::augment_args, Command::Token),
        "run" => one(words, Run::augment_args, Command::Run),
        "inject" => one(words, Inject::augment_args, Command::Inject),
        "secret" => one(words, Secret::augment_subcommands, Command::Secret),
        _ => None,
    }
}

/// Reads `words`, the first of which is the command's name, with the flags of that command and the global ones.
fn one<T: FromArgMatches>(
    words: &[OsString],
    flags: fn(clap::Command) -> clap::Command,
    command: fn(T) -> Command,
) -> Option<Arguments> {
    let reader = flags(Globals::augment_args(clap::Command::new("keyward")))
        .disable_help_flag(true)
        .disable_help_subcommand(true);
    let mut found = reader.try_get_matches_from(words).ok()?;
    Some(Arguments {
        globals: Globals::from_arg_matches_mut(&mut found).ok()?,
        command: command(T::from_arg_matches_mut(&mut found).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(line: &str) -> bool {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse(&words).is_some()
    }

    #[test]
    fn what_scripts_call_is_read_here() {
        for line in [
            "keyward get KEY",
            "keyward get --json {vault.KEY} --env prod",
            "keyward token NAME --min-ttl 5m",
            "keyward run --vault work -- cmd --help",
            "keyward inject -i - -o -",
            "keyward secret list --search a",
            "keyward secret add KEY --value-file F --passphrase-fd 3",
        ] {
            assert!(reads(line), "{line}");
        }
    }

    /// Texts and statuses of all the others are those of the whole tree.
    #[test]
    fn everything_else_is_told_by_the_whole_tree() {
        for line in [
            "keyward",
            "keyward --json get KEY",
            "keyward status",
            "keyward get",
            "keyward get -h",
            "keyward get KEY MORE",
            "keyward get KEY --version",
            "keyward get KEY --reveal",
            "keyward token NAME --min-ttl soon",
            "keyward run cmd",
            "keyward inject -i -",
            "keyward secret",
            "keyward secret help",
            "keyward secret add --help",
            "keyward secret show",
            "keyward secret lst",
        ] {
            assert!(!reads(line), "{line}");
        }
    }
}
