//! What a finding says to a person, and the command that mends it.

use keyward_model::{Timestamp, health::Rule};

use super::{Finding, Holder, Place};

pub(super) fn message(finding: &Finding) -> String {
    let place = spell(&finding.place);
    let day = finding.at.map(day).unwrap_or_default();
    match finding.rule {
        Rule::Expired => format!("{place} expired on {day}."),
        Rule::Expiring => format!("{place} expires on {day}."),
        Rule::Overdue => format!("{place} was due for rotation on {day}."),
        Rule::NeverRotated => format!("{place} still has its first value, of {day}."),
        Rule::Weak => format!("{place} is easy to guess."),
        Rule::Reused => {
            let others: Vec<String> = finding.others.iter().map(spell).collect();
            format!("{place} has the same value as {}.", others.join(", "))
        }
    }
}

pub(super) fn hint(finding: &Finding) -> String {
    let Place { environment, key, .. } = &finding.place;
    let field = finding.place.field.as_deref().unwrap_or_default();
    let command = match finding.place.holder {
        Holder::Secret => format!("keyward secret update {key} --env {environment} --value-stdin"),
        Holder::Credential => format!("keyward credential update {key} --env {environment} --var {field}"),
        Holder::Connection => format!("keyward connection update {key} --env {environment} --value-stdin"),
        Holder::AuthClient => format!("keyward auth-client update {key} --client-secret-stdin"),
    };
    match finding.rule {
        Rule::Expired | Rule::Expiring if finding.place.holder == Holder::AuthClient => {
            format!("Have the provider make its successor; `{command}` stores it.")
        }
        Rule::Expired | Rule::Expiring => format!("`{command} --expires DATE` stores its successor."),
        Rule::Overdue | Rule::NeverRotated | Rule::Weak => format!("`{command}` stores a new value."),
        Rule::Reused => format!("`{command}` gives it a value of its own."),
    }
}

/// `ENV/KEY` or `ENV/KEY/FIELD`.
fn spell(place: &Place) -> String {
    let Place {
        environment,
        key,
        field,
        ..
    } = place;
    match field {
        None => format!("{environment}/{key}"),
        Some(field) => format!("{environment}/{key}/{field}"),
    }
}

/// The date alone: whoever mends it needs no seconds.
fn day(at: Timestamp) -> String {
    let mut text = at.to_rfc3339();
    text.truncate(10);
    text
}
