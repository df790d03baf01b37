//! JSON of strangers: bounded depth, and members whose text wipes itself.

use std::{fmt, ops::Deref};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Deepest nesting that is read (O-73).
const DEEPEST: usize = 32;

/// Whether brackets nest no deeper than 32; a linear look before the recursive one.
pub(crate) fn is_shallow(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// Reads a whole JSON text of bounded depth; `None` when it is not one.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    if !is_shallow(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// A member that is a secret: its text is wiped when it goes.
pub(crate) struct Wiped(Zeroizing<String>);

impl Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("it is no text")),
        }
    }
}

/// A JSON value, for members that lie anywhere in it; texts wipe themselves.
pub(crate) enum Node {
    Text(Zeroizing<String>),
    Number(serde_json::Number),
    Bool(bool),
    Null,
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// A member that is looked at is there twice: two readers may take different ones, so nobody takes any.
pub(crate) struct Twice;

impl Node {
    /// What a JSON pointer leads to (RFC 6901).
    pub(crate) fn find(&self, pointer: &str) -> Result<Option<&Self>, Twice> {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match node {
                Self::Object(members) => {
                    let mut found = members.iter().filter(|(name, _)| *name == part);
                    match (found.next(), found.next()) {
                        (_, Some(_)) => return Err(Twice),
                        (found, None) => found.map(|(_, node)| node),
                    }
                }
                Self::List(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// A text, as it is.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    pub(crate) fn whole(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Node::Null, Node::Number))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa4_members_are_found_by_pointer_and_never_twice() {
        let node: Node =
            read(br#"{"a":{"b/c":[{"x":1},{"x":"y"}]},"t":1,"t":2,"big":9007199254740993}"#).unwrap();
        let text = |pointer: &str| match node.find(pointer) {
            Ok(found) => found.and_then(Node::text).map(str::to_owned),
            Err(Twice) => Some("twice".to_owned()),
        };
        assert_eq!(text("/a/b~1c/1/x").as_deref(), Some("y"));
        assert_eq!(text("/t").as_deref(), Some("twice"));
        for nothing in ["/a/z", "/a/b~1c/2/x", "/a/b~1c/x", "/a/b~1c/0/x/y"] {
            assert_eq!(text(nothing), None, "{nothing}");
        }
        let whole = |pointer: &str| node.find(pointer).ok().flatten().and_then(Node::whole);
        assert_eq!(whole("/big"), Some(9_007_199_254_740_993));
    }

    #[test]
    fn o73_depth_is_bounded_and_brackets_in_text_do_not_count() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(is_shallow(nested(32).as_bytes()));
        assert!(!is_shallow(nested(33).as_bytes()));
        assert!(!is_shallow("{\"a\":".repeat(100_000).as_bytes()));
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(100), "{".repeat(100));
        assert!(is_shallow(text.as_bytes()));
        assert!(read::<Node>(text.as_bytes()).is_some());
    }
}
