//! W-03: what the window may call is one list, everywhere.

use std::collections::BTreeSet;

use tauri::{Url, ipc::Origin};

include!("names.rs");

/// Core commands of the framework that the window may call besides ours: two events, being dragged by its title bar.
const CORE: [&str; 4] = [
    "plugin:event|listen",
    "plugin:event|unlisten",
    "plugin:window|start_dragging",
    "plugin:window|internal_toggle_maximize",
];

/// Every command the framework itself would offer, from the manifests that the build resolved.
fn core_commands() -> BTreeSet<String> {
    let manifests: serde_json::Value =
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/acl-manifests.json"))).unwrap();
    let mut all = BTreeSet::new();
    for (name, manifest) in manifests.as_object().unwrap() {
        let Some(plugin) = name.strip_prefix("core:") else {
            continue;
        };
        for permission in manifest["permissions"].as_object().into_iter().flatten() {
            for command in permission.1["commands"]["allow"].as_array().into_iter().flatten() {
                all.insert(format!("plugin:{plugin}|{}", command.as_str().unwrap()));
            }
        }
    }
    all
}

#[test]
fn w03_the_resolved_capability_is_this_list_and_nothing_else() {
    let mut context: tauri::Context<tauri::Wry> = tauri::generate_context!(test = true);
    let authority = context.runtime_authority_mut();
    let remote = Origin::Remote {
        url: Url::parse("https://example.com/").unwrap(),
    };
    for command in COMMANDS.iter().chain(&CORE) {
        let granted = |window: &str, origin: &Origin| {
            authority
                .resolve_access(command, window, window, origin)
                .is_some_and(|granted| !granted.is_empty())
        };
        assert!(
            granted("main", &Origin::Local),
            "{command} is denied to the main window"
        );
        assert!(
            !granted("other", &Origin::Local),
            "{command} is open to any window"
        );
        assert!(!granted("main", &remote), "{command} is open to the web");
    }
    let core = core_commands();
    assert!(
        core.len() > 100,
        "the framework's commands are known: {}",
        core.len()
    );
    for command in core.iter().filter(|command| !CORE.contains(&command.as_str())) {
        let granted = authority.resolve_access(command, "main", "main", &Origin::Local);
        assert!(
            granted.is_none_or(|granted| granted.is_empty()),
            "{command} is open to the main window"
        );
    }
}

#[test]
fn w03_the_capability_file_is_the_list() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../capabilities/main.json")).unwrap();
    let given: BTreeSet<&str> = file["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|permission| permission.as_str().unwrap())
        .collect();
    let ours = COMMANDS
        .iter()
        .map(|command| format!("allow-{}", command.replace('_', "-")));
    let core = [
        "core:event:allow-listen",
        "core:event:allow-unlisten",
        "core:window:allow-start-dragging",
        "core:window:allow-internal-toggle-maximize",
    ];
    let wanted: BTreeSet<String> = ours.chain(core.map(str::to_owned)).collect();
    assert_eq!(given, wanted.iter().map(String::as_str).collect());
}

#[test]
fn the_handler_has_every_command() {
    let handler = include_str!("mod.rs");
    for command in COMMANDS {
        assert!(
            handler.contains(&format!("::{command},")),
            "{command} has no handler"
        );
    }
}

/// W-07: what the page believes it can call is what it can call.
#[test]
fn the_page_calls_what_there_is() {
    let door = include_str!("../../../ui/src/host/index.ts");
    let table = door
        .split("interface Commands {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let called: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.trim().split_once(": ["))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(called, COMMANDS.iter().copied().collect());
}
