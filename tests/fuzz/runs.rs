//! One run: the corpus of a target, then seeded mutations of it for its share of the time.

mod answers;
mod files;
mod texts;

use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::mutate::Mutator;

/// How many targets there are.
const TARGETS: u32 = 29;
/// What all targets take together, in seconds, unless `KEYWARD_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 20;
/// Where mutations begin, unless `KEYWARD_FUZZ_SEED` says otherwise.
const SEED: u64 = 0x5EED_0040;
/// an input that takes a second is a finding of its own.
const SLOW: Duration = Duration::from_secs(1);

/// The files of a corpus, in order of their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() >= 8, "{target}: the corpus is thin");
    files
}

/// A whole number from the environment; one that is none ends the test, since a wish was not understood.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}"))
    })
}

/// Runs one input; a panic names it, so that it can become a file of the corpus.
fn one(target: fn(&[u8]), input: &[u8], what: &dyn Fn() -> String) {
    let began = Instant::now();
    if catch_unwind(|| target(input)).is_err() {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        panic!(
            "{}: {} bytes: {}\nhex {hex}",
            what(),
            input.len(),
            String::from_utf8_lossy(input)
        );
    }
    let took = began.elapsed();
    assert!(took < SLOW, "{}: took {took:?}", what());
}

fn fuzz(name: &str, target: fn(&[u8]), words: &[&str]) {
    let corpus = corpus(name);
    for (file, input) in &corpus {
        one(target, input, &|| format!("{name}/{file}"));
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, input)| input).collect();
    // A seed of 0 would stay 0.
    let seed = number("KEYWARD_FUZZ_SEED", SEED).max(1);
    let time = Duration::from_secs(number("KEYWARD_FUZZ_SECONDS", SECONDS)) / TARGETS;
    let mut mutator = Mutator::new(seed, inputs, words);
    let until = Instant::now() + time;
    let mut runs = 0_u64;
    while Instant::now() < until {
        let input = mutator.next();
        one(target, &input, &|| {
            format!("{name}, seed {seed}, mutation {runs}")
        });
        runs += 1;
    }
    println!("{name}: seed {seed}, {runs} mutations in {time:?}");
    assert!(runs > 0, "{name}: no mutation was tried");
}
