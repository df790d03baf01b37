//! Lists every command in the app manifest, so that each needs a permission of the capability (W-03).

use tauri_build::{AppManifest, Attributes};

include!("src/commands/names.rs");

fn main() {
    // W-15: what is relative to a development address counts as ours, so a release has none.
    let config = std::fs::read_to_string("tauri.conf.json").expect("tauri.conf.json lies beside build.rs");
    assert!(
        cfg!(debug_assertions) || !config.contains("\"devUrl\""),
        "W-15: devUrl is set in tauri.conf.json"
    );
    // Both are embedded.
    println!("cargo:rerun-if-changed=isolation");
    println!("cargo:rerun-if-changed=../ui/dist");
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
    tauri_build::try_build(attributes).expect("tauri.conf.json, capabilities and icons fit together");
}
