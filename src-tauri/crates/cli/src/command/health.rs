//! `keyward health`

use keyward_api::wire::{Finding, HealthCheck, HealthReport, Outcome, Work};

use super::Result;
use crate::{context::Context, door::Door, output::Face};

/// Says which stored values need a person; what it finds is no failure.
///
/// # Errors
/// `locked`, `not_found` without a vault.
pub fn run(context: &Context, face: &Face) -> Result {
    let line = |done, total| format!("Looking at values: {done} of {total}");
    let report = Door::open(context)?.call_watched(context, face, Work::HealthCheck, line, HealthCheck {})?;
    if report.unread > 0 {
        face.say(format!(
            "{} could not be read. `keyward doctor` says why.",
            counted(report.unread, "value")
        ));
    }
    if report.left_out > 0 {
        face.say(format!("{} more not shown.", counted(report.left_out, "finding")));
    }
    if report.findings.is_empty() {
        face.say(format!(
            "{} looked at, nothing to mend.",
            counted(report.checked, "value")
        ));
    }
    if face.is_json() {
        return face.show(&report.findings, |_| String::new());
    }
    face.data(groups(&report).as_bytes())
}

/// Findings under a head for each rule, in the order of urgency, with the command under each.
fn groups(report: &HealthReport) -> String {
    let mut text = String::new();
    for (outcome, head) in [(Outcome::Fail, "To act on now"), (Outcome::Warn, "Can wait")] {
        let of: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| finding.outcome == outcome)
            .collect();
        if of.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{head}: {}\n", of.len()));
        let mut rule = "";
        for finding in of {
            if finding.id != rule {
                rule = &finding.id;
                text.push_str(&format!("\n  {}\n", title(rule)));
            }
            text.push_str(&format!("  - {}\n      {}\n", finding.message, finding.hint));
        }
    }
    text
}

fn title(rule: &str) -> &str {
    match rule {
        "expired" => "Expired",
        "overdue" => "Overdue for rotation",
        "expiring" => "Expiring soon",
        "reused" => "Reused values",
        "weak" => "Weak passwords",
        "never_rotated" => "Never rotated",
        other => other,
    }
}

fn counted(n: u32, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
