//! Lines and columns as an editor shows them.

/// A place in a file. Both count from 1; columns count characters, or bytes when the file is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Turns offsets into positions, walking forward once: asking for n places of a file costs one pass.
pub(crate) struct Locator<'bytes> {
    bytes: &'bytes [u8],
    is_utf8: bool,
    at: usize,
    here: Position,
}

impl<'bytes> Locator<'bytes> {
    pub(crate) fn new(bytes: &'bytes [u8]) -> Self {
        // Editors do not show a byte order mark, so it takes no column.
        let at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let is_utf8 = std::str::from_utf8(bytes).is_ok();
        Locator {
            bytes,
            is_utf8,
            at,
            here: Position { line: 1, column: 1 },
        }
    }

    /// The place of the byte at `offset`, which must not be before the last one asked for.
    pub(crate) fn position(&mut self, offset: usize) -> Position {
        while self.at < offset.min(self.bytes.len()) {
            let byte = self.bytes[self.at];
            let continues = self.is_utf8 && (byte & 0xC0) == 0x80;
            if byte == b'\n' {
                self.here = Position {
                    line: self.here.line + 1,
                    column: 1,
                };
            } else if !continues {
                self.here.column += 1;
            }
            self.at += 1;
        }
        self.here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_or_bytes() {
        let check = |bytes: &[u8], offset: usize, line: usize, column: usize| {
            assert_eq!(
                Locator::new(bytes).position(offset),
                Position { line, column },
                "{bytes:?} {offset}"
            );
        };
        check(b"", 0, 1, 1);
        check(b"ab", 1, 1, 2);
        check("é!".as_bytes(), 2, 1, 2);
        check(b"\xC3\xA9\xFF!", 3, 1, 4);
        check(b"a\r\nbc", 4, 2, 2);
        check(b"\xEF\xBB\xBFx", 3, 1, 1);
        check(b"a\n", 99, 2, 1);
    }
}
