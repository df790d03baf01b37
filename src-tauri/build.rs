//! Lists every command in the app manifest, so that each needs a permission of the capability (W-03).

use tauri_build::{AppManifest, Attributes};

include!("src/commands/names.rs");

/// Everything tauri merges into one configuration: its file, those for a platform, and what the environment adds.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told its surroundings by the environment"
)]
fn configurations() -> Vec<(String, String)> {
    println!("cargo:rerun-if-env-changed=TAURI_CONFIG");
    let files = std::fs::read_dir(".").expect("the folder of build.rs can be listed");
    let mut found: Vec<_> = files
        .map(|file| file.expect("the folder of build.rs can be listed").path())
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .filter(|(name, _)| {
            name.to_lowercase().starts_with("tauri.") && !name.ends_with(".rs") && !name.ends_with(".lock")
        })
        .map(|(name, path)| {
            println!("cargo:rerun-if-changed={name}");
            let text = std::fs::read_to_string(path).expect("a configuration is text");
            (name, text)
        })
        .collect();
    assert!(
        found.iter().any(|(name, _)| name == "tauri.conf.json"),
        "tauri.conf.json lies beside build.rs"
    );
    found.extend(std::env::var("TAURI_CONFIG").map(|text| ("TAURI_CONFIG".to_owned(), text)));
    found
}

fn main() {
    // W-15: what is relative to a development address counts as ours, so a release has none.
    if !cfg!(debug_assertions) {
        for (name, config) in configurations() {
            for key in ["devUrl", "dev-url"] {
                assert!(!config.contains(key), "W-15: {key} is set in {name}");
            }
        }
    }
    // Both are embedded.
    println!("cargo:rerun-if-changed=isolation");
    println!("cargo:rerun-if-changed=../ui/dist");
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(COMMANDS));
    tauri_build::try_build(attributes).expect("tauri.conf.json, capabilities and icons fit together");
}
