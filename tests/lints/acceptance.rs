//! What was promised has a test that says so: `acceptance.txt` lists the ids, this looks for them in the tests.

use std::collections::BTreeSet;

use crate::tree::{Text, file, files, verdict};

const LIST: &str = "tests/lints/acceptance.txt";

/// Rows of the OAuth checklist and of its conformance list: as many as SECURITY c.1 to c.5 have.
const COUNTS: [(&str, usize); 2] = [("O-", 73), ("c5-", 47)];

/// One line of the list.
struct Promise<'a> {
    id: &'a str,
    /// A file that holds the id where no test function of Rust can.
    place: Option<&'a str>,
    /// Why nothing shows it.
    is_excused: bool,
    words: &'a str,
}

fn promises(list: &str) -> Vec<Promise<'_>> {
    list.lines()
        .filter(|line| !line.starts_with("//") && !line.trim().is_empty())
        .map(|line| {
            let (id, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.trim();
            let (first, after) = rest.split_once(' ').unwrap_or((rest, ""));
            let place = first.strip_prefix('@');
            let is_excused = first == "-";
            let words = if place.is_some() || is_excused {
                after
            } else {
                rest
            };
            Promise {
                id,
                place,
                is_excused,
                words: words.trim(),
            }
        })
        .collect()
}

/// The test functions of a source: attributes and doc, name, body.
fn tests(source: &Text) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mark = line.trim_start();
        if mark != "#[test]" && !mark.starts_with("#[tokio::test") {
            continue;
        }
        let above = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.trim_start().starts_with(['/', '#']))
            .count();
        // rustfmt closes a function where it began.
        let end = format!("{}}}", &line[..line.len() - mark.len()]);
        let below = lines[at..]
            .iter()
            .position(|line| *line == end)
            .map_or(lines.len(), |length| at + length);
        found.push(lines[at - above..below].join("\n"));
    }
    found
}

/// The words of a text: letters, digits, `-` and `_`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
}

/// Everything that a test names: its words, and the parts of function names that begin with ids (`o20_o24_…`).
fn named(tests: &[String]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for test in tests {
        for word in words(test) {
            all.insert(word.to_owned());
        }
        for name in functions(test) {
            all.extend(name.split('_').map(str::to_owned));
        }
    }
    all
}

fn functions(test: &str) -> impl Iterator<Item = &str> {
    test.lines()
        .filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn "))
        .filter_map(|rest| rest.split('(').next())
}

/// R-46 and the checklist of SECURITY c: each row is a test that names it, or says why there is none.
#[test]
fn every_promise_has_a_test_that_names_it() {
    let tests: Vec<String> = files("src-tauri", &[".rs"])
        .iter()
        .chain(&files("tests", &[".rs"]))
        .filter(|source| !source.path.starts_with("tests/lints/"))
        .flat_map(tests)
        .collect();
    let named = named(&tests);
    let modules: Vec<&str> = tests
        .iter()
        .flat_map(|test| functions(test))
        .filter(|name| name.starts_with("c5_"))
        .collect();
    let list = file(LIST);
    let promises = promises(&list.text);
    let mut breaches = Vec::new();
    let mut seen = BTreeSet::new();
    for promise in &promises {
        let Promise { id, words: said, .. } = promise;
        let mut breach = |what: &str| breaches.push(format!("{id}: {what}"));
        if !seen.insert(*id) {
            breach("it stands there twice");
        }
        if said.split_whitespace().count() < 2 {
            breach("nothing is said about it");
        }
        let is_named = match id.strip_prefix("c5-") {
            Some(module) => {
                let module = module.replace('-', "_");
                modules.iter().any(|name| holds(name, &module))
            }
            None => named.contains(*id) || named.contains(&id.replace('-', "").to_lowercase()),
        };
        match promise.place {
            _ if promise.is_excused && is_named => breach("a test names it, and no excuse is needed"),
            _ if promise.is_excused => {}
            Some(place) if words(&file(place).text).any(|word| word == *id) => {}
            Some(place) => breach(&format!("{place} does not name it")),
            None if is_named => {}
            None => breach("no test names it"),
        }
    }
    for (kind, count) in COUNTS {
        let rows = promises
            .iter()
            .filter(|promise| promise.id.starts_with(kind))
            .count();
        if rows != count {
            breaches.push(format!("{kind}…: {rows} rows, where the page has {count}"));
        }
    }
    verdict(LIST, breaches);
}

/// Whether the name of a function has these words next to each other, as whole words.
fn holds(name: &str, module: &str) -> bool {
    format!("_{name}_").contains(&format!("_{module}_"))
}

/// OA10: the providers that the grant doctor knows are entries of the catalogue: a rule for one that is called otherwise
/// would never speak.
#[test]
fn oa10_the_grant_doctor_names_entries_of_the_catalogue() {
    let entries: Vec<String> = files("src-tauri/crates/oauth/src/catalogue/data", &[".toml"])
        .iter()
        .filter_map(|entry| Some(entry.path.rsplit_once('/')?.1.strip_suffix(".toml")?.to_owned()))
        .collect();
    assert!(entries.len() >= 100);
    let rules = files("src-tauri/crates/model/src/diagnosis", &[".rs"]);
    let mut named = BTreeSet::new();
    for source in rules.iter().filter(|source| !source.path.ends_with("tests.rs")) {
        for (_, line) in source.code() {
            for opening in ["is_at(\"", "provider == Some(\"", "provider != Some(\""] {
                let found = line.split(opening).skip(1);
                named.extend(found.filter_map(|rest| rest.split('"').next()));
            }
        }
    }
    assert!(named.len() >= 15, "{named:?}");
    // A name stands for its variants too: `microsoft` for `microsoft-tenant`.
    let is_there = |id: &str| {
        let is = |entry: &String| {
            entry
                .strip_prefix(id)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        entries.iter().any(is)
    };
    let strangers: Vec<&&str> = named.iter().filter(|id| !is_there(id)).collect();
    assert!(strangers.is_empty(), "no entry of the catalogue: {strangers:?}");
}
