//! Named stages, one after another; the first that fails ends the run. At the end a table says what took how long.

use std::time::Instant;

use crate::sh::Fallible;

/// The stages run so far.
#[derive(Default)]
pub struct Stages {
    done: Vec<(String, f64)>,
}

impl Stages {
    /// Runs `work` under `name`. A failure names the stage; the table is printed by [`Stages::finish`].
    pub fn stage(&mut self, name: &str, work: impl FnOnce() -> Fallible) -> Fallible {
        println!("\n== {name}");
        let began = Instant::now();
        let result = work();
        self.done.push((name.to_owned(), began.elapsed().as_secs_f64()));
        result.map_err(|trouble| format!("FAILED in the stage `{name}`: {trouble}").into())
    }

    /// Prints the table; `result` is handed on.
    pub fn finish(self, result: Fallible) -> Fallible {
        println!("\n{:<28}{:>9}", "stage", "seconds");
        let last = self.done.len().saturating_sub(1);
        for (at, (name, seconds)) in self.done.iter().enumerate() {
            let mark = if at == last && result.is_err() {
                "  FAILED"
            } else {
                ""
            };
            println!("{name:<28}{seconds:>9.1}{mark}");
        }
        println!(
            "{:<28}{:>9.1}",
            "all",
            self.done.iter().map(|(_, seconds)| seconds).sum::<f64>()
        );
        if result.is_ok() {
            println!("\nEverything holds.");
        }
        result
    }
}
