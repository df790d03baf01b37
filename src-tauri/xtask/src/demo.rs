//! `cargo xtask demo`: the main job without a screen, on real parts, in a temporary home. Each step says what it does,
//! and checks it.

use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::consent::{self, Choice};
use keyward_tests::home::Home;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::process::wait_for;
use serde_json::Value;

use crate::sh::{Fallible, cargo, run};

/// How long an access token of the demo lives; Keyward counts it as due after half of that (SECURITY O-64).
const TTL: Duration = Duration::from_secs(5);

/// Tells the person what happens, with a number.
#[derive(Default)]
struct Steps(u32);

impl Steps {
    fn step(&mut self, what: &str) {
        self.0 += 1;
        println!("\n{}. {what}", self.0);
    }

    fn saw(&self, what: impl AsRef<str>) {
        println!("   {}", what.as_ref());
    }
}

/// Builds `keyward` and runs the demo.
pub fn demo(_args: &[String]) -> Fallible {
    let mut steps = Steps::default();
    steps.step("Build the command line");
    run(&mut cargo(&["build", "--package", "keyward", "--bin", "keyward"]))?;

    steps.step("Start an authorization server on this machine (npm oidc-provider)");
    let server = OidcServer::start(TTL)?;
    steps.saw(format!(
        "{} hands out access tokens that live {} s and refresh tokens that are good once",
        server.issuer(),
        TTL.as_secs()
    ));

    steps.step("Create a vault in a temporary home, locked by a passphrase");
    let home = Home::with_vault()?;
    steps.saw("keyward init --passphrase --passphrase-fd 3 --recovery-file recovery.txt");
    let status = home.keyward(&["status", "--json"]).output()?.success()?.json()?;
    expect(
        "the vault exists in passphrase mode",
        status["exists"] == true && status["mode"] == "passphrase",
    )?;

    secrets(&mut steps, &home)?;
    connect(&mut steps, &home, &server)?;
    refresh(&mut steps, &home, &server)?;

    steps.step("Clean up");
    home.keyward(&["connection", "delete", "github-demo"])
        .output()?
        .success()?;
    let left = home
        .keyward(&["connection", "list", "--json"])
        .output()?
        .success()?
        .json()?;
    expect("no connection is left", left == Value::Array(Vec::new()))?;
    let revoked = server
        .requests()?
        .iter()
        .any(|seen| seen.endpoint == "revocation" && seen.status == 200);
    expect("the token was revoked at the provider", revoked)?;
    steps.saw("The tokens were revoked at the provider; the home and the server are gone.");
    drop((home, server));
    println!("\nThe main job works: one secret, one consent, fresh tokens for every command.");
    Ok(())
}

fn secrets(steps: &mut Steps, home: &Home) -> Fallible {
    steps.step("Store two secrets; their values come by stdin, never as arguments");
    for (key, name, value) in [
        ("DB_PASSWORD", "Database", "s3cr3t-value"),
        ("API_KEY", "Weather service", "k-123"),
    ] {
        home.keyward(&["secret", "add", key, "--name", name])
            .stdin(value)
            .output()?
            .success()?;
        steps.saw(format!("keyward secret add {key} --name \"{name}\""));
    }
    let value = home
        .keyward(&["get", "keyward://DB_PASSWORD"])
        .output()?
        .success()?;
    expect("the value comes back", value.stdout == b"s3cr3t-value")
}

fn connect(steps: &mut Steps, home: &Home, server: &OidcServer) -> Fallible {
    steps.step("Register at the provider and connect, with the browser's part played over HTTP");
    let issuer = server.issuer();
    home.keyward(&[
        "auth-client",
        "add",
        "github-demo-client",
        "--type",
        "oauth2",
        "--app",
        "github",
        "--issuer",
        issuer,
        "--client-id",
        NATIVE_CLIENT,
        "--scope",
        "openid",
        "--scope",
        "offline_access",
        "--scope",
        "api:read",
        "--authorize-param",
        "prompt=consent",
    ])
    .output()?
    .success()?;
    steps.saw("keyward auth-client add github-demo-client --type oauth2 --issuer …: endpoints discovered");
    let mut flow = home
        .keyward(&[
            "connect",
            "github-demo",
            "--auth-client",
            "github-demo-client",
            "--no-browser",
            "--json",
        ])
        .start()?;
    let url = flow
        .stderr
        .find("link to open", Duration::from_secs(20), |line| {
            line.split_once("open: ").map(|(_, url)| url.trim().to_owned())
        })?;
    steps.saw("keyward connect github-demo --no-browser: it printed the link and waits on a loopback port");
    let page = consent::give(&url, Choice::Agree)?;
    expect("the browser ends on Keyward's page", page.status == 200)?;
    let status = flow.wait(Duration::from_secs(20))?;
    if !status.success() {
        return Err(format!("connect ended with {status}:\n{}", flow.stderr.seen().join("\n")).into());
    }
    let shown = home
        .keyward(&["connection", "show", "github-demo", "--json"])
        .output()?
        .success()?
        .json()?;
    expect("the connection is ready", shown["state"] == "ready")?;
    steps.saw("Signed in, agreed, sent back: the connection is ready");
    Ok(())
}

fn refresh(steps: &mut Steps, home: &Home, server: &OidcServer) -> Fallible {
    steps.step("Start a host (keyward serve), which keeps the connection fresh by itself");
    let host = home.serve()?;
    let mut last = token(home)?;
    let mut refreshes = server.refreshes()?;
    for round in ["first", "second"] {
        steps.step(&format!("Let the token expire, the {round} time"));
        std::thread::sleep(TTL);
        let now = wait_for("another token", TTL * 2, || {
            token(home).ok().filter(|now| *now != last)
        })?;
        let counted = server.refreshes()?;
        expect("the provider counted a refresh", counted > refreshes)?;
        steps.saw(format!(
            "Another token; the provider has counted {counted} refresh requests (before: {refreshes})"
        ));
        (last, refreshes) = (now, counted);
    }
    expect(
        "no refresh token was ever used twice",
        server.grants_revoked()? == 0,
    )?;

    steps.step("Run a program with a secret and the token in its environment only");
    let check = r#"test "$DB" = s3cr3t-value && test -n "$TOKEN" && test "$TOKEN" != keyward://github-demo && echo "the child has both""#;
    let child = home
        .keyward(&["run", "--", "sh", "-c", check])
        .var("DB", "keyward://DB_PASSWORD")
        .var("TOKEN", "keyward://github-demo")
        .output()?
        .success()?;
    steps.saw("DB=keyward://DB_PASSWORD TOKEN=keyward://github-demo keyward run -- sh -c …");
    steps.saw(child.text().trim());

    host.terminate(Duration::from_secs(10))?;
    Ok(())
}

/// A fresh access token, as any script would ask for it.
fn token(home: &Home) -> Result<String, Trouble> {
    let answer = home
        .keyward(&["token", "github-demo", "--json"])
        .output()?
        .success()?
        .json()?;
    answer["access_token"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| "an access token is text".into())
}

/// Says which promise did not hold.
fn expect(what: &str, holds: bool) -> Fallible {
    if holds {
        Ok(())
    } else {
        Err(format!("it should be that {what}, and it is not").into())
    }
}
