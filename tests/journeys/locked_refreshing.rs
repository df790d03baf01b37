//! O-71: tokens are kept fresh while the vault is locked, by a host and for nobody who asks.

use std::time::Duration;

use keyward_tests::process::wait_for;
use serde_json::{Value, json};

use crate::common::{error, json, ok};
use crate::provider::{Ground, connect, ground};

/// O-71: a locked host keeps five-second tokens fresh and hands out none, and says so; switched off, it asks nobody.
#[test]
fn o71_a_locked_host_keeps_tokens_fresh() {
    let Ground { home, server } = ground(5);
    let _host = home.serve().unwrap();
    connect(&home, "SHOP", &[]);
    let locked = ok(&home.keyward(&["lock"]));
    assert!(
        locked.said().contains("tokens are kept fresh"),
        "{}",
        locked.said()
    );
    let asked = server.refreshes().unwrap();
    wait_for("two refreshes while locked", Duration::from_secs(40), || {
        (server.refreshes().ok()? >= asked + 2).then_some(())
    })
    .unwrap();
    error(&home.keyward(&["token", "SHOP", "--json"]), 4);
    let status = json(&home.keyward(&["status", "--json"]));
    assert_eq!(
        (&status["locked"], &status["refreshing"]),
        (&json!(true), &json!(true))
    );
    ok(&home.keyward(&["unlock"]));
    ok(&home.keyward(&["token", "SHOP"]));
    assert_eq!(
        json(&home.keyward(&["status", "--json"]))["refreshing"],
        Value::Null
    );
    assert_eq!(server.grants_revoked().unwrap(), 0, "O-58");

    ok(&home.keyward(&["settings", "update", "--no-refresh-while-locked"]));
    ok(&home.keyward(&["lock"]));
    assert_eq!(
        json(&home.keyward(&["status", "--json"]))["refreshing"],
        json!(false)
    );
    let before = server.refreshes().unwrap();
    std::thread::sleep(Duration::from_secs(7));
    // One that had left before the lock may have come in.
    assert!(server.refreshes().unwrap() <= before + 1);
}

/// O-71, T-03: a file that is not believed is not refreshed: the host gives it up and says so.
#[test]
fn o71_a_damaged_file_is_given_up() {
    let Ground { home, server } = ground(5);
    let _host = home.serve().unwrap();
    connect(&home, "SHOP", &[]);
    ok(&home.keyward(&["lock"]));
    const DAMAGE: &str = "
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=30)
file.execute('UPDATE rec SET body = zeroblob(64)')
file.commit()
";
    let file = home.keyward_home().join("vaults/default/vault.db");
    let done = std::process::Command::new("/usr/bin/python3")
        .args(["-c", DAMAGE])
        .arg(file)
        .status();
    assert!(done.unwrap().success());
    let asked = server.refreshes().unwrap();
    wait_for("it is given up", Duration::from_secs(40), || {
        (json(&home.keyward(&["status", "--json"]))["refreshing"] == json!(false)).then_some(())
    })
    .unwrap();
    // One may have been under way.
    assert!(server.refreshes().unwrap() <= asked + 1);
    ok(&home.keyward(&["unlock"]));
    error(&home.keyward(&["token", "SHOP", "--json"]), 9);
}
