//! The bytes of a filled template, wiped wherever they were.

use zeroize::Zeroizing;

/// A growing buffer that wipes the memory it leaves: a plain `Vec` would leave copies behind when it moves.
pub(super) struct Output(Zeroizing<Vec<u8>>);

impl Output {
    pub(super) fn new() -> Output {
        Output(Zeroizing::new(Vec::with_capacity(4096)))
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(self.0.capacity() * 2)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    pub(super) fn push_char(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    pub(super) fn finish(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}
