//! Text for a person: columns, facts, and nothing in them that a terminal would obey.

use std::{borrow::Cow, convert::Infallible};

/// Longest cell of a table, in characters: no key is longer, and a name that is would push all others off the screen.
const LONGEST_CELL: usize = 128;

/// Text that a terminal shows and does not obey (T-10): names come from providers and from other programs' files. What
/// would steer the terminal, or turn the reading order round, is written as its escape; lines stay lines.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    if is_harmless(text) || !text.chars().any(|c| c != '\n' && steers(c)) {
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

/// Whether it is ASCII that is shown, and line ends: almost every text, told at a glance.
fn is_harmless(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'))
}

/// Control characters, and those of bidirectional text and of line ends that Unicode has beside them.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lines of columns, each as wide as its widest cell; empty without rows.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new(head);
    for row in rows {
        table.push(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    table.written()
}

/// Bytes of texts that lie together in a table, and of lines that are handed on together.
const BLOCK: usize = 32 * 1024;

/// A table that grows line by line. Its cells lie one after another in blocks: ten thousand lines of texts of their own
/// take three times the memory and the time to ask for it, and one long text is copied whenever it grows (P6).
pub struct Table {
    blocks: Vec<Block>,
    /// Characters of the widest cell of each column.
    widths: Vec<usize>,
}

/// Rows of a table, one after another.
#[derive(Default)]
struct Block {
    texts: String,
    cells: Vec<Cell>,
}

/// The measures of a cell: both small, since it is short and there are sixty thousand.
struct Cell {
    /// Its bytes in the texts of its block: at most four a character.
    bytes: u16,
    /// Its characters, at most [`LONGEST_CELL`].
    width: u8,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        let mut table = Self {
            blocks: vec![Block::default()],
            widths: vec![0; head.len()],
        };
        table.push(head);
        table
    }

    /// Adds a line, a cell for each column.
    pub fn push(&mut self, row: &[&str]) {
        let full = self.blocks.last().filter(|block| block.texts.len() >= BLOCK);
        if let Some(next) = full.map(Block::next) {
            self.blocks.push(next);
        }
        let block = self.blocks.last_mut().expect("I1: a table has its first block");
        for (text, widest) in row.iter().zip(&mut self.widths) {
            let cell = Cell::add(&mut block.texts, text);
            *widest = usize::from(cell.width).max(*widest);
            block.cells.push(cell);
        }
    }

    /// Whether it has no line but its head.
    pub fn is_empty(&self) -> bool {
        self.blocks[0].cells.len() == self.widths.len()
    }

    /// Hands its lines on, many at a time: two spaces between columns, none at the end of a line; nothing without lines.
    pub fn write<E>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.is_empty() {
            return Ok(());
        }
        let mut written = Vec::new();
        for block in &self.blocks {
            let mut texts = block.texts.as_str();
            for row in block.cells.chunks(self.widths.len()) {
                let start = written.len();
                // The spaces that the next cell needs before it, if there is one.
                let mut gap = 0;
                for (cell, widest) in row.iter().zip(&self.widths) {
                    let (text, rest) = texts.split_at(usize::from(cell.bytes));
                    texts = rest;
                    if !text.is_empty() {
                        written.resize(written.len() + gap, b' ');
                        written.extend_from_slice(text.as_bytes());
                        gap = 0;
                    }
                    gap += widest + 2 - usize::from(cell.width);
                }
                let line = written[start..].trim_ascii_end().len();
                written.truncate(start + line);
                written.push(b'\n');
                if written.len() >= BLOCK {
                    take(&written)?;
                    written.clear();
                }
            }
        }
        take(&written)
    }

    /// All its lines.
    pub fn written(&self) -> String {
        let mut written = Vec::new();
        let done = self.write(|lines| {
            written.extend_from_slice(lines);
            Ok::<_, Infallible>(())
        });
        done.unwrap_or_else(|never| match never {});
        String::from_utf8(written).expect("I1: whole cells and spaces")
    }
}

impl Block {
    /// An empty one, with room for as much as is in this one and a few lines more.
    fn next(&self) -> Self {
        let roomy = |used: usize| used + used / 16;
        Self {
            texts: String::with_capacity(roomy(self.texts.len())),
            cells: Vec::with_capacity(roomy(self.cells.len())),
        }
    }
}

impl Cell {
    /// Adds `text` to the texts of its block, at most [`LONGEST_CELL`] characters of it.
    fn add(texts: &mut String, text: &str) -> Self {
        let start = texts.len();
        let is_plain = text.len() <= LONGEST_CELL && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let width = if is_plain {
            texts.push_str(text);
            text.len()
        } else {
            let shown = one_line(text);
            let width = shown.chars().count();
            if width <= LONGEST_CELL {
                texts.push_str(&shown);
                width
            } else {
                texts.extend(shown.chars().take(LONGEST_CELL - 1).chain(['…']));
                LONGEST_CELL
            }
        };
        Self {
            bytes: u16::try_from(texts.len() - start).expect("I1: 128 characters have at most 512 bytes"),
            width: u8::try_from(width).expect("I1: at most 128 characters"),
        }
    }
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

    /// P6: a long table is handed on in parts of one size, and they are the whole of it.
    #[test]
    fn p6_a_long_table_is_written_in_blocks() {
        let mut table = Table::new(&["KEY", "N"]);
        let wide = "w".repeat(LONGEST_CELL);
        table.push(&[&wide, "0"]);
        for n in 1..9_000 {
            table.push(&["KEY", &n.to_string()]);
        }
        let mut parts = Vec::new();
        let done = table.write(|lines| {
            parts.push(lines.to_vec());
            Ok::<_, Infallible>(())
        });
        assert_eq!(done, Ok(()));
        assert!(table.blocks.len() > 1 && parts.len() > 30, "{}", parts.len());
        assert!(parts.iter().all(|part| part.len() < BLOCK + 2 * LONGEST_CELL));
        let whole = String::from_utf8(parts.concat()).unwrap();
        assert_eq!(whole, table.written());
        let mut lines = whole.lines();
        assert_eq!(lines.next(), Some(format!("{:LONGEST_CELL$}  N", "KEY").as_str()));
        assert_eq!(lines.next(), Some(format!("{wide}  0").as_str()));
        assert!(
            lines
                .zip(1..)
                .all(|(line, n)| line == format!("{:LONGEST_CELL$}  {n}", "KEY"))
        );
        assert_eq!(whole.lines().count(), 9_001);
        assert_eq!(table.write(|_| Err(7)), Err(7));
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
        let gaps = [["", "b", ""], ["a", "", "c"], ["", "", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            table(&["A", "B", "C"], &gaps),
            "A  B  C\n   b\na     c\n\n",
            "an empty cell has its place, and none at the end of a line"
        );
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
