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

/// A copy of the day of the vault `default`, made by hand; where it lies.
fn copy_of_the_day(home: &Home) -> std::path::PathBuf {
    let folder = home.keyward_home().join("vaults/default/backups");
    if !folder.exists() {
        std::fs::create_dir(&folder).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&folder, private).unwrap();
    }
    let copy = folder.join("2026-11-22T090000Z-daily.db");
    let backup = home.keyward(&["backup", copy.to_str().unwrap()]);
    backup.output().unwrap().success().unwrap();
    copy
}

/// ST4: a wrong key of a copy is told and changes nothing; with the right one the copy is the vault, which is told, and
/// what is shown is read again.
#[test]
fn st4_a_copy_is_restored_in_the_window() {
    let home = two_vaults();
    copy_of_the_day(&home);
    let add = home.keyward(&["secret", "add", "MADE_SINCE"]);
    add.stdin("a value").output().unwrap().success().unwrap();
    let app = App::start(home).unwrap();
    unlock(&app);
    app.window.wait_text("MADE_SINCE").unwrap();
    app.press("Settings").unwrap();
    app.press("Backup").unwrap();
    app.press("Restore the copy of").unwrap();
    app.window.wait_text("1 thing made since will be gone").unwrap();
    let field = "Passphrase of this copy";
    app.fill(field, "not this one at all\u{E007}").unwrap();
    app.window.wait_text("That passphrase does not open").unwrap();
    let status = app.home.keyward(&["status", "--json"]).passphrase(None);
    let status = status.output().unwrap().json().unwrap();
    assert_eq!(status["locked"], false, "{status}");
    app.fill(field, &format!("{PASSPHRASE}\u{E007}")).unwrap();
    app.window.wait_text("Restored.").unwrap();
    app.press("All items").unwrap();
    app.window.wait_text("CANARY_PLUM").unwrap();
    assert!(!app.markup().unwrap().contains("MADE_SINCE"));
}

/// ST4: a vault file that is damaged is restored from its last copy where that is said.
#[test]
fn st4_a_damaged_vault_is_restored_at_the_lock() {
    let home = two_vaults();
    let mut bytes = std::fs::read(copy_of_the_day(&home)).unwrap();
    // The one row of the header lies at the end of the second page, and its MAC at the end of the row.
    bytes[2 * 4096 - 32..2 * 4096].fill(0);
    let vault = home.keyward_home().join("vaults/default/vault.db");
    std::fs::write(&vault, bytes).unwrap();
    for side in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(vault.with_extension(side));
    }
    let app = App::start(home).unwrap();
    unlock(&app);
    app.window.wait_text("This vault file is damaged").unwrap();
    app.window.wait_text("Last copy").unwrap();
    app.picture("01-unlock-damaged").unwrap();
    app.press("Restore backup").unwrap();
    app.fill("Passphrase of this copy", &format!("{PASSPHRASE}\u{E007}"))
        .unwrap();
    app.window.wait_text("CANARY_PLUM").unwrap();
}
