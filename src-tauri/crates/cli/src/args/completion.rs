//! Completion scripts.

use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct Completion {
    pub shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}
