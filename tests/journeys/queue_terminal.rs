//! The consent queue at a terminal (OA13): a person skips, copies the link to another profile, and ends it in the middle.

use std::time::Duration;

use keyward_tests::consent::{self, Choice};
use keyward_tests::display::Display;
use keyward_tests::home::Terminal;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::process::wait_for;
use serde_json::json;

use crate::common::{json, keychain_home, ok};
use crate::provider::{LIMIT, is_closed};
use crate::queue::{file, keys, link, outcomes, queue, roster};

/// The next line on a terminal that begins so, without its beginning.
#[track_caller]
fn shown(terminal: &mut Terminal, beginning: &str) -> String {
    let found = terminal.screen.find(beginning, LIMIT, |line| {
        line.trim_end().strip_prefix(beginning).map(str::to_owned)
    });
    found.unwrap()
}

/// OA13, at a terminal: one is connected, one that asks for a password is told how and does not stop the queue, one is
/// left with `s`, and Ctrl C ends it in the middle: what was done stays done, and the summary names all of them.
#[test]
fn oa13_a_person_at_a_terminal_skips_and_ends_the_queue() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = keychain_home();
    let path = file(&home, "roster.json", &roster(&server, &["A", "C", "D", "E"]));
    ok(&home.keyward(&["auth-client", "import", &path]));
    ok(&home.keyward(&[
        "auth-client",
        "add",
        "legacy",
        "--type",
        "oauth2",
        "--grant",
        "password",
        "--issuer",
        server.issuer(),
        "--client-id",
        NATIVE_CLIENT,
    ]));
    let text = json!({"connections": [{"name": "P", "auth_client": "legacy"}]}).to_string();
    ok(&home.keyward(&["auth-client", "import", &file(&home, "legacy.json", &text)]));
    let planned = queue(&home);
    let order = keys(&planned);
    assert_eq!(order, ["A", "C", "D", "E", "P"], "by moment and key");

    // The link is where another browser profile can paste it from.
    let display = Display::start().unwrap();
    let run = home
        .keyward(&["consent", "run", "--copy-link"])
        .var("DISPLAY", display.name());
    let mut terminal = run.on_terminal().unwrap();
    shown(&mut terminal, "1 of 5 A as ada");
    let address = shown(&mut terminal, "open: ");
    shown(&mut terminal, "Copied with ");
    wait_for("the link on the clipboard", LIMIT, || {
        // xclip owns it only a moment after it has ended for the command that started it.
        let copied = std::process::Command::new("xclip")
            .args(["-o", "-selection", "clipboard"])
            .env("DISPLAY", display.name())
            .stderr(std::process::Stdio::null())
            .output()
            .unwrap();
        (String::from_utf8_lossy(&copied.stdout) == address).then_some(())
    })
    .unwrap();
    consent::give(&address, Choice::Agree).unwrap();
    shown(&mut terminal, "Connected.");

    shown(&mut terminal, "2 of 5 C");
    shown(&mut terminal, "To leave it for later: s");
    terminal.types("s\n").unwrap();
    shown(&mut terminal, "C is left for later.");

    shown(&mut terminal, "3 of 5 D");
    let address = shown(&mut terminal, "open: ");
    shown(&mut terminal, "To leave it for later: s");
    terminal.types("\u{3}").unwrap();
    for (name, outcome) in [
        ("A", "connected"),
        ("C", "skipped"),
        ("D", "interrupted"),
        ("E", "not reached"),
        ("P", "not reached"),
    ] {
        let row = shown(&mut terminal, &format!("{name} "));
        assert!(row.ends_with(outcome), "{name}: {row}");
    }
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(7));
    is_closed(&address);
    assert_eq!(keys(&queue(&home)), ["C", "D", "E", "P"]);
    let shown_a = json(&home.keyward(&["connection", "show", "A", "--json"]));
    assert_eq!(shown_a["state"], "ready");

    // OA2: nobody at a queue is asked for a password; how to connect it is told, and the others have their turn.
    let mut running = home
        .keyward(&[
            "consent",
            "run",
            "--no-browser",
            "--skip",
            "C",
            "--skip",
            "D",
            "--json",
        ])
        .start()
        .unwrap();
    consent::give(&link(&mut running), Choice::Agree).unwrap();
    running
        .stderr
        .find("what to do", LIMIT, |line| {
            line.contains("keyward connect P --username").then_some(())
        })
        .unwrap();
    let pair = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned());
    assert_eq!(
        outcomes(&mut running, 7),
        [
            pair("C", "skipped"),
            pair("D", "skipped"),
            pair("E", "connected"),
            pair("P", "failed")
        ]
    );
}
