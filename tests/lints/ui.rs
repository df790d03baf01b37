//! Rules about the window's sources (UI §3, SECURITY W-02 and W-10, ARCHITECTURE rules 1 and 8).

use crate::tree::{Text, files, verdict};

type Breach = fn(&str) -> bool;

/// What a line of a `.svelte` file must not hold.
const MARKUP: &[(&str, Breach)] = &[
    ("W-02: no `style=` attribute (`style:` is fine)", |line| {
        line.contains(" style=") || line.trim_start().starts_with("style=")
    }),
    ("W-10: no {@html}", |line| line.contains("{@html")),
    ("UI §3: colours come from tokens.css", raw_colour),
    ("UI §3: type sizes come from tokens.css", |line| {
        line.contains("font-size") && line.contains("px")
    }),
    ("UI §3: motion comes from tokens.css", |line| {
        !line.contains("setTimeout") && milliseconds(line)
    }),
    ("UI §3: no bind:clientWidth, it makes an iframe", |line| {
        [
            "bind:clientWidth",
            "bind:clientHeight",
            "bind:offsetWidth",
            "bind:offsetHeight",
        ]
        .iter()
        .any(|bind| line.contains(bind))
    }),
];

/// What no source of the window may hold.
const ANYWHERE: &[(&str, Breach)] = &[
    ("W-10: text goes in as text", |line| {
        line.contains("innerHTML") || line.contains("insertAdjacentHTML") || line.contains("outerHTML")
    }),
    ("W-09: nothing is kept in the page", |line| {
        line.contains("localStorage") || line.contains("sessionStorage") || line.contains("indexedDB")
    }),
    ("W-02: no code from text", |line| {
        line.contains("eval(") || line.contains("new Function(")
    }),
    ("UI §1: no network for decoration", |line| {
        line.contains("fetch(\"http") || line.contains("src=\"http")
    }),
];

/// `#` and three, four, six or eight hexadecimal digits, not inside a word.
fn raw_colour(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let rest = &line[at + 1..];
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let word_goes_on = rest
            .chars()
            .nth(digits)
            .is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '-');
        // `{#each` and its kind are blocks, `#name` in a class is a private member.
        matches!(digits, 3 | 4 | 6 | 8) && !word_goes_on && !line[..at].ends_with(['{', '.', '&'])
    })
}

/// A number with the unit `ms`, as CSS writes it.
fn milliseconds(line: &str) -> bool {
    line.match_indices("ms").any(|(at, _)| {
        let before = line[..at]
            .chars()
            .next_back()
            .is_some_and(|digit| digit.is_ascii_digit());
        let after = line[at + 2..]
            .chars()
            .next()
            .is_none_or(|next| !next.is_alphanumeric());
        before && after
    })
}

fn check(sources: &[Text], rules: &[(&str, Breach)]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        for (line, text) in source.code() {
            for (rule, broken) in rules {
                if broken(text) {
                    breaches.push(format!("{rule}: {}:{line}: {}", source.path, text.trim()));
                }
            }
        }
    }
    breaches
}

#[test]
fn markup_is_plain() {
    verdict("markup", check(&files("ui/src", &[".svelte"]), MARKUP));
}

#[test]
fn sources_are_safe() {
    let product: Vec<Text> = files("ui/src", &[".svelte", ".ts"])
        .into_iter()
        .filter(|source| !is_test(&source.path))
        .collect();
    verdict("sources of the window", check(&product, ANYWHERE));
}

#[test]
fn one_door_to_rust() {
    let sources = files("ui/src", &[".svelte", ".ts"])
        .into_iter()
        .filter(|source| source.path != "ui/src/host/tauri.ts");
    let breaches = sources
        .filter(|source| {
            source
                .code()
                .any(|(_, line)| line.contains("@tauri-apps") || line.contains("__TAURI"))
        })
        .map(|source| source.path)
        .collect();
    verdict(
        "ARCHITECTURE rule 1: @tauri-apps/* only in ui/src/host/tauri.ts",
        breaches,
    );
}

/// ARCHITECTURE rule 8: who may import whom among the rooms of `ui/src`. A type is nobody's room: it is gone
/// when the window runs.
#[test]
fn imports_go_down() {
    let mut breaches = Vec::new();
    for source in files("ui/src", &[".svelte", ".ts"])
        .into_iter()
        .filter(|source| !is_test(&source.path))
    {
        let from = room(&source.path);
        for (line, text) in source.code() {
            let Some(to) = imported(&source.path, text) else {
                continue;
            };
            let target = room(&to);
            let fine = match from.0 {
                "kit" => target.0 == "kit",
                "host" => target.0 == "host",
                "state" => matches!(target.0, "state" | "host" | "messages"),
                "parts" => {
                    matches!(target.0, "kit" | "state" | "messages")
                        || target == from
                        || (target.0 == "host" && text.contains("import type "))
                }
                _ => true,
            };
            if !fine {
                breaches.push(format!("{}:{line}: {to}", source.path));
            }
        }
    }
    verdict(
        "ARCHITECTURE rule 8: kit → nothing, state → host, parts/x → kit and state",
        breaches,
    );
}

fn is_test(path: &str) -> bool {
    path.contains(".test.") || path.contains("/test/") || path.contains("__tests__")
}

/// The room of a path in `ui/src`; of a part also which.
fn room(path: &str) -> (&str, &str) {
    let mut steps = path.strip_prefix("ui/src/").unwrap_or(path).split('/');
    let room = steps.next().unwrap_or_default();
    (
        room,
        if room == "parts" {
            steps.next().unwrap_or_default()
        } else {
            ""
        },
    )
}

/// The path from the top of what a line imports relatively, if it does.
fn imported(path: &str, line: &str) -> Option<String> {
    let line = line.trim();
    if !line.contains("import") && !line.contains(" from ") {
        return None;
    }
    let rest = line.split_once(" from ").map_or(line, |(_, rest)| rest);
    let start = rest.find("\".").or_else(|| rest.find("'."))? + 1;
    let spec = rest[start..].split(['"', '\'']).next()?;
    let mut steps: Vec<&str> = path.split('/').collect();
    steps.pop();
    for step in spec.split('/') {
        match step {
            "." => {}
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

#[test]
fn the_rules_see_what_they_should() {
    for line in ["color: #fff;", "fill=\"#0B5362\"", "x { background:#12345678 }"] {
        assert!(raw_colour(line), "{line}");
    }
    for line in [
        "{#if a}",
        "{#each rows as row}",
        "this.#add(x)",
        "href=\"#section\"",
        "&#123;",
    ] {
        assert!(!raw_colour(line), "{line}");
    }
    assert!(
        milliseconds("transition: all 120ms ease") && !milliseconds("items2ms3") && !milliseconds("forms")
    );
    assert_eq!(
        imported("ui/src/parts/a/X.svelte", "import { b } from \"../../state/b\";").as_deref(),
        Some("ui/src/state/b")
    );
}
