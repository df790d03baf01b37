//! AM14 in the real window: switching leaves nothing of one vault in the page of another; renaming, deleting; and a
//! restore from a copy of the day.

use keyward_tests::home::{Home, PASSPHRASE};

use crate::app::App;

/// Two vaults in passphrase mode, each with one secret of its own.
fn two_vaults() -> Home {
    let home = Home::new().unwrap();
    for (vault, key) in [("default", "CANARY_PLUM"), ("work", "WORK_PEAR")] {
        let recovery = home.path().join(format!("recovery-{vault}.txt"));
        let how = [
            "--passphrase",
            "--kdf-memory",
            "64",
            "--recovery-file",
            recovery.to_str().unwrap(),
        ];
        let mut create = vec!["vault", "create", vault];
        create.extend(how);
        home.keyward(&create).output().unwrap().success().unwrap();
        let add = home.keyward(&["--vault", vault, "secret", "add", key]);
        add.stdin("a value").output().unwrap().success().unwrap();
    }
    home
}

fn unlock(app: &App) {
    app.window.wait_text("Vault locked").unwrap();
    app.fill("Passphrase", PASSPHRASE).unwrap();
    app.press("Unlock").unwrap();
}

#[test]
fn am14_switching_renaming_and_deleting_a_vault() {
    let app = App::start(two_vaults()).unwrap();
    unlock(&app);
    app.window.wait_text("CANARY_PLUM").unwrap();
    app.press("Switch environment").unwrap();
    app.picture("02-vault-menu").unwrap();
    app.press("work").unwrap();
    app.window.wait_text("Type the passphrase of work").unwrap();
    assert!(
        !app.markup().unwrap().contains("CANARY_PLUM"),
        "a name of the other vault"
    );
    unlock(&app);
    app.window.wait_text("WORK_PEAR").unwrap();
    assert!(
        !app.markup().unwrap().contains("CANARY_PLUM"),
        "a name of the other vault"
    );

    app.press("Switch environment").unwrap();
    app.press("Rename vault").unwrap();
    let field = app.window.field("Name").unwrap();
    app.window.clear(&field).unwrap();
    app.window.keys(&field, "job").unwrap();
    app.press("Rename").unwrap();
    app.window.wait_text("Type the passphrase of job").unwrap();
    let listed = app
        .home
        .keyward(&["vault", "list", "--json"])
        .output()
        .unwrap()
        .json()
        .unwrap();
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|vault| vault["name"].clone())
        .collect();
    assert_eq!(names, ["default", "job"]);

    unlock(&app);
    app.window.wait_text("WORK_PEAR").unwrap();
    app.press("Switch environment").unwrap();
    app.press("Delete vault").unwrap();
    app.fill("Type job to go on", "job").unwrap();
    app.picture("02-vault-delete").unwrap();
    app.press("Delete vault").unwrap();
    // The other vault is open as it was: this one alone asked for its passphrase.
    app.window.wait_text("CANARY_PLUM").unwrap();
    assert!(!app.home.keyward_home().join("vaults/job").exists());
    // The next start begins where this one ended.
    let looks = std::fs::read_to_string(app.home.keyward_home().join("config.toml")).unwrap();
    assert!(looks.contains("last_vault = \"default\""), "{looks}");
}
