//! Rules about the shell's configuration (SECURITY §e).

use serde_json::Value;

use crate::tree::{file, files, verdict};

fn config() -> Value {
    serde_json::from_str(&file("src-tauri/tauri.conf.json").text).unwrap()
}

/// W-02: no script, style or connection but our own; frozen prototypes; the policy reaches the assets.
#[test]
fn w02_content_security_policy() {
    const POLICY: &[&str] = &[
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src ipc: http://ipc.localhost",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ];
    let config = config();
    let security = &config["app"]["security"];
    let given: Vec<String> = match &security["csp"] {
        Value::String(policy) => policy
            .split(';')
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
        Value::Object(parts) => parts
            .iter()
            .map(|(name, values)| match values {
                Value::Array(values) => format!(
                    "{name} {}",
                    values
                        .iter()
                        .filter_map(Value::as_str)
                        .collect::<Vec<_>>()
                        .join(" ")
                ),
                other => format!("{name} {}", other.as_str().unwrap_or_default()),
            })
            .collect(),
        other => panic!("W-02: csp is {other}"),
    };
    let mut breaches: Vec<String> = POLICY
        .iter()
        .filter(|part| !given.iter().any(|known| known == *part))
        .map(|part| format!("missing: {part}"))
        .collect();
    // The one allowed addition, with the library that needs it named beside it.
    let extra = given
        .iter()
        .filter(|part| !POLICY.contains(&part.as_str()) && *part != "style-src-attr 'unsafe-inline'");
    breaches.extend(extra.map(|part| format!("not in the rule: {part}")));
    if security["freezePrototype"] != true {
        breaches.push("freezePrototype is not true".to_owned());
    }
    if !security["dangerousDisableAssetCspModification"].is_null()
        && security["dangerousDisableAssetCspModification"] != false
    {
        breaches.push("dangerousDisableAssetCspModification is set".to_owned());
    }
    verdict("W-02", breaches);
}

/// W-03: no global API, every capability named, none for a remote page.
#[test]
fn w03_capabilities_are_named() {
    let config = config();
    let mut breaches = Vec::new();
    if config["app"]["withGlobalTauri"].as_bool().unwrap_or(false) {
        breaches.push("withGlobalTauri is on".to_owned());
    }
    if config["app"]["security"]["capabilities"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        breaches.push("tauri.conf.json does not list its capabilities".to_owned());
    }
    for capability in files("src-tauri/capabilities", &[".json"]) {
        let json: Value = serde_json::from_str(&capability.text).unwrap();
        if !json["remote"].is_null() {
            breaches.push(format!("{}: remote", capability.path));
        }
        if json["windows"]
            .as_array()
            .is_none_or(|windows| windows.len() != 1)
        {
            breaches.push(format!("{}: one capability is for one window", capability.path));
        }
    }
    verdict("W-03", breaches);
}

/// W-04: no asset protocol. W-15: a development address, if any, is this machine.
#[test]
fn w15_no_foreign_address() {
    let config = config();
    let mut breaches = Vec::new();
    if config["app"]["security"]["assetProtocol"]["enable"]
        .as_bool()
        .unwrap_or(false)
    {
        breaches.push("W-04: the asset protocol is on".to_owned());
    }
    if let Some(address) = config["build"]["devUrl"].as_str()
        && !address.starts_with("http://127.0.0.1:")
    {
        breaches.push(format!("W-15: devUrl is {address}"));
    }
    verdict("W-04, W-15", breaches);
}
