//! Secrets as a person reads them in a list.
//!
//! A vault of ten thousand lists them at a third of the cost of all members (P6): a line has fewer, and the texts of a
//! page lie one after another: sixty thousand that each kept memory of their own would cost more than what they say.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};

use super::{Secret, SecretList};

/// Lists Secrets of an environment as [`SecretList`] does, by lines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretLines(pub SecretList);

/// What a list says of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretLine<'a> {
    /// The referable key.
    #[serde(borrow)]
    pub key: Cow<'a, str>,
    /// Free text; empty where it is the key.
    #[serde(borrow, default, skip_serializing_if = "is_empty")]
    pub name: Cow<'a, str>,
    /// Free words, with commas between them.
    #[serde(borrow, default, skip_serializing_if = "is_empty")]
    pub tags: Cow<'a, str>,
    /// Number of the current value.
    pub version: u32,
    /// RFC 3339.
    #[serde(borrow)]
    pub updated_at: Cow<'a, str>,
    /// From when on whoever issued the value refuses it; RFC 3339, empty for never.
    #[serde(borrow, default, skip_serializing_if = "is_empty")]
    pub expires_at: Cow<'a, str>,
    /// When the value should be replaced; RFC 3339, empty for never.
    #[serde(borrow, default, skip_serializing_if = "is_empty")]
    pub rotation_due_at: Cow<'a, str>,
    /// Whether the Owner wants it at hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub favourite: bool,
}

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

impl<'a> From<&'a Secret> for SecretLine<'a> {
    fn from(secret: &'a Secret) -> Self {
        Self {
            key: secret.key.as_str().into(),
            name: match secret.name == secret.key {
                true => "".into(),
                false => secret.name.as_str().into(),
            },
            tags: secret.tags.join(",").into(),
            version: secret.version,
            updated_at: secret.updated_at.as_str().into(),
            expires_at: secret.expires_at.as_deref().unwrap_or_default().into(),
            rotation_due_at: secret.rotation_due_at.as_deref().unwrap_or_default().into(),
            favourite: secret.favourite,
        }
    }
}

/// Lines of a list, by key; in JSON an array of [`SecretLine`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPage {
    /// The texts of all lines.
    texts: String,
    lines: Vec<Measures>,
}

/// What is known of a line beside its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Measures {
    /// Bytes of each text, as the members of [`SecretLine`] stand.
    lengths: [u32; 6],
    version: u32,
    favourite: bool,
}

impl SecretPage {
    /// Adds a line.
    pub fn push(&mut self, line: &SecretLine<'_>) {
        let texts = [
            &line.key,
            &line.name,
            &line.tags,
            &line.updated_at,
            &line.expires_at,
            &line.rotation_due_at,
        ];
        let lengths = texts.map(|text| {
            self.texts.push_str(text);
            u32::try_from(text.len()).expect("I1: no text of a record is longer than its record")
        });
        self.lines.push(Measures {
            lengths,
            version: line.version,
            favourite: line.favourite,
        });
    }

    /// The lines, in the order of the list.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = SecretLine<'_>> {
        let mut rest = self.texts.as_str();
        self.lines.iter().map(move |measures| {
            let (texts, behind) = rest.split_at(measures.bytes());
            rest = behind;
            measures.line(texts)
        })
    }

    /// The last line; `None` on an empty page.
    #[must_use]
    pub fn last(&self) -> Option<SecretLine<'_>> {
        let measures = self.lines.last()?;
        Some(measures.line(&self.texts[self.texts.len() - measures.bytes()..]))
    }
}

impl Measures {
    fn bytes(&self) -> usize {
        self.lengths.iter().map(|length| *length as usize).sum()
    }

    /// The line whose texts these are.
    fn line<'a>(&self, mut texts: &'a str) -> SecretLine<'a> {
        let [key, name, tags, updated_at, expires_at, rotation_due_at] = self.lengths.map(|length| {
            let (text, behind) = texts.split_at(length as usize);
            texts = behind;
            Cow::Borrowed(text)
        });
        SecretLine {
            key,
            name,
            tags,
            version: self.version,
            updated_at,
            expires_at,
            rotation_due_at,
            favourite: self.favourite,
        }
    }
}

impl Serialize for SecretPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for SecretPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Reads line by line, each borrowed from what is read.
        struct Lines;

        impl<'de> Visitor<'de> for Lines {
            type Value = SecretPage;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("lines of secrets")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<SecretPage, A::Error> {
                let mut page = SecretPage::default();
                while let Some(line) = lines.next_element()? {
                    page.push(&line);
                }
                Ok(page)
            }
        }

        deserializer.deserialize_seq(Lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P6: what a page keeps together comes out as it went in, also what JSON writes with escapes.
    #[test]
    fn a_page_of_lines_is_the_lines() {
        let plain = SecretLine {
            key: "PLAIN".into(),
            name: "".into(),
            tags: "".into(),
            version: 1,
            updated_at: "2026-11-22T09:00:00Z".into(),
            expires_at: "".into(),
            rotation_due_at: "".into(),
            favourite: false,
        };
        let full = SecretLine {
            key: "FULL".into(),
            name: "Größe \"\u{1b}\"\n世界".into(),
            tags: "a,b".into(),
            version: u32::MAX,
            expires_at: "2027-01-01T00:00:00Z".into(),
            rotation_due_at: "2026-12-01T00:00:00Z".into(),
            favourite: true,
            ..plain.clone()
        };
        let lines = [plain.clone(), full, plain];
        let mut page = SecretPage::default();
        assert_eq!((page.iter().len(), page.last()), (0, None));
        for line in &lines {
            page.push(line);
        }
        let json = serde_json::to_string(&page).unwrap();
        assert!(
            json.starts_with(r#"[{"key":"PLAIN","version":1,"updated_at":"2026-11-22T09:00:00Z"},"#),
            "{json}"
        );
        for read in [page, serde_json::from_str(&json).unwrap()] {
            assert!(read.iter().eq(lines.iter().cloned()));
            assert_eq!(read.last().as_ref(), lines.last());
        }
        assert!(serde_json::from_str::<SecretPage>(r#"[{"key":"PLAIN"}]"#).is_err());
    }
}
