//! What the webview's processes hold in memory (W-08, T-14).

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

/// Typed in a terminal, never in the page.
const VALUE: &str = "canary-memory-4Tq8-value-91Zx";
/// In the page while its list is shown: proves that the search finds what is there.
const NAME: &str = "Canary of a name 55";

/// W-08: after a tour without a reveal no process of the webview holds a value.
#[test]
fn w08_no_value_in_the_memory_of_the_webview() {
    let home = Home::with_vault().unwrap();
    home.keyward(&["secret", "add", "CANARY", "--name", NAME])
        .stdin(VALUE)
        .output()
        .unwrap()
        .success()
        .unwrap();
    let app = App::start(home).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    app.window.wait_text(NAME).unwrap();
    app.press("Copy value of CANARY").unwrap();
    wait_for("the value on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING").filter(|text| text == VALUE)
    })
    .unwrap();
    app.press("Secrets").unwrap();
    app.press("Connections").unwrap();
    app.press("All items").unwrap();
    app.window.wait_text(NAME).unwrap();

    let processes = children(app.pid().unwrap());
    assert!(
        processes.len() >= 2,
        "a page and its network are processes of their own: {processes:?}"
    );
    let count =
        |text: &str| -> Result<usize, Trouble> { processes.iter().map(|pid| occurrences(*pid, text)).sum() };
    // Where the system forbids to look into a process of ours (Yama), there is nothing to measure.
    let Ok(names) = count(NAME) else {
        return println!("W-08: /proc/PID/mem cannot be read here");
    };
    assert!(names > 0, "the search finds what is shown");
    assert_eq!(
        count(VALUE).unwrap(),
        0,
        "W-08: a value is in the webview's memory"
    );
}

/// Processes whose parent is `pid`.
pub fn children(pid: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| {
        entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
    });
    pids.filter(|child| {
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        parent == Some(pid)
    })
    .collect()
}

/// How often `text` stands in the writable memory of `pid`, as UTF-8 or as UTF-16.
fn occurrences(pid: u32, text: &str) -> Result<usize, Trouble> {
    let wide: String = text
        .bytes()
        .map(|byte| format!("{}\\x00", byte as char))
        .collect();
    let mut grep = Command::new("grep")
        .args(["-a", "-o", "-P", &format!("{text}|{wide}")])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut sink = grep.stdin.take().ok_or("stdin was asked for")?;
    let output = std::thread::spawn(move || grep.wait_with_output());
    let written = resident(pid, &mut sink);
    drop(sink);
    let output = output.join().map_err(|_| "grep broke off")??;
    written?;
    Ok(output.stdout.iter().filter(|byte| **byte == b'\n').count())
}

/// Writes the pages of `pid` that are in memory, in order. JavaScript engines reserve gigabytes that are not.
fn resident(pid: u32, sink: &mut impl Write) -> Result<(), Trouble> {
    const PAGE: u64 = 4096;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let present = File::open(format!("/proc/{pid}/pagemap"))?;
    let mut page = [0; PAGE as usize];
    let mut flags = vec![0; 1 << 20];
    for line in maps
        .lines()
        .filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw")))
    {
        let Some((from, to)) = line.split(' ').next().and_then(|range| range.split_once('-')) else {
            continue;
        };
        let (mut at, to) = (
            u64::from_str_radix(from, 16)? / PAGE,
            u64::from_str_radix(to, 16)? / PAGE,
        );
        while at < to {
            let wanted = usize::try_from((to - at) * 8)?.min(flags.len());
            let read = present.read_at(&mut flags[..wanted], at * 8)?;
            if read < 8 {
                break;
            }
            for (index, flag) in flags[..read].chunks_exact(8).enumerate() {
                // proc(5): bit 63 says in memory, bit 62 swapped; both are in the last byte.
                if flag[7] & 0xc0 != 0 && memory.read_at(&mut page, (at + index as u64) * PAGE).is_ok() {
                    sink.write_all(&page)?;
                }
            }
            at += read as u64 / 8;
        }
    }
    Ok(())
}
