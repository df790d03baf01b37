//! What a reference stands in, and the parts all formats share.
//!
//! Each format reads the template as a row of symbols (its bytes, and one symbol per reference) and says for each
//! reference, in order, what it stands in; or in one sentence why no value can be written there.

use super::output::Output;
use super::{env, json, xml, yaml};

/// A byte of the template, or [`REFERENCE`].
pub(super) type Symbol = u16;

/// The symbol that stands for a whole reference.
pub(super) const REFERENCE: Symbol = 256;

/// The end of the symbols; no byte and no reference.
pub(super) const END: Symbol = 257;

/// For one reference: what it stands in, or why a value cannot stand there.
pub(super) type Found = Result<Place, &'static str>;

/// What a reference stands in.
pub(super) enum Place {
    Text,
    Env(env::Place),
    Json,
    Yaml(yaml::Place),
    Xml(xml::Place),
}

impl Place {
    /// Writes a value; an error says why this place cannot hold it. What was written before an error is void.
    pub(super) fn write(&self, value: &[u8], output: &mut Output) -> Result<(), &'static str> {
        if let Place::Text = self {
            output.push(value);
            return Ok(());
        }
        let value = std::str::from_utf8(value)
            .map_err(|_| "the value is not UTF-8 and can be written with --format text only")?;
        match self {
            Place::Text => {}
            Place::Env(place) => env::write(value, place, output)?,
            Place::Json => json::write(value, output),
            Place::Yaml(place) => yaml::write(value, place, output)?,
            Place::Xml(place) => xml::write(value, place, output)?,
        }
        Ok(())
    }
}

/// A cursor over symbols with the moves that all formats need.
pub(super) struct Cursor<'symbols> {
    symbols: &'symbols [Symbol],
    /// The index of the next symbol.
    pub(super) at: usize,
}

impl<'symbols> Cursor<'symbols> {
    pub(super) fn new(symbols: &'symbols [Symbol]) -> Self {
        let at = if symbols.starts_with(&[0xEF, 0xBB, 0xBF]) {
            3
        } else {
            0
        };
        Cursor { symbols, at }
    }

    /// The symbol `ahead` of the next one, [`END`] past the end.
    pub(super) fn peek(&self, ahead: usize) -> Symbol {
        self.symbol(self.at + ahead)
    }

    /// The symbol at an index, [`END`] past the end.
    pub(super) fn symbol(&self, index: usize) -> Symbol {
        self.symbols.get(index).copied().unwrap_or(END)
    }

    /// The symbol before the next one; a line break at the start.
    pub(super) fn before(&self) -> Symbol {
        self.at
            .checked_sub(1)
            .map_or(Symbol::from(b'\n'), |index| self.symbol(index))
    }

    pub(super) fn done(&self) -> bool {
        self.at >= self.symbols.len()
    }

    pub(super) fn is(&self, byte: u8) -> bool {
        self.peek(0) == Symbol::from(byte)
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        text.bytes()
            .enumerate()
            .all(|(ahead, byte)| self.peek(ahead) == Symbol::from(byte))
    }

    pub(super) fn skip_blanks(&mut self) {
        while is_blank(self.peek(0)) {
            self.at += 1;
        }
    }
}

/// A space or a tab.
pub(super) fn is_blank(symbol: Symbol) -> bool {
    symbol == Symbol::from(b' ') || symbol == Symbol::from(b'\t')
}

/// A line break or the end.
pub(super) fn is_break(symbol: Symbol) -> bool {
    symbol == Symbol::from(b'\n') || symbol == Symbol::from(b'\r') || symbol == END
}

/// A blank, a line break or the end.
pub(super) fn is_space(symbol: Symbol) -> bool {
    is_blank(symbol) || is_break(symbol)
}

/// True for a character that stays on its line in every format: no line break, no control character but the tab, no
/// byte order mark, nothing that is not a character.
pub(super) fn is_printable(c: char) -> bool {
    (!c.is_control() || c == '\t')
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// True for text of one line: it cannot leave a comment.
pub(super) fn is_one_line(value: &str) -> bool {
    value.chars().all(is_printable)
}

/// Why a comment cannot hold a value.
pub(super) const NOT_IN_COMMENT: &str =
    "the value has several lines or control characters, which a comment cannot hold";
