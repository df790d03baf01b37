//! What a window and its web processes are to the system.

use std::{collections::HashMap, process::Command, process::Stdio};

use keyward_tests::display::Display;

use crate::Fallible;

/// Whether a window of this title (a regular expression) is on the screen.
pub(crate) fn is_shown(display: &Display, title: &str) -> bool {
    let found = Command::new("xdotool")
        .args(["search", "--onlyvisible", "--name", title])
        .env("DISPLAY", display.name())
        .stderr(Stdio::null())
        .output();
    found.is_ok_and(|found| !found.stdout.is_empty())
}

/// Megabytes of a process and of all that come from it, shared pages by their share.
pub(crate) fn pss(of: u32) -> Fallible<f64> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        parents.insert(pid, parent.unwrap_or(0));
    }
    let is_of = |mut pid: u32| {
        while pid > 1 && pid != of {
            pid = parents.get(&pid).copied().unwrap_or(0);
        }
        pid == of
    };
    let mut kilobytes = 0.0;
    for pid in parents.keys().copied().filter(|pid| is_of(*pid)) {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        kilobytes += line
            .and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
            .unwrap_or(0.0);
    }
    Ok(kilobytes / 1024.0)
}
