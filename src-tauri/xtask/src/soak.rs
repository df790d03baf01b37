//! `cargo xtask soak`: what a CI run cannot hold. The fuzz targets for as long as wanted: the seeded mutator on stable,
//! then libFuzzer with AddressSanitizer where nightly and cargo-fuzz are installed; flipped bits, kills, power cuts, calls that
//! fail, searched memory, clocks that jump, bad providers and crowds of processes many times as often as in CI (R-04, R-10, R-20,
//! ); the crate of the keys under Miri, where nightly has it; and what the tests of the lower
//! floors do not see, where cargo-llvm-cov and cargo-mutants are installed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::sh::{Fallible, cargo, command, root, run, target_dir};
use crate::stages::Stages;

/// How long each half runs unless told otherwise.
const MINUTES: u64 = 10;
/// One package, built apart: sanitizers need flags that would build the whole tree anew.
const PACKAGE: &str = "tests/fuzz/libfuzzer";
/// How many times as much as in CI the faults do: at each point of a power cut as many different losses.
const TIMES: &str = "20";
/// Lines that the tests of these crates must run, in percent.
const COVERED: (&str, &[&str]) = ("95", &["keyward-seal", "keyward-model", "keyward-vault"]);

/// Where records and keys are sealed and opened.
const SEALING: &str = "src-tauri/crates/seal/src/cipher.rs";

/// `args`: minutes for each half (default 10), and a seed to repeat a run of the mutator (default: another each time).
pub fn soak(args: &[String]) -> Fallible {
    let number = |at: usize, what: &str| -> Result<Option<u64>, String> {
        let read = |text: &String| {
            text.parse::<u64>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| format!("{what} is a whole number above 0, not {text:?}"))
        };
        args.get(at).map(read).transpose()
    };
    if args.len() > 2 {
        return Err("cargo xtask soak [MINUTES [SEED]]".into());
    }
    let seconds = number(0, "MINUTES")?
        .unwrap_or(MINUTES)
        .checked_mul(60)
        .ok_or("MINUTES is too many")?;
    let seed = match number(1, "SEED")? {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    let mut stages = Stages::default();
    let result = mutations(&mut stages, seconds, seed)
        .and_then(|()| guided(&mut stages, seconds))
        .and_then(|()| faults(&mut stages))
        .and_then(|()| miri(&mut stages))
        .and_then(|()| coverage(&mut stages))
        .and_then(|()| mutants(&mut stages));
    stages.finish(result)
}

/// Plain `cargo test`, one target after another: nextest ends what takes longer than its patience.
fn mutations(stages: &mut Stages, seconds: u64, seed: u64) -> Fallible {
    stages.stage("seeded mutations", || {
        println!("{seconds} s, seed {seed}");
        let mut tests = cargo(&["test", "--quiet", "--package", "keyward-tests", "--test", "fuzz"]);
        tests
            .args(["--", "--nocapture", "--test-threads", "1"])
            .env("KEYWARD_FUZZ_SECONDS", seconds.to_string())
            .env("KEYWARD_FUZZ_SEED", seed.to_string());
        run(&mut tests)
    })
}

/// What libFuzzer finds lies below `target/libfuzzer/found`, what it learned beside it; the committed corpus stays as it is.
fn guided(stages: &mut Stages, seconds: u64) -> Fallible {
    if !answers(&["--version"]) || !answers(&["fuzz", "--version"]) {
        println!(
            "\nThe coverage-guided half is left out: it needs a nightly toolchain and cargo-fuzz (rustup toolchain install nightly; cargo install cargo-fuzz)."
        );
        return Ok(());
    }
    let targets = targets()?;
    let each = (seconds / u64::try_from(targets.len())?).max(1);
    let out = target_dir().join("libfuzzer");
    for target in &targets {
        stages.stage(&format!("libFuzzer: {target}"), || {
            let (learned, found) = (out.join("learned").join(target), out.join("found").join(target));
            std::fs::create_dir_all(&learned)?;
            std::fs::create_dir_all(&found)?;
            let mut fuzz = nightly(&["fuzz", "run", "--fuzz-dir", PACKAGE, "--target-dir"]);
            fuzz.arg(&out)
                .arg(target)
                .arg(&learned)
                .arg(root().join("tests/fuzz/corpus").join(target))
                .arg("--")
                .arg(format!("-max_total_time={each}"))
                // an input that takes a second is a finding of its own.
                .args(["-timeout=1", "-max_len=8192", "-print_final_stats=1"])
                .arg(format!("-artifact_prefix={}/", found.display()));
            run(&mut fuzz)
        })?;
    }
    Ok(())
}

/// Plain `cargo test` as well, for its patience.
fn faults(stages: &mut Stages) -> Fallible {
    stages.stage("binaries", || run(&mut cargo(&["build", "--quiet", "--bins"])))?;
    let runs: [(&str, &str, &[&str]); 4] = [
        ("keyward-vault", "attacks", &["r04_"]),
        ("keyward-vault", "power", &["r21_", "r22_"]),
        ("keyward-engine", "acts", &["r25_", "r27_", "r28_"]),
        ("keyward-tests", "faults", &["r10_", "r20_", "r26_"]),
    ];
    for (package, test, filters) in runs {
        stages.stage(&format!("{package}: {test}, {TIMES} times"), || {
            let mut tests = cargo(&["test", "--quiet", "--package", package, "--test", test, "--"]);
            tests
                .args(filters)
                .args(["--nocapture", "--test-threads", "1"])
                .env("KEYWARD_SOAK", TIMES);
            run(&mut tests)
        })?;
    }
    Ok(())
}

/// Undefined behaviour in the one crate that keeps keys in memory of its own. Its unit tests; those that Miri cannot
/// run, or not within minutes, say so themselves (`ignore` with a reason).
fn miri(stages: &mut Stages) -> Fallible {
    if !answers(&["miri", "--version"]) {
        println!(
            "\nMiri is left out: it needs a nightly toolchain with the component (rustup component add miri --toolchain nightly)."
        );
        return Ok(());
    }
    stages.stage("Miri: keyward-seal", || {
        let mut test = nightly(&["miri", "test", "--package", "keyward-seal", "--lib"]);
        test.arg("--target-dir").arg(target_dir().join("miri"));
        run(&mut test)
    })
}

/// The share of lines that run, of one crate at a time: tests of the floors above count for nothing.
fn coverage(stages: &mut Stages) -> Fallible {
    if !has("llvm-cov") {
        println!("\nCoverage is left out: it needs cargo-llvm-cov (cargo install cargo-llvm-cov).");
        return Ok(());
    }
    let (least, packages) = COVERED;
    for package in packages {
        stages.stage(&format!("coverage: {package}"), || {
            let mut tests = cargo(&["llvm-cov", "--summary-only", "--package", package]);
            tests.args(["--fail-under-lines", least]);
            run(&mut tests)
        })?;
    }
    Ok(())
}

/// Faults put into sealing and opening, each of which a test must notice. Only there: elsewhere in the crate are such that no
/// test can see, a page that stays in memory or bits that never meet.
fn mutants(stages: &mut Stages) -> Fallible {
    if !has("mutants") {
        println!("\nMutants are left out: they need cargo-mutants (cargo install cargo-mutants).");
        return Ok(());
    }
    stages.stage("mutants: keyward-seal", || {
        let out = target_dir().join("mutants");
        std::fs::create_dir_all(&out)?;
        let mut mutants = cargo(&["mutants", "--package", "keyward-seal", "--file", SEALING]);
        run(mutants.arg("--output").arg(out))
    })
}

/// Whether cargo has this command.
fn has(subcommand: &str) -> bool {
    cargo(&[subcommand, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The names of the targets: the files of `fuzz_targets`.
fn targets() -> Result<Vec<String>, std::io::Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(PACKAGE).join("fuzz_targets"))? {
        let name = entry?.file_name();
        names.extend(
            Path::new(&name)
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// The cargo of nightly. The cargo that started us is of one toolchain and knows no other.
fn nightly(args: &[&str]) -> Command {
    let mut command = command("rustup", &["run", "nightly", "cargo"]);
    command.args(args).env_remove("CARGO");
    command
}

fn answers(args: &[&str]) -> bool {
    nightly(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
