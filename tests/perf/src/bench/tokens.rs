//! P10: what a token costs, cached and freshly asked for, beside an agent without OAuth and `curl` with the same request.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use keyward_lab::{Client, Endpoint, Lab, client::Rotation};
use keyward_tests::http;

use crate::{
    Fallible,
    cpu::{cpu, pair},
    set::{Set, end},
    table::Table,
};

const CLIENT: &str = "keyward";
/// The client of `curl`: its refresh token stays the same, since nobody keeps a new one.
const BARE: &str = "curl";

pub(crate) fn measure(table: &mut Table, set: &Set<'_>) -> Fallible {
    let lab = Lab::start(Arc::new(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_secs()).unwrap_or_default()
    }))?;
    lab.register(CLIENT, Client::default());
    lab.register(
        BARE,
        Client {
            rotation: Rotation::None,
            ..Client::default()
        },
    );
    let mut host = set.serve()?;
    let pid = Some(host.id());
    consent(set, &lab)?;
    let granted = refresh_token(&lab)?;

    let name = "SECRET_00007";
    let (cached, floor) = pair(
        &mut || cpu(&mut set.keyward(&["token", "MAIL"]), pid),
        &mut || cpu(&mut set.floor("ask", Some(name)), Some(set.agent.id())),
    )?;
    let entries = set.entries;
    table.row(
        "P10",
        &format!("cached token / an agent's answer, {entries}"),
        cached,
        floor,
        1.5,
    );

    let requests = lab.history().requests(Endpoint::Token);
    let mut fresh = || cpu(&mut set.keyward(&["connection", "refresh", "MAIL"]), pid);
    let (refreshed, bare) = pair(&mut fresh, &mut || cpu(&mut curl(&lab, &granted), None))?;
    // What two commits cost: the floor's command that writes, less the one that only reads.
    let (written, read) = pair(
        &mut || cpu(&mut set.floor("set", Some("ADDED")), None),
        &mut || cpu(&mut set.floor("get", Some(name)), None),
    )?;
    table.row(
        "P10",
        &format!("forced refresh / curl and two commits, {entries}"),
        refreshed,
        bare + 2.0 * (written - read).max(0.0),
        1.5,
    );
    assert!(
        lab.history().requests(Endpoint::Token) >= requests + 2 * crate::ROUNDS,
        "each of both was a request"
    );
    end(&mut host)
}

/// Connects MAIL as a person would who agrees at once.
fn consent(set: &Set<'_>, lab: &Lab) -> Fallible {
    let (authorize, token) = (lab.uri(Endpoint::Authorize), lab.uri(Endpoint::Token));
    let add = [
        "auth-client",
        "add",
        "LAB",
        "--type",
        "oauth2",
        "--client-id",
        CLIENT,
        "--auth-uri",
        &authorize,
        "--token-uri",
        &token,
        "--scope",
        "mail",
    ];
    cpu(&mut set.keyward(&add), None)?;
    let mut connecting = set
        .keyward(&["connect", "MAIL", "--auth-client", "LAB", "--no-browser"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let said = BufReader::new(connecting.stderr.take().ok_or("stderr")?);
    let mut link = None;
    for line in said.lines() {
        if let Some(found) = line?.strip_prefix("open: ") {
            link = lab.agree(found);
            let back = link.as_deref().ok_or("a link of the laboratory")?;
            http::get(back, &[]).map_err(|trouble| trouble.to_string())?;
        }
    }
    let ended = connecting.wait()?;
    assert!(ended.success() && link.is_some(), "the consent");
    Ok(())
}

/// A refresh token for `curl`, from a consent of its own.
fn refresh_token(lab: &Lab) -> Fallible<String> {
    let redirect = "http://127.0.0.1:9/callback";
    let link = format!(
        "{}?response_type=code&client_id={BARE}&redirect_uri={redirect}&state=s&scope=mail",
        lab.uri(Endpoint::Authorize)
    );
    let back = lab.agree(&link).ok_or("a link of the laboratory")?;
    let code = http::query(&back, "code").ok_or("a code")?;
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&client_id={BARE}");
    let mut asked = Command::new("curl");
    asked.args(["--silent", "--data", &form, &lab.uri(Endpoint::Token)]);
    let answer: serde_json::Value = serde_json::from_slice(&asked.output()?.stdout)?;
    Ok(answer["refresh_token"]
        .as_str()
        .ok_or("a refresh token")?
        .to_owned())
}

fn curl(lab: &Lab, refresh_token: &str) -> Command {
    let form = format!("grant_type=refresh_token&refresh_token={refresh_token}&client_id={BARE}");
    let mut command = Command::new("curl");
    command.args(["--silent", "--fail", "--data", &form, &lab.uri(Endpoint::Token)]);
    command
}
