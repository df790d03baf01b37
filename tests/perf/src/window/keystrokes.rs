//! P14: from a keystroke in the search field to the rows that it leaves, in the page itself.

use std::{fmt::Write as _, path::Path};

use keyward_tests::{
    display::Display,
    home::{Home, PASSPHRASE},
    webdriver::Window,
};
use serde_json::{Value, json};

use crate::Fallible;

/// What is typed: nearly all fit, a tenth, few, one, none; and the field emptied.
const TYPED: [&str; 6] = [
    "s",
    "secret_1",
    "secret_0012",
    "secret_00077",
    "nothing at all",
    "",
];

/// From the event to rows that stand in the page with their places computed; several rounds, as another program may run.
const SCRIPT: &str = "
return (async () => {
  const input = document.querySelector('header input, input');
  const list = document.querySelector('section.list');
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const taken = arguments[0].map(() => []);
  for (let round = 0; round < 12; round += 1)
    for (const [at, text] of arguments[0].entries()) {
      await pause(400);
      const drawn = new Promise((done) => {
        const watch = new MutationObserver(() => { watch.disconnect(); done(); });
        watch.observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
      });
      const began = performance.now();
      input.value = text;
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      await Promise.race([drawn, pause(5000)]);
      list.getBoundingClientRect();
      taken[at].push(performance.now() - began);
    }
  return taken.map((all) => all.sort((a, b) => a - b)).map((all) => [all[0], all[6]]);
})()";

/// Fills a vault, opens it in a window and types.
pub(crate) fn measure(driven: &Path, entries: usize) -> Fallible {
    let goal = if entries > 10_000 { 33 } else { 16 };
    let home = filled(entries)?;
    let display = Display::start()?;
    let window = Window::open(&display, driven, &[], &home.environment())?;
    window.wait_text("Vault locked")?;
    window.keys(&window.field("Passphrase")?, &format!("{PASSPHRASE}\u{E007}"))?;
    window.wait_text("SECRET_")?;
    // What search looks at is made while nobody types.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let rows = window.count("[role=option]")?;
    println!("P14  rows in the page at {entries} entries: {rows} (a virtual list)");
    let taken = window.script(SCRIPT, &[json!(TYPED)])?;
    for (text, figures) in TYPED.iter().zip(taken.as_array().into_iter().flatten()) {
        let figure = |at: usize| figures[at].as_f64().unwrap_or(f64::NAN);
        let what = format!("keystroke to rows, {entries}: {text:?} (ms)");
        println!(
            "P14  {what:<56} least {:>6.1}  median {:>6.1}   goal {goal}",
            figure(0),
            figure(1)
        );
    }
    let values = window.script(
        "return document.documentElement.outerHTML.includes('value-of-')",
        &[],
    )?;
    assert_eq!(values, Value::Bool(false), "W-08: a value came into the page");
    Ok(())
}

fn filled(entries: usize) -> Fallible<Home> {
    let home = Home::with_vault()?;
    let mut lines = String::new();
    for number in 0..entries {
        writeln!(lines, "SECRET_{number:05}=value-of-{number:031}")?;
    }
    let file = home.path().join("many.env");
    std::fs::write(&file, lines)?;
    let path = file.to_str().ok_or("a path of text")?;
    home.keyward(&["import", "--format", "env", path])
        .output()?
        .success()?;
    Ok(home)
}
