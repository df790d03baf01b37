//! JSON written as a stream: values go from their own memory to the writer, and no buffer in between keeps a copy.

use std::io::{Result, Write};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use keyward_model::{SecretValue, Timestamp};

/// A JSON document on its way out.
pub(crate) struct Document<W> {
    out: W,
    /// Whether something stands already in each object or list that is open.
    begun: Vec<bool>,
}

impl<W: Write> Document<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            begun: Vec::new(),
        }
    }

    /// What was written to.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }

    pub(crate) fn object(&mut self, inside: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.enclosed(b"{", b"}", inside)
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        self.enclosed(b"[", b"]", |document| {
            for item in items {
                document.next()?;
                each(document, item)?;
            }
            Ok(())
        })
    }

    fn enclosed(
        &mut self,
        open: &[u8],
        close: &[u8],
        inside: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.out.write_all(open)?;
        self.begun.push(false);
        inside(self)?;
        self.begun.pop();
        self.out.write_all(close)
    }

    /// A comma and a new line where something stands already.
    fn next(&mut self) -> Result<()> {
        if let Some(begun) = self.begun.last_mut()
            && std::mem::replace(begun, true)
        {
            self.out.write_all(b",\n")?;
        }
        Ok(())
    }

    /// The name of the member that is written next.
    pub(crate) fn member(&mut self, name: &str) -> Result<&mut Self> {
        self.next()?;
        self.text(name)?;
        self.out.write_all(b":")?;
        Ok(self)
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<()> {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    pub(crate) fn flag(&mut self, flag: bool) -> Result<()> {
        Ok(serde_json::to_writer(&mut self.out, &flag)?)
    }

    pub(crate) fn number(&mut self, number: u64) -> Result<()> {
        Ok(serde_json::to_writer(&mut self.out, &number)?)
    }

    pub(crate) fn time(&mut self, at: Timestamp) -> Result<()> {
        self.text(&at.to_rfc3339())
    }

    pub(crate) fn texts(&mut self, texts: &[String]) -> Result<()> {
        self.list(texts, |document, text| document.text(text))
    }

    /// Text as text, anything else as `{"base64": "…"}`.
    pub(crate) fn secret(&mut self, value: &SecretValue) -> Result<()> {
        match value.expose_text() {
            Some(text) => self.text(text),
            None => {
                let base64 = Base64Display::new(value.expose(), &STANDARD);
                write!(self.out, "{{\"base64\":\"{base64}\"}}")
            }
        }
    }
}
