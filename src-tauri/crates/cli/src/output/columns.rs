//! Text for a person: columns, facts, and nothing in them that a terminal would obey.

use std::{borrow::Cow, iter::repeat_n};

/// Longest cell of a table, in characters: no key is longer, and a name that is would push all others off the screen.
const LONGEST_CELL: usize = 128;

/// Text that a terminal shows and does not obey (T-10): names come from providers and from other programs' files. What
/// would steer the terminal, or turn the reading order round, is written as its escape; lines stay lines.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && steers(c)) {
        return Cow::Borrowed(text);
    }
    text.split('\n')
        .map(one_line)
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

/// The same for what must stay on one line.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and those of bidirectional text and of line ends that Unicode has beside them.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cell(text: &str) -> Cow<'_, str> {
    let shown = one_line(text);
    if shown.len() <= LONGEST_CELL || shown.chars().count() <= LONGEST_CELL {
        return shown;
    }
    shown.chars().take(LONGEST_CELL - 1).chain(['…']).collect()
}

/// Lines of columns, each as wide as its widest cell; empty without rows.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut widths: Vec<usize> = head.iter().map(|name| name.len()).collect();
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell(text).chars().count());
        }
    }
    let line = widths.iter().map(|width| width + 2).sum::<usize>();
    let mut text = String::with_capacity(line * (rows.len() + 1));
    push_line(&mut text, head, &widths);
    for row in rows {
        push_line(&mut text, row, &widths);
    }
    text
}

/// Adds one line of cells, two spaces between columns and none at its end.
fn push_line<C: AsRef<str>>(text: &mut String, cells: &[C], widths: &[usize]) {
    let start = text.len();
    for (cell, width) in cells.iter().map(|one| cell(one.as_ref())).zip(widths) {
        text.push_str(&cell);
        text.extend(repeat_n(' ', width + 2 - cell.chars().count()));
    }
    text.truncate(start + text[start..].trim_end().len());
    text.push('\n');
}

/// `name: value` lines, values aligned; a value of several lines has them one below the other.
pub fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 1;
    let indent = " ".repeat(width + 1);
    facts
        .iter()
        .map(|(name, value)| {
            let lines: Vec<Cow<'_, str>> = value.trim_end_matches('\n').split('\n').map(one_line).collect();
            let value = lines.join(&format!("\n{indent}"));
            format!(
                "{}\n",
                format!("{:width$} {value}", format!("{name}:")).trim_end()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-10: a name of a provider or of an imported file is shown and steers no terminal.
    #[test]
    fn t10_names_do_not_steer_the_terminal() {
        let hostile = "\u{1b}]0;pwn\u{7}\u{1b}[2Jname\u{202e}gpj.exe\rOK\u{9b}31m";
        let rows = vec![
            vec![hostile.to_owned(), "a\nb".to_owned()],
            vec![String::new(), "2".to_owned()],
        ];
        let texts = [
            table(&["NAME", "X"], &rows),
            facts(&[("name", hostile.to_owned())]),
            inert(hostile).into_owned(),
        ];
        for text in &texts {
            assert!(text.chars().all(|c| c == '\n' || !steers(c)), "{text:?}");
            assert!(
                text.contains(r"\u{1b}[2Jname\u{202e}gpj.exe\rOK\u{9b}31m"),
                "{text:?}"
            );
        }
        assert!(texts[0].contains(r"a\nb"), "a row is one line");
        assert_eq!(inert("Grüße, 世界\nzwei"), "Grüße, 世界\nzwei");
    }

    #[test]
    fn columns_and_facts_stay_aligned() {
        let long = "n".repeat(300);
        let text = table(
            &["NAME", "X"],
            &[vec![long, "1".to_owned()], vec!["ä".to_owned(), "2".to_owned()]],
        );
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines.iter().all(|line| line.chars().count() == LONGEST_CELL + 3),
            "{text}"
        );
        assert!(lines[1].contains("n…  1"));
        assert_eq!(
            facts(&[
                ("a", "1".to_owned()),
                ("notes", "one\ntwo\n".to_owned()),
                ("none", String::new())
            ]),
            "a:     1\nnotes: one\n       two\nnone:\n"
        );
    }
}
