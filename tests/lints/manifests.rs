//! What may depend on what: the Cargo.toml of each crate keeps the floors, the lock file keeps the pins.

use crate::tree::{file, files, verdict};

/// ARCHITECTURE §2: the arrows. Every other pair is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("keyward-model", &[]),
    ("keyward-seal", &["keyward-model"]),
    ("keyward-oauth", &["keyward-model"]),
    ("keyward-foreign", &["keyward-model"]),
    // A provider knows nothing of us.
    ("keyward-lab", &[]),
    ("keyward-vault", &["keyward-model", "keyward-seal"]),
    (
        "keyward-engine",
        &[
            "keyward-model",
            "keyward-vault",
            "keyward-oauth",
            "keyward-foreign",
            "keyward-lab", // its tests
        ],
    ),
    ("keyward-api", &["keyward-model", "keyward-engine"]),
    // The laboratory for `doctor --simulate`.
    (
        "keyward",
        &["keyward-api", "keyward-engine", "keyward-lab", "keyward-model"],
    ),
    (
        "keyward-desktop",
        &["keyward-api", "keyward-engine", "keyward-model"],
    ),
    // For tests/fuzz alone: `only_fuzz_targets_link_us` holds the rest to the black box. The demo is a journey.
    (
        "keyward-tests",
        &[
            "keyward-api",
            "keyward-foreign",
            "keyward-lab", // the provider, not the product
            "keyward-model",
            "keyward-oauth",
            "keyward-seal",
            "keyward-vault",
        ],
    ),
    // The same targets under libFuzzer, a workspace of its own.
    (
        "keyward-libfuzzer",
        &[
            "keyward-api",
            "keyward-foreign",
            "keyward-model",
            "keyward-oauth",
            "keyward-seal",
            "keyward-vault",
        ],
    ),
    ("xtask", &["keyward-tests"]),
    // The bench measures through the owner's door, beside a yardstick of its own.
    (
        "keyward-perf",
        &[
            "keyward-api",
            "keyward-engine",
            "keyward-lab",
            "keyward-model",
            "keyward-tests",
        ],
    ),
];

/// Which packages may name a dependency. `x*` is every name that begins with x.
const OWNERS: &[(&str, &[&str], &str)] = &[
    ("tauri*", &["keyward-desktop"], "ARCHITECTURE rule 1"),
    (
        "rusqlite",
        &["keyward-vault", "keyward-perf"],
        "ARCHITECTURE rule 2",
    ),
    ("keyring*", &["keyward-vault"], "ARCHITECTURE rule 2"),
    ("*-keyring-store", &["keyward-vault"], "ARCHITECTURE rule 2"),
    (
        "aes-gcm",
        &["keyward-seal", "keyward-perf"],
        "ARCHITECTURE rule 2",
    ),
    // A database of KeePass names costs of its own: it is opened, never written.
    (
        "argon2",
        &["keyward-seal", "keyward-foreign", "keyward-perf"],
        "ARCHITECTURE rule 2",
    ),
    // The shell proposes passphrases; keys and nonces are made in seal alone.
    (
        "getrandom",
        &["keyward-seal", "keyward-desktop"],
        "SECURITY §b: one source of random bytes",
    ),
    ("oauth2", &["keyward-oauth"], "ARCHITECTURE rule 2"),
    (
        "reqwest",
        &["keyward-oauth", "keyward-tests"],
        "ARCHITECTURE rule 2",
    ),
    ("hyper*", &["keyward-oauth", "keyward-api"], "ARCHITECTURE rule 2"),
    // The keychain's store brings its own; ours says when somebody left, the shell asks for a tray.
    (
        "zbus",
        &["keyward-engine", "keyward-desktop", "keyward-tests"],
        "one voice on D-Bus a floor",
    ),
    (
        "serde",
        &["keyward-api", "keyward-oauth", "keyward", "keyward-desktop"],
        "ARCHITECTURE rule 3",
    ),
    (
        "clap*",
        &["keyward"],
        "ARCHITECTURE §2: the terminal belongs to the command line",
    ),
];

struct Dependency {
    manifest: String,
    package: String,
    line: usize,
    name: String,
    reason: bool,
}

/// Every dependency line of every member's manifest, of all kinds.
fn dependencies() -> Vec<Dependency> {
    let mut all = Vec::new();
    for manifest in files("src-tauri", &["Cargo.toml"])
        .into_iter()
        .chain(files("tests", &["Cargo.toml"]))
    {
        let package = package_of(&manifest.text);
        let mut inside = false;
        for (at, line) in manifest.text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('[') {
                inside = line.trim_end_matches(']').ends_with("dependencies");
            } else if inside && !line.is_empty() && !line.starts_with('#') {
                let name = line.split([' ', '=', '.']).next().unwrap_or_default();
                // Lines that go on a multi-line value are not dependencies.
                if line.contains('=') && line.starts_with(|first: char| first.is_ascii_alphabetic()) {
                    all.push(Dependency {
                        manifest: manifest.path.clone(),
                        package: package.clone(),
                        line: at + 1,
                        name: name.to_owned(),
                        reason: line
                            .split_once(" # ")
                            .is_some_and(|(_, reason)| reason.trim().len() > 3),
                    });
                }
            }
        }
    }
    all
}

fn package_of(manifest: &str) -> String {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    line.unwrap_or_default().trim_matches('"').to_owned()
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(start), _) => name.starts_with(start),
        (_, Some(end)) => name.ends_with(end),
        _ => pattern == name,
    }
}

#[test]
fn floors_are_kept() {
    let breaches = dependencies()
        .iter()
        .filter(|dependency| dependency.name.starts_with("keyward"))
        .filter(|dependency| {
            let allowed = ARROWS.iter().find(|(package, _)| *package == dependency.package);
            !allowed.is_some_and(|(_, to)| to.contains(&dependency.name.as_str()))
        })
        .map(|dependency| {
            format!(
                "{}:{}: {} → {}",
                dependency.manifest, dependency.line, dependency.package, dependency.name
            )
        })
        .collect();
    verdict("ARCHITECTURE §2: forbidden arrow", breaches);
}

/// The black box knows the product by its binary alone; only a fuzz target calls a parser by itself.
#[test]
fn only_fuzz_targets_link_us() {
    let mut breaches = Vec::new();
    for source in files("tests", &[".rs"]) {
        // The bench is a package of its own; the house rules name these words.
        let elsewhere = ["tests/fuzz/", "tests/perf/", "tests/lints/"];
        if elsewhere.iter().any(|folder| source.path.starts_with(folder)) {
            continue;
        }
        for (line, text) in source.code() {
            for name in ["api", "engine", "model", "oauth", "seal", "vault"] {
                if text.contains(&format!("keyward_{name}::"))
                    || text.contains(&format!("use keyward_{name}"))
                {
                    breaches.push(format!("{}:{line}: {}", source.path, text.trim()));
                }
            }
        }
    }
    let manifest = file("tests/Cargo.toml").text;
    let (normal, _) = manifest
        .split_once("[dev-dependencies]")
        .unwrap_or((&manifest, ""));
    for line in normal.lines().filter(|line| line.starts_with("keyward-")) {
        breaches.push(format!("tests/Cargo.toml: the support library links {line}"));
    }
    verdict("ARCHITECTURE §2: the black box links none of us", breaches);
}

#[test]
fn each_library_has_its_room() {
    let mut breaches = Vec::new();
    for dependency in dependencies() {
        for (pattern, rooms, rule) in OWNERS {
            if fits(pattern, &dependency.name) && !rooms.contains(&dependency.package.as_str()) {
                let Dependency {
                    manifest, line, name, ..
                } = &dependency;
                breaches.push(format!(
                    "{rule}: {manifest}:{line}: {name} belongs to {}",
                    rooms.join(", ")
                ));
            }
        }
    }
    verdict("a library outside its room", breaches);
}

#[test]
fn every_dependency_says_why() {
    let without = dependencies().into_iter().filter(|dependency| !dependency.reason);
    let breaches =
        without.map(|dependency| format!("{}:{}: {}", dependency.manifest, dependency.line, dependency.name));
    verdict(
        "ARCHITECTURE §6: a dependency line ends in ` # why`",
        breaches.collect(),
    );
}

#[test]
fn every_member_takes_the_lints() {
    let members = files("src-tauri", &["Cargo.toml"])
        .into_iter()
        .chain(files("tests", &["Cargo.toml"]));
    let breaches = members
        .filter(|member| !member.text.contains("[lints]\nworkspace = true"))
        .map(|member| member.path);
    verdict("issue 2 point 1: `[lints] workspace = true`", breaches.collect());
}

/// Names and versions of Cargo.lock.
fn locked() -> Vec<(String, String)> {
    let lock = file("Cargo.lock").text;
    let mut lines = lock.lines();
    let mut packages = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("name = ") {
            let version = lines
                .next()
                .and_then(|line| line.strip_prefix("version = "))
                .unwrap_or_default();
            packages.push((
                name.trim_matches('"').to_owned(),
                version.trim_matches('"').to_owned(),
            ));
        }
    }
    packages
}

/// One HTTP client, so one TLS provider and one redirect policy (SECURITY O-20 and following).
#[test]
fn there_is_one_reqwest() {
    let versions: Vec<_> = locked()
        .into_iter()
        .filter(|(name, _)| name == "reqwest")
        .map(|(_, version)| version)
        .collect();
    assert!(
        versions.len() <= 1,
        "several versions of reqwest in Cargo.lock: {versions:?}"
    );
}

/// W-01: tauri's exact minor is pinned, in the manifest and in the lock.
#[test]
fn w01_tauri_is_pinned() {
    let mut breaches = Vec::new();
    for manifest in [file("Cargo.toml"), file("src-tauri/Cargo.toml")] {
        for (line, text) in manifest.code() {
            let name = text.split([' ', '=', '.']).next().unwrap_or_default();
            if matches!(name, "tauri" | "tauri-build")
                && text.contains('=')
                && !text.contains("workspace = true")
                && !text.contains("\"~2.")
                && !text.contains("\"=2.")
            {
                breaches.push(format!("{}:{line}: {}", manifest.path, text.trim()));
            }
        }
    }
    let old = |version: &str| !version.starts_with("2.12.");
    breaches.extend(
        locked()
            .into_iter()
            .filter(|(name, version)| name == "tauri" && old(version))
            .map(|(_, version)| format!("Cargo.lock: {version}")),
    );
    verdict(
        "W-01: tauri is `~2.MINOR` or `=2.MINOR.PATCH`, and 2.12 in the lock",
        breaches,
    );
}

/// W-01, W-04: nothing that .deny.toml bans is in the lock; cargo-deny says the same where it is installed.
#[test]
fn w04_banned_crates_are_absent() {
    let deny = file(".deny.toml").text;
    let banned: Vec<&str> = deny
        .lines()
        .filter_map(|line| line.split_once("crate = \"")?.1.split('"').next())
        .collect();
    assert!(banned.len() > 5, "the list of bans is read: {banned:?}");
    let breaches = locked()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| banned.contains(&name.as_str()))
        .collect();
    verdict("W-01, W-04: a banned crate is in Cargo.lock", breaches);
}

/// W-13: few runtime dependencies, a lock file that names no host, nothing that runs at installation.
#[test]
fn w13_npm_is_quiet() {
    let mut breaches = Vec::new();
    for folder in ["ui", "tests/support"] {
        let package: serde_json::Value =
            serde_json::from_str(&file(&format!("{folder}/package.json")).text).unwrap();
        let runtime = package["dependencies"]
            .as_object()
            .map_or(0, serde_json::Map::len);
        if runtime > 10 {
            breaches.push(format!(
                "{folder}: {runtime} runtime dependencies, ten are allowed"
            ));
        }
        for script in ["preinstall", "install", "postinstall", "prepare"] {
            if !package["scripts"][script].is_null() {
                breaches.push(format!("{folder}/package.json: script {script}"));
            }
        }
        let lock = file(&format!("{folder}/package-lock.json"));
        breaches.extend(
            lock.code()
                .filter(|(_, line)| line.contains("\"resolved\": \"http"))
                .take(3)
                .map(|(at, _)| format!("{}:{at}: an address", lock.path)),
        );
    }
    verdict("W-13", breaches);
}
