//! `keyward provider`

use std::process::ExitCode;

use keyward_api::wire::{
    Check, Code, Outcome, Provider, ProviderCheck, ProviderConfidence, ProviderList, ProviderShow,
};

use super::{Result, doctor};
use crate::{args::Provider as Command, context::Context, door::Door, output, output::Face};

/// The catalogue. It needs no unlocked vault; `check` alone asks anybody.
///
/// # Errors
/// `not_found`, `usage`. `check` ends with status 8 when a provider fails.
pub fn run(context: &Context, face: &Face, command: Command) -> Result<ExitCode> {
    // Before there is a vault too: who chooses a provider may have none yet.
    let mut door = Door::at(context, context.home()?)?;
    match command {
        Command::List { search } => {
            let found = door.call_as_is(context, ProviderList { search })?;
            for problem in &found.problems {
                face.say(format!("providers/{}: {}", problem.file, problem.message));
            }
            if found.providers.is_empty() {
                face.say("No provider is found by these words. Any that speaks OpenID Connect works with --issuer.");
            }
            face.show_whole(&found.providers, |list| rows(list))?;
        }
        Command::Show { provider } => {
            face.show_whole(&door.call_as_is(context, ProviderShow { provider })?, facts)?;
        }
        Command::Check { providers, variables } => {
            let checked = door.call_as_is(context, ProviderCheck { providers, variables })?;
            face.show(&checked, |checked| checked.iter().map(doctor::line).collect())?;
            if checked.iter().any(is_failure) {
                return Ok(ExitCode::from(Code::Provider.exit_status()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn is_failure(check: &Check) -> bool {
    check.outcome == Outcome::Fail
}

/// When its facts were looked at.
fn verified(provider: &Provider) -> String {
    match &provider.verified_on {
        Some(day) => day.clone(),
        None => "not checked".to_owned(),
    }
}

fn rows(list: &[Provider]) -> String {
    let row = |one: &Provider| {
        vec![
            one.id.clone(),
            one.name.clone(),
            one.category.clone(),
            one.host.clone(),
            if one.own {
                "own file".to_owned()
            } else {
                verified(one)
            },
        ]
    };
    let rows: Vec<_> = list.iter().map(row).collect();
    output::table(&["ID", "NAME", "CATEGORY", "HOST", "VERIFIED"], &rows)
}

/// What is known of the life of its refresh tokens.
fn refresh_token(provider: &Provider) -> String {
    let days = |seconds: u32| format!("{} days", seconds.div_ceil(86_400));
    let idle = provider
        .refresh_token_idle
        .map(|seconds| format!("after {} without use", days(seconds)));
    let absolute = provider
        .refresh_token_absolute
        .map(|seconds| format!("{} after the consent", days(seconds)));
    let known: Vec<String> = idle.into_iter().chain(absolute).collect();
    if known.is_empty() {
        "-".to_owned()
    } else {
        known.join(", ")
    }
}

fn facts(provider: &Provider) -> String {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let pkce = if provider.without_pkce {
        "left out: the provider refuses it, so a stolen code is worth more"
    } else {
        "S256"
    };
    let confidence = match provider.confidence {
        ProviderConfidence::Documented => "its own pages",
        ProviderConfidence::Catalogued => "a public catalogue",
        ProviderConfidence::Unchecked => "general knowledge",
    };
    let seconds = |value: Option<u32>| value.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"));
    let mut text = output::facts(&[
        ("id", provider.id.clone()),
        ("name", provider.name.clone()),
        ("application", provider.application.clone()),
        ("protocol", provider.protocol.clone()),
        ("issuer", or_none(&provider.issuer)),
        ("auth uri", provider.auth_uri.clone()),
        ("token uri", provider.token_uri.clone()),
        ("refresh token uri", or_none(&provider.refresh_token_uri)),
        ("revocation uri", or_none(&provider.revocation_uri)),
        ("client authentication", provider.client_authentication.clone()),
        ("grants", provider.grants.join(" ")),
        ("pkce", pkce.to_owned()),
        ("redirect", provider.redirect.clone()),
        ("parameters", provider.authorize_params.join(" ")),
        ("token lives", seconds(provider.token_expires_in)),
        ("refresh window", seconds(provider.refresh_window)),
        ("refresh token ends", refresh_token(provider)),
        ("kept fields", provider.keeps.join(" ")),
        ("documentation", or_none(&provider.documentation)),
        (
            "verified",
            format!("{}, from {confidence}: {}", verified(provider), provider.source),
        ),
    ]);
    if !provider.variables.is_empty() {
        text.push_str("\nVariables (--var NAME=VALUE)\n");
        for variable in &provider.variables {
            let choices = match variable.choices.as_slice() {
                [] => format!("for example {}", variable.example),
                choices => format!("one of {}", choices.join(", ")),
            };
            let default = variable
                .default
                .as_ref()
                .map_or_else(String::new, |default| format!(" [default: {default}]"));
            text.push_str(&format!(
                "  {}: {}, {choices}{default}\n",
                variable.name, variable.title
            ));
        }
    }
    if !provider.scopes.is_empty() {
        text.push_str("\nScopes (* asked for unless you name others)\n");
        for scope in &provider.scopes {
            let mark = if scope.usual { "*" } else { " " };
            let description = scope
                .description
                .as_ref()
                .map_or_else(String::new, |words| format!(": {words}"));
            text.push_str(&format!("{mark} {}{description}\n", scope.name));
        }
    }
    text.push_str("\nWhat to do at the provider\n");
    for (index, step) in provider.steps.iter().enumerate() {
        text.push_str(&format!("  {}. {step}\n", index + 1));
    }
    text
}
