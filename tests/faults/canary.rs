//! canaries in every place a person or a provider can put something, every command run, also failing;
//! then every file of the run and everything said on stderr is searched. A canary stands nowhere but in the stdout of
//! a command that was asked for it.
//!
//! Long, because the tour through all commands is one story: what one leaves behind, the next could let out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use keyward_tests::home::{Home, Outcome, Run};
use keyward_tests::oidc::{CLIENT_SECRET, CONFIDENTIAL_CLIENT, OidcServer};
use keyward_tests::{http, place};

use crate::kill_in_refresh::add_client;
use crate::relay::{Exchange, Relay};

const PASSPHRASE: &str = "canary-passphrase quite long 4711";
const VALUES: [&str; 8] = [
    "canary-value-one",
    "canary-value-two",
    "canary-value-env",
    "canary-value-file",
    "canary-value-deleted",
    "canary-value-refused",
    "canary-value-variable",
    "canary-value-changed",
];
/// May be said to the person, as keys and names are; must stand in no file.
const METADATA: [&str; 10] = [
    "CANARY_KEY_ONE",
    "CANARY_KEY_TWO",
    "Canary name",
    "canary description",
    "canary-tag",
    "CANARY_CONNECTION",
    "CANARY_CREDENTIAL",
    "CANARY_CLIENT",
    "canary-environment",
    "canary-scope-app",
];

/// Everything that was said, by what was said it.
struct Tour {
    home: Home,
    said: Vec<(String, Vec<u8>)>,
    printed: Vec<(String, Vec<u8>)>,
}

/// Whether a command was asked for a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Value,
    Nothing,
}

impl Tour {
    fn command(&self, args: &[&str]) -> Run {
        self.home
            .keyward(args)
            .passphrase(Some(PASSPHRASE))
            .var("KEYWARD_LOG", "trace")
            .var("RUST_LOG", "trace")
            .var("RUST_BACKTRACE", "1")
            .var("TMPDIR", self.home.path().join("tmp").to_string_lossy())
    }

    fn run(&mut self, args: &[&str], stdin: &str, asked: Asked) -> Outcome {
        self.keep(args, &self.command(args).stdin(stdin), asked)
    }

    fn keep(&mut self, args: &[&str], run: &Run, asked: Asked) -> Outcome {
        let outcome = run.output().unwrap();
        let name = args.join(" ");
        self.said.push((name.clone(), outcome.stderr.clone()));
        if asked == Asked::Nothing {
            self.printed.push((name, outcome.stdout.clone()));
        }
        outcome
    }

    fn ok(&mut self, args: &[&str], stdin: &str) {
        self.run(args, stdin, Asked::Nothing).success().unwrap();
    }

    /// Fails with `code`, in words and in JSON.
    fn fails(&mut self, args: &[&str], stdin: &str, code: i32) {
        self.run(args, stdin, Asked::Nothing).ended_with(code).unwrap();
        let mut json = args.to_vec();
        json.insert(0, "--json");
        self.run(&json, stdin, Asked::Nothing).ended_with(code).unwrap();
    }

    fn value(&mut self, args: &[&str], expected: &str) {
        let got = self.run(args, "", Asked::Value).success().unwrap();
        assert!(got.text().contains(expected), "{args:?}");
    }
}

/// Every token and code that went over the wire, and the verifier.
fn secrets_of(exchanges: &[Exchange]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for exchange in exchanges {
        for name in ["code", "code_verifier", "refresh_token", "token"] {
            all.extend(http::query(&format!("?{}", exchange.asked), name));
        }
        let answer: serde_json::Value =
            serde_json::from_str(exchange.answered.as_deref().unwrap_or("null")).unwrap_or_default();
        for name in ["access_token", "refresh_token", "id_token"] {
            all.extend(answer[name].as_str().map(str::to_owned));
        }
    }
    all
}

/// The shapes in which a text might stand in a file.
fn shapes(text: &str) -> Vec<Vec<u8>> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(text);
    // The end of the last group depends on what follows.
    let base64 = base64.trim_end_matches('=');
    let base64 = &base64[..base64.len() - 2];
    vec![
        text.as_bytes().to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        wide,
        base64.as_bytes().to_vec(),
    ]
}

fn holds(bytes: &[u8], canary: &[u8]) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary)
}

/// Regular files below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                all.push(entry.path());
            }
        }
    }
    all
}

#[test]
fn r01_r17_no_canary_stands_where_it_must_not() {
    let server = OidcServer::start(std::time::Duration::from_secs(120)).unwrap();
    let relay = Relay::before(server.issuer());
    let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
    let home = Home::new().unwrap().var("BROWSER", browser.to_string_lossy());
    // What goes in lies apart from what is searched.
    let outside = tempfile::Builder::new().prefix("kwin").tempdir().unwrap();
    let at = |name: &str| outside.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir(home.path().join("tmp")).unwrap();
    let mut tour = Tour {
        home,
        said: Vec::new(),
        printed: Vec::new(),
    };

    alone(&mut tour, &at);
    // The rest goes through a host, which is quicker than a key derivation each.
    let mut host = tour.command(&["serve"]).start().unwrap();
    keyward_tests::process::wait_for("a host", std::time::Duration::from_secs(30), || {
        let status = tour
            .home
            .keyward(&["status", "--json"])
            .passphrase(None)
            .output()
            .ok()?
            .json()
            .ok()?;
        (status["locked"] == false && !status["host"].is_null()).then_some(())
    })
    .unwrap();
    secrets(&mut tour, &at);
    credentials(&mut tour);
    settings(&mut tour);
    tokens(&mut tour, &server, &relay);
    failures(&mut tour, &at);
    let pid = host.process.0.id();
    let host_shows: Vec<u8> = ["cmdline", "environ"]
        .iter()
        .flat_map(|name| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default())
        .collect();
    tour.said
        .push(("the host's arguments and environment".to_owned(), host_shows));
    // While it runs, the log of the database is full; then once more after its end.
    let exchanges = relay.exchanges();
    search(&tour, &exchanges, &at);
    tour.ok(&["connection", "delete", "CANARY_CONNECTION"], "");
    tour.ok(&["auth-client", "delete", "CANARY_CLIENT"], "");
    tour.ok(&["unlock"], "");
    tour.ok(&["lock"], "");
    tour.fails(
        &["secret", "history", "CANARY_KEY_ONE", "--passphrase-fd", "77"],
        "",
        2,
    );
    keyward_tests::process::signal(pid, "TERM").unwrap();
    host.wait(std::time::Duration::from_secs(40)).unwrap();
    let said = host.stderr.seen().join("\n").into_bytes();
    tour.said.push(("serve".to_owned(), said));
    tour.ok(&["doctor"], "");
    search(&tour, &exchanges, &at);
    println!(
        "{} runs, {} exchanges with the provider, 0 canaries",
        tour.said.len(),
        exchanges.len()
    );
}

/// Without a host.
fn alone(tour: &mut Tour, at: &dyn Fn(&str) -> String) {
    tour.fails(&["get", "CANARY_KEY_ONE"], "", 3);
    tour.ok(
        &[
            "init",
            "--passphrase",
            "--kdf-memory",
            "64",
            "--recovery-file",
            &at("recovery"),
        ],
        "",
    );
    tour.fails(
        &["init", "--passphrase", "--recovery-file", &at("recovery-2")],
        "",
        6,
    );
    tour.ok(
        &[
            "secret",
            "add",
            "CANARY_KEY_ONE",
            "--name",
            "Canary name",
            "--description",
            "canary description",
            "--tag",
            "canary-tag",
        ],
        VALUES[0],
    );
    tour.value(&["get", "CANARY_KEY_ONE"], VALUES[0]);
    tour.ok(&["status"], "");
    tour.ok(&["unlock"], "");
    tour.ok(&["doctor", "--json"], "");
    tour.ok(&["audit", "--json"], "");
    let wrong = tour
        .command(&["get", "CANARY_KEY_ONE", "--json"])
        .passphrase(Some("canary-passphrase wrong one"));
    tour.keep(&["get, wrong passphrase"], &wrong, Asked::Nothing)
        .ended_with(4)
        .unwrap();
}

fn secrets(tour: &mut Tour, at: &dyn Fn(&str) -> String) {
    std::fs::write(at("value"), VALUES[3]).unwrap();
    tour.ok(
        &["secret", "add", "CANARY_KEY_TWO", "--value-file", &at("value")],
        "",
    );
    tour.ok(
        &["secret", "update", "CANARY_KEY_TWO", "--value-stdin"],
        VALUES[1],
    );
    tour.ok(
        &[
            "secret",
            "update",
            "CANARY_KEY_TWO",
            "--name",
            "Canary name 2",
            "--tag",
            "canary-tag-2",
        ],
        "",
    );
    tour.ok(&["env", "add", "canary-environment"], "");
    tour.ok(&["env", "list"], "");
    tour.ok(
        &["--env", "canary-environment", "secret", "add", "CANARY_KEY_ONE"],
        VALUES[2],
    );
    tour.ok(&["secret", "add", "CANARY_KEY_GONE"], VALUES[4]);
    tour.ok(&["secret", "delete", "CANARY_KEY_GONE"], "");
    tour.ok(&["secret", "restore", "CANARY_KEY_GONE"], "");
    tour.ok(&["secret", "delete", "CANARY_KEY_GONE"], "");
    tour.ok(&["secret", "list", "--json"], "");
    tour.ok(&["secret", "list", "--search", "canary"], "");
    tour.ok(&["secret", "show", "CANARY_KEY_ONE"], "");
    tour.ok(&["secret", "history", "CANARY_KEY_TWO", "--json"], "");
    tour.ok(&["secret", "restore", "CANARY_KEY_TWO", "--version", "1"], "");
    tour.value(&["get", "keyward://CANARY_KEY_TWO", "--json"], VALUES[3]);
    tour.value(&["secret", "show", "CANARY_KEY_ONE", "--reveal"], VALUES[0]);
    let run = tour
        .command(&["run", "--", "printenv", "DB"])
        .var("DB", "keyward://CANARY_KEY_ONE");
    let got = tour.keep(&["run"], &run, Asked::Value).success().unwrap();
    assert!(got.text().contains(VALUES[0]));
    std::fs::write(at("template"), "a={vault.CANARY_KEY_ONE}\n").unwrap();
    tour.ok(&["inject", "-i", &at("template"), "-o", &at("filled")], "");
    // The search finds what is there: this file was asked for.
    assert!(holds(&std::fs::read(at("filled")).unwrap(), VALUES[0].as_bytes()));
    let got = tour.run(
        &["inject", "-i", "-", "-o", "-"],
        "{vault.CANARY_KEY_ONE}",
        Asked::Value,
    );
    assert_eq!(got.text(), VALUES[0]);
}

fn credentials(tour: &mut Tour) {
    let add = [
        "credential",
        "add",
        "CANARY_CREDENTIAL",
        "--var",
        "user:plain",
        "--var",
        "password",
    ];
    tour.ok(&add, &format!("someone\n{}\n", VALUES[6]));
    tour.ok(&["credential", "list", "--json"], "");
    tour.ok(&["credential", "show", "CANARY_CREDENTIAL"], "");
    tour.value(
        &["credential", "show", "CANARY_CREDENTIAL", "--reveal"],
        VALUES[6],
    );
    tour.value(&["get", "keyward://./CANARY_CREDENTIAL/password"], VALUES[6]);
    tour.value(&["get", "CANARY_CREDENTIAL", "--json"], VALUES[6]);
    tour.ok(
        &["credential", "update", "CANARY_CREDENTIAL", "--var", "password"],
        VALUES[7],
    );
    tour.ok(&["credential", "history", "CANARY_CREDENTIAL", "password"], "");
    tour.ok(&["credential", "delete", "CANARY_CREDENTIAL"], "");
    tour.ok(&["credential", "restore", "CANARY_CREDENTIAL"], "");
    tour.fails(&add, &format!("someone\n{}\n", VALUES[5]), 6);
    tour.fails(
        &["credential", "add", "CANARY_OTHER", "--var", "one"],
        &format!("{0}\n{0}\n", VALUES[5]),
        2,
    );
}

fn settings(tour: &mut Tour) {
    tour.ok(&["settings", "show"], "");
    tour.ok(&["settings", "update", "--clipboard", "60", "--json"], "");
    tour.fails(&["settings", "update", "--clipboard", "4"], "", 2);
    let unproven = tour
        .command(&["settings", "update", "--no-passphrase-to-reveal"])
        .passphrase(Some("canary-passphrase wrong one"));
    tour.keep(&["settings update, wrong passphrase"], &unproven, Asked::Nothing)
        .ended_with(4)
        .unwrap();
}

fn tokens(tour: &mut Tour, server: &OidcServer, relay: &Relay) {
    let mut add = add_client(server, &relay.token_uri(), CONFIDENTIAL_CLIENT);
    add[2] = "CANARY_CLIENT".to_owned();
    add.extend(["--client-secret-stdin", "--app", "canary-scope-app"].map(str::to_owned));
    tour.ok(&add.iter().map(String::as_str).collect::<Vec<_>>(), CLIENT_SECRET);
    tour.ok(&["auth-client", "list", "--json"], "");
    tour.ok(&["auth-client", "show", "CANARY_CLIENT"], "");
    tour.ok(&["connect", "CANARY_CONNECTION", "--timeout", "60s"], "");
    tour.ok(&["connection", "list", "--json"], "");
    tour.ok(&["connection", "show", "CANARY_CONNECTION"], "");
    tour.ok(&["connection", "refresh", "CANARY_CONNECTION", "--json"], "");
    let token = tour
        .run(&["token", "CANARY_CONNECTION"], "", Asked::Value)
        .success()
        .unwrap();
    assert!(secrets_of(&relay.exchanges()).contains(token.text().trim()));
    tour.value(&["get", "@canary-scope-app"], "");
    tour.value(&["token", "CANARY_CONNECTION", "--json"], "access_token");
    // The provider says no, for now and for good.
    server.fail_next(1, 503, "temporarily_unavailable").unwrap();
    tour.run(
        &["connection", "refresh", "CANARY_CONNECTION"],
        "",
        Asked::Nothing,
    );
    server.fail_next(2, 401, "invalid_client").unwrap();
    tour.run(
        &["connection", "refresh", "CANARY_CONNECTION", "--json"],
        "",
        Asked::Nothing,
    );
    tour.run(
        &["connection", "refresh", "CANARY_CONNECTION"],
        "",
        Asked::Nothing,
    );
    server.fail_next(0, 200, "").unwrap();
    let refuse = tour
        .command(&["connect", "CANARY_CONNECTION", "--timeout", "60s"])
        .var("KEYWARD_TEST_CONSENT", "refuse");
    tour.keep(&["connect, refused"], &refuse, Asked::Nothing);
    tour.run(
        &["connect", "CANARY_CONNECTION", "--no-browser", "--timeout", "1s"],
        "",
        Asked::Nothing,
    )
    .ended_with(7)
    .unwrap();
    tour.fails(&["auth-client", "delete", "CANARY_CLIENT"], "", 6);
    tour.ok(&["connect", "CANARY_CONNECTION", "--timeout", "60s"], "");
    tour.ok(&["connection", "disconnect", "CANARY_CONNECTION"], "");
    tour.fails(&["token", "CANARY_CONNECTION"], "", 7);
    tour.ok(&["connect", "CANARY_CONNECTION", "--timeout", "60s"], "");
    tour.ok(&["audit"], "");
    tour.ok(&["audit", "--json"], "");
    tour.ok(&["audit", "verify"], "");
    tour.ok(&["doctor", "--json"], "");
    tour.ok(&["completion", "bash"], "");
}

/// Values in the hands of commands that refuse them.
fn failures(tour: &mut Tour, at: &dyn Fn(&str) -> String) {
    let refused = VALUES[5];
    tour.fails(&["secret", "add", "CANARY_KEY_ONE"], refused, 6);
    tour.fails(&["secret", "add", "Bad.Key"], refused, 2);
    tour.fails(&["secret", "add", "CANARY_KEY_NEW", refused], "", 2);
    tour.fails(&["secret", "update", "CANARY_KEY_ONE", refused], "", 2);
    tour.fails(&["secret", "update", "NO_SUCH_KEY", "--value-stdin"], refused, 3);
    tour.fails(
        &["secret", "add", "CANARY_KEY_NEW", "--value-file", &at("none")],
        "",
        2,
    );
    tour.fails(&["secret", "add", "CANARY_KEY_NEW"], &refused.repeat(100_000), 2);
    tour.fails(&["get", "NO_SUCH_KEY"], "", 3);
    tour.fails(&["get", "CANARY_KEY_TWO", "--env", "none-such"], "", 3);
    tour.fails(&["token", "NO_SUCH"], "", 3);
    tour.fails(
        &["connect", "CANARY_KEY_ONE", "--auth-client", "CANARY_CLIENT"],
        "",
        6,
    );
    tour.fails(&["env", "delete", "canary-environment"], "", 6);
    tour.fails(&["serve"], "", 6);
    // A template that cannot be filled says where, and nothing of the values or of the text around.
    for (format, template) in [
        (
            "json",
            format!("{{\"a\": {{vault.CANARY_KEY_ONE}}, \"b\": \"{refused}\"}}"),
        ),
        ("text", format!("{refused} {{vault.CANARY_KEY_ONE {refused}")),
        (
            "text",
            format!("{refused} {{vault.CANARY_KEY_ONE}} {{vault.NO_SUCH_KEY}}"),
        ),
        (
            "yaml",
            format!("a: {refused} {{vault.CANARY_KEY_ONE}} {{vault.NO_SUCH_KEY}}\n"),
        ),
    ] {
        let args = ["inject", "-i", "-", "-o", "-", "--format", format];
        let outcome = tour.run(&args, &template, Asked::Nothing);
        assert_ne!(outcome.code(), 0, "{template}");
    }
    std::fs::write(at("env"), format!("A='{refused}\nB={refused}\n")).unwrap();
    tour.fails(&["run", "--env-file", &at("env"), "--", "true"], "", 2);
    tour.fails(&["run", "--", "/no/such/program"], "", 2);
    let run = tour
        .command(&["run", "--", "true"])
        .var("DB", format!("keyward://NO_SUCH_KEY {refused}"));
    tour.keep(&["run, no such"], &run, Asked::Nothing);
}

fn search(tour: &Tour, exchanges: &[Exchange], at: &dyn Fn(&str) -> String) {
    let recovery = std::fs::read_to_string(at("recovery")).unwrap();
    let mut secret: BTreeSet<String> = VALUES.iter().map(|&value| value.to_owned()).collect();
    secret.extend(secrets_of(exchanges));
    secret.extend([
        PASSPHRASE.to_owned(),
        CLIENT_SECRET.to_owned(),
        recovery.trim().to_owned(),
    ]);
    secret.insert("canary-passphrase wrong one".to_owned());
    assert!(secret.len() > 15, "the relay saw the tokens");

    for (name, bytes) in &tour.said {
        for canary in &secret {
            assert!(!holds(bytes, canary.as_bytes()), "{canary} was said by: {name}");
        }
    }
    for (name, bytes) in &tour.printed {
        for canary in &secret {
            assert!(
                !holds(bytes, canary.as_bytes()),
                "{canary} was printed by: {name}"
            );
        }
    }
    let mut everywhere: Vec<String> = secret.into_iter().collect();
    everywhere.extend(METADATA.map(str::to_owned));
    let shapes: Vec<(String, Vec<Vec<u8>>)> = everywhere
        .iter()
        .map(|canary| (canary.clone(), shapes(canary)))
        .collect();
    let all = files(tour.home.path());
    assert!(
        all.iter().any(|file| file.ends_with("vault.db")),
        "the vault is among what is searched"
    );
    for file in all {
        let bytes = std::fs::read(&file).unwrap();
        for (canary, shapes) in &shapes {
            assert!(
                !shapes.iter().any(|shape| holds(&bytes, shape)),
                "{canary} stands in {}",
                file.display()
            );
        }
    }
}
