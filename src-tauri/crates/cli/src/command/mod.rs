//! One verb a file.

mod application;
mod audit;
mod auth_client;
mod backup;
mod completion;
mod connect;
mod connection;
mod consent;
mod credential;
mod doctor;
mod env;
mod export;
mod get;
mod health;
mod import;
mod init;
mod inject;
mod lock;
mod passphrase;
mod provider;
mod recovery;
mod recovery_key;
mod rekey;
mod resolve;
mod run;
mod secret;
mod serve;
mod settings;
mod simulate;
mod status;
mod token;
mod trash;
mod vault;

use std::process::ExitCode;

use keyward_api::wire::{Code, Error};
use keyward_engine::process::Before;

use crate::{
    args::{Arguments, Command},
    context::Context,
    output::Face,
};

/// Results of commands.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// An answer about one version: who asked for one that is not there is told where they are listed.
pub fn of_version<T>(answer: Result<T>, history: &str) -> Result<T> {
    answer.map_err(|mut error| {
        if error.code == Code::NotFound && error.hint.is_empty() {
            error.hint = format!("Its versions: keyward {history}");
        }
        error
    })
}

/// Runs one command.
///
/// # Errors
/// As the command says.
pub fn run(arguments: Arguments, face: &Face, before: Before) -> Result<ExitCode> {
    // A script needs nothing of what the environment says.
    if let Command::Completion(completion) = &arguments.command {
        return completion::run(face, completion).map(|()| ExitCode::SUCCESS);
    }
    let context = Context::new(&arguments.globals)?;
    match arguments.command {
        Command::Init(init) => init::run(&context, face, &init),
        Command::Vault(command) => vault::run(context, face, command),
        Command::Status => status::run(&context, face),
        Command::Unlock => lock::unlock(&context, face),
        Command::Lock => lock::lock(&context, face),
        Command::Doctor(doctor) => return doctor::run(&context, face, &doctor),
        Command::Passphrase(command) => passphrase::run(&context, face, command),
        Command::Recovery(command) => recovery::run(&context, face, command),
        Command::Rekey(rekey) => rekey::run(&context, face, &rekey),
        Command::Health => health::run(&context, face),
        Command::Serve => serve::run(&context, face),
        Command::Env(command) => env::run(&context, face, command),
        Command::Secret(command) => secret::run(&context, face, command),
        Command::Credential(command) => credential::run(&context, face, command),
        Command::Get(get) => get::run(&context, face, &get),
        Command::App(command) => application::run(&context, face, command),
        Command::AuthClient(command) => auth_client::run(&context, face, command),
        Command::Provider(command) => return provider::run(&context, face, command),
        Command::Connect(connect) => connect::run(&context, face, connect),
        Command::Connection(command) => connection::run(&context, face, command),
        Command::Consent(command) => consent::run(&context, face, command),
        Command::Token(token) => token::run(&context, face, &token),
        Command::Run(run) => run::run(&context, face, &run, before),
        Command::Inject(inject) => inject::run(&context, face, &inject),
        Command::Settings(command) => settings::run(&context, face, command),
        Command::Import(import) => import::run(&context, face, &import),
        Command::Export(export) => export::run(&context, face, export),
        Command::Audit(audit) => audit::run(&context, face, audit),
        Command::Backup(backup) => backup::backup(&context, face, &backup),
        Command::Restore(restore) => backup::restore(&context, face, &restore),
        Command::Salvage(salvage) => backup::salvage(&context, face, &salvage),
        Command::Completion(_) => Ok(()),
    }?;
    Ok(ExitCode::SUCCESS)
}
