//! The document: groups, entries and their history, read event by event with a stack of our own.

use aes::cipher::StreamCipher;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_model::{SecretValue, Timestamp};
use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    entry::{Draft, Field},
    payload::Inner,
};
use crate::{
    error::{Error, Result, shown},
    found::Sheet,
    limits,
};

/// Seconds from 0001-01-01 to 1970-01-01.
const TO_UNIX: i64 = 62_135_596_800;

/// Elements that are open, deepest last, and what was gathered so far.
struct Walk<'a> {
    inner: Inner<'a>,
    path: Vec<String>,
    text: Zeroizing<String>,
    is_protected: bool,
    recycle_bin: Option<String>,
    groups: Vec<Group>,
    /// The entry that is open, and inside its history the one of before.
    entries: Vec<Draft>,
    key: String,
    reference: Option<usize>,
    value: Option<SecretValue>,
    was_protected: bool,
    binned: usize,
    sheet: Sheet,
}

#[derive(Default)]
struct Group {
    name: String,
    is_bin: bool,
}

/// Reads the document.
pub(super) fn read(inner: Inner<'_>, xml: &str) -> Result<Sheet> {
    let mut walk = Walk {
        inner,
        path: Vec::new(),
        text: Zeroizing::new(String::new()),
        is_protected: false,
        recycle_bin: None,
        groups: Vec::new(),
        entries: Vec::new(),
        key: String::new(),
        reference: None,
        value: None,
        was_protected: false,
        binned: 0,
        sheet: Sheet::default(),
    };
    let mut reader = Reader::from_str(xml);
    loop {
        let event = reader
            .read_event()
            .map_err(|_| Error::malformed("its document is no valid XML"))?;
        match event {
            Event::Start(element) => walk.start(&element)?,
            Event::End(_) => walk.end()?,
            Event::Empty(element) => {
                walk.start(&element)?;
                walk.end()?;
            }
            Event::Text(text) => walk.text.push_str(&text.xml10_content()),
            Event::CData(text) => walk.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => walk.text.push(character(&reference)?),
            Event::DocType(_) => return Err(Error::malformed("its document has a DOCTYPE")),
            Event::Eof if walk.path.is_empty() => break,
            Event::Eof => return Err(Error::malformed("its document is cut")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
        }
    }
    if walk.binned > 0 {
        walk.sheet
            .remarks
            .push(format!("Left out: {} in the recycle bin.", walk.binned));
    }
    Ok(walk.sheet)
}

/// `&lt;` and `&#x41;`; nothing else is ever resolved.
fn character(reference: &BytesRef<'_>) -> Result<char> {
    let unknown = || Error::malformed("its document has an unknown entity");
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok().flatten().ok_or_else(unknown);
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(unknown()),
    }
}

impl Walk<'_> {
    /// The element that is open at `depth` counted from the deepest.
    fn up(&self, depth: usize) -> &str {
        self.path
            .len()
            .checked_sub(depth + 1)
            .map_or("", |at| self.path[at].as_str())
    }

    fn start(&mut self, element: &BytesStart<'_>) -> Result<()> {
        if self.path.len() >= 2 * limits::DEPTH {
            return Err(Error::too_large(format!(
                "its groups are nested deeper than {} levels",
                limits::DEPTH
            )));
        }
        self.path.push(element.name().as_ref().to_owned());
        self.text.zeroize();
        let attribute = |name| {
            element
                .try_get_attribute(name)
                .ok()
                .flatten()
                .map(|attribute| attribute.value.into_owned())
        };
        match self.up(0) {
            "Group" => self.groups.push(Group::default()),
            "Entry" => self.entries.push(Draft::default()),
            "String" | "Binary" if self.up(1) == "Entry" => {
                self.key.clear();
                self.value = None;
                self.reference = None;
                self.was_protected = false;
            }
            "Value" => {
                self.is_protected = attribute("Protected").is_some_and(|is| is.eq_ignore_ascii_case("true"));
                self.reference = attribute("Ref").and_then(|at| at.parse().ok());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let text = std::mem::replace(&mut self.text, Zeroizing::new(String::new()));
        match (self.up(0), self.up(1), self.up(2)) {
            ("RecycleBinUUID", "Meta", _) => self.recycle_bin = Some(text.to_string()),
            ("UUID", "Group", _) => {
                let is_bin = self.recycle_bin.as_deref() == Some(text.as_str());
                self.group().is_bin = is_bin;
            }
            ("Name", "Group", _) => self.group().name = text.to_string(),
            ("Tags", "Entry", _) => self.entry()?.tags = crate::table::words(&text),
            ("Expires", "Times", "Entry") => self.entry()?.expires = text.eq_ignore_ascii_case("true"),
            ("ExpiryTime", "Times", "Entry") => self.entry()?.expires_at = moment(&text),
            ("LastModificationTime", "Times", "Entry") => self.entry()?.changed_at = moment(&text),
            ("Key", "String" | "Binary", "Entry") => self.key = text.to_string(),
            ("Value", "String", "Entry") => {
                let protected = std::mem::take(&mut self.is_protected);
                self.value = Some(self.unprotected(text, protected)?);
                self.was_protected = protected;
            }
            // Values of other elements may be protected as well, and the key stream counts them all.
            ("Value", _, _) if self.is_protected => {
                self.is_protected = false;
                self.unprotected(text, true)?;
            }
            ("String", "Entry", _) => {
                let field = Field {
                    name: std::mem::take(&mut self.key),
                    value: self.value.take().unwrap_or_else(|| SecretValue::from("")),
                    masked: self.was_protected,
                };
                self.entry()?.fields.push(field);
            }
            ("Binary", "Entry", _) => self.attach()?,
            ("Entry", parent, _) => {
                let is_history = parent == "History";
                self.close_entry(is_history)?;
            }
            ("Group", ..) => drop(self.groups.pop()),
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        self.groups.last_mut().expect("I1: one was put there")
    }

    fn entry(&mut self) -> Result<&mut Draft> {
        self.entries
            .last_mut()
            .ok_or_else(|| Error::malformed("its document has a field outside an entry"))
    }

    fn unprotected(&mut self, text: Zeroizing<String>, protected: bool) -> Result<SecretValue> {
        if !protected {
            return Ok(SecretValue::new(text.as_bytes().to_vec()));
        }
        let mut bytes = STANDARD
            .decode(text.as_bytes())
            .map_err(|_| Error::malformed("a protected value is no valid base64"))?;
        self.inner.stream.apply_keystream(&mut bytes);
        Ok(SecretValue::new(bytes))
    }

    fn attach(&mut self) -> Result<()> {
        let name = std::mem::take(&mut self.key);
        let content = self.reference.and_then(|at| self.inner.binaries.get(at).copied());
        // The history repeats its files: only those of today are kept.
        let is_history = self.entries.len() > 1;
        if let Some(content) = content
            && !is_history
        {
            self.entry()?.fields.push(Field {
                name,
                value: SecretValue::new(content.to_vec()),
                masked: true,
            });
        }
        Ok(())
    }

    fn close_entry(&mut self, is_history: bool) -> Result<()> {
        let Some(draft) = self.entries.pop() else {
            return Ok(());
        };
        if is_history {
            return self.entry()?.remember(draft);
        }
        if self.groups.iter().any(|group| group.is_bin) {
            self.binned += 1;
            return Ok(());
        }
        limits::entries(self.sheet.entries.len() + 1)?;
        // The first group is the database itself.
        let folder: Vec<String> = self
            .groups
            .iter()
            .skip(1)
            .map(|group| group.name.clone())
            .collect();
        let found = draft.into_found(folder)?;
        if refers(&found) {
            self.sheet.remarks.push(format!(
                "“{}” refers to another entry ({{REF:…}}); it was read as it is written.",
                shown(&found.name)
            ));
        }
        self.sheet.entries.push(found);
        Ok(())
    }
}

fn refers(found: &crate::found::Found) -> bool {
    found.variables().iter().any(|variable| {
        variable
            .value
            .as_ref()
            .and_then(SecretValue::expose_text)
            .is_some_and(|text| text.starts_with("{REF:"))
    })
}

/// Base64 of seconds since 0001-01-01, little endian.
fn moment(text: &str) -> Option<Timestamp> {
    let bytes: [u8; 8] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
    Some(Timestamp(i64::from_le_bytes(bytes).checked_sub(TO_UNIX)?))
}
