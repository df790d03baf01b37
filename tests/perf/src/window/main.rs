//! Holds the window against an empty one (P13), and measures what a keystroke costs in a list (P14).
//!
//! `keyward-window DRIVEN [ENTRIES…]` beside release builds of `keyward`, `keyward-desktop` and `keyward-blank`; DRIVEN is the
//! app with the feature `e2e`, as a release shuts WebDriver out. 10 000 and 100 000 entries when none are named. Every window
//! is real: WebKit under Xvfb. No figure is asserted: goals are to read.
#![allow(
    clippy::disallowed_methods,
    reason = "a program of its own: it reads arguments and clocks"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own: it prints figures"
)]
#![allow(missing_docs, reason = "a program, not a library")]

mod keystrokes;
mod processes;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use keyward_tests::{
    Trouble,
    display::Display,
    home::Home,
    place,
    process::{Guarded, wait_for},
};

type Fallible<T = ()> = Result<T, Trouble>;

/// Windows of each kind, in turn.
const ROUNDS: usize = 7;
/// After so long nothing of a window that was just opened is still being made.
const SETTLED: Duration = Duration::from_secs(4);

fn main() -> Fallible {
    let mut arguments = std::env::args().skip(1);
    let driven = PathBuf::from(arguments.next().ok_or("keyward-window DRIVEN [ENTRIES…]")?);
    let named: Vec<usize> = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    empty_window()?;
    for entries in if named.is_empty() {
        vec![10_000, 100_000]
    } else {
        named
    } {
        keystrokes::measure(&driven, entries)?;
    }
    Ok(())
}

/// What one window took.
struct Opened {
    /// Milliseconds from the start of the program to a window on the screen.
    mapped: f64,
    /// Megabytes of the program and all it started, shared pages by their share.
    pss: f64,
}

/// P13: the app at its unlock screen, and an empty window of WebKit.
fn empty_window() -> Fallible {
    let home = Home::with_vault()?;
    let display = Display::start()?;
    let program = |name: &str| -> Fallible<Command> {
        let mut command = Command::new(place::bin_dir()?.join(name));
        command
            .env_clear()
            .envs(home.environment())
            .env("DISPLAY", display.name())
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        Ok(command)
    };
    let (mut ours, mut blanks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        blanks.push(opened(program("keyward-blank")?, &display, "^Blank$")?);
        ours.push(opened(program("keyward-desktop")?, &display, "^Keyward$")?);
    }
    for (what, goal, of) in [
        (
            "window mapped, ms / empty",
            1.2,
            (|one: &Opened| one.mapped) as fn(&Opened) -> f64,
        ),
        ("PSS of an open window, MB / empty", 1.2, |one| one.pss),
    ] {
        let [figure, floor] = [&ours, &blanks].map(|all| median(all.iter().map(of).collect()));
        println!(
            "P13  {what:<44} {figure:>8.1} / {floor:>8.1} = {:>5.2}   goal {goal}",
            figure / floor
        );
    }
    Ok(())
}

fn opened(mut program: Command, display: &Display, title: &str) -> Fallible<Opened> {
    program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let running = Guarded::start(&mut program)?;
    let mapped = wait_for("a window", Duration::from_secs(30), || {
        processes::is_shown(display, title).then(|| began.elapsed())
    })?;
    std::thread::sleep(SETTLED);
    let pss = processes::pss(running.0.id())?;
    drop(running);
    // The next one begins on an empty screen.
    wait_for("the window to go", Duration::from_secs(10), || {
        (!processes::is_shown(display, title)).then_some(())
    })?;
    Ok(Opened {
        mapped: mapped.as_secs_f64() * 1e3,
        pss,
    })
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
