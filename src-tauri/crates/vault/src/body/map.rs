//! Reading: exactly one spelling of each value is taken.

use keyward_model::{Id, SecretValue, Timestamp};

use super::{ARRAY, BYTES, FALSE, MAP, NEGATIVE, SIMPLE, TEXT, TRUE, UNSIGNED};
use crate::error::{Error, Result};

/// A map as read; byte and text strings point into the bytes it was read from.
pub(crate) struct Map<'a>(Vec<(u64, Value<'a>)>);

enum Value<'a> {
    Unsigned(u64),
    Negative(i64),
    Bool(bool),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Map<'a>),
}

/// Deepest nesting there is: a list of maps that hold lists of pairs, inside the map.
const DEPTH: u8 = 4;

impl<'a> Map<'a> {
    /// Reads a map whose field numbers are at most `highest`.
    ///
    /// # Errors
    /// [`Error::TooNew`] for a higher number, [`Error::Corrupt`] for whatever is not the one spelling
    /// that [`encode`] has.
    pub(crate) fn parse(bytes: &'a [u8], highest: u64) -> Result<Self> {
        let mut input = Input(bytes);
        let (major, count) = input.head()?;
        if major != MAP {
            return Err(damaged());
        }
        let map = input.map(count, highest, DEPTH)?;
        if input.0.is_empty() {
            Ok(map)
        } else {
            Err(damaged())
        }
    }

    fn value(&self, number: u64) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|(have, _)| *have == number)
            .map(|(_, value)| value)
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.value(number).is_some()
    }

    pub(crate) fn unsigned(&self, number: u64) -> Result<u64> {
        match self.value(number) {
            Some(Value::Unsigned(value)) => Ok(*value),
            _ => Err(damaged()),
        }
    }

    pub(crate) fn u32(&self, number: u64) -> Result<u32> {
        u32::try_from(self.unsigned(number)?).map_err(|_| damaged())
    }

    pub(crate) fn flag(&self, number: u64) -> Result<bool> {
        match self.value(number) {
            Some(Value::Bool(value)) => Ok(*value),
            _ => Err(damaged()),
        }
    }

    pub(crate) fn time(&self, number: u64) -> Result<Timestamp> {
        match self.value(number) {
            Some(Value::Unsigned(value)) => i64::try_from(*value).map(Timestamp).map_err(|_| damaged()),
            Some(Value::Negative(value)) => Ok(Timestamp(*value)),
            _ => Err(damaged()),
        }
    }

    pub(crate) fn bytes(&self, number: u64) -> Result<&'a [u8]> {
        match self.value(number) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(damaged()),
        }
    }

    pub(crate) fn array<const N: usize>(&self, number: u64) -> Result<[u8; N]> {
        self.bytes(number)?.try_into().map_err(|_| damaged())
    }

    pub(crate) fn id(&self, number: u64) -> Result<Id> {
        self.array(number).map(Id::from_bytes)
    }

    /// A value, copied once into a buffer of its exact size.
    pub(crate) fn secret(&self, number: u64) -> Result<SecretValue> {
        self.bytes(number).map(|bytes| SecretValue::new(bytes.to_vec()))
    }

    pub(crate) fn text(&self, number: u64) -> Result<&'a str> {
        match self.value(number) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(damaged()),
        }
    }

    pub(crate) fn string(&self, number: u64) -> Result<String> {
        self.text(number).map(str::to_owned)
    }

    /// A field that may be absent.
    pub(crate) fn maybe<T>(
        &self,
        number: u64,
        read: impl FnOnce(&Self, u64) -> Result<T>,
    ) -> Result<Option<T>> {
        self.has(number).then(|| read(self, number)).transpose()
    }

    pub(crate) fn texts(&self, number: u64) -> Result<Vec<String>> {
        let Some(Value::Array(values)) = self.value(number) else {
            return Err(damaged());
        };
        values.iter().map(Value::owned_text).collect()
    }

    pub(crate) fn pairs(&self, number: u64) -> Result<Vec<(String, String)>> {
        let Some(Value::Array(values)) = self.value(number) else {
            return Err(damaged());
        };
        let pair = |value: &Value<'_>| match value {
            Value::Array(pair) => match pair.as_slice() {
                [first, second] => Ok((first.owned_text()?, second.owned_text()?)),
                _ => Err(damaged()),
            },
            _ => Err(damaged()),
        };
        values.iter().map(pair).collect()
    }

    /// What `read` makes of each map in a list; their field numbers are at most `highest`.
    pub(crate) fn maps<T>(
        &self,
        number: u64,
        highest: u64,
        read: impl Fn(&Map<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let Some(Value::Array(values)) = self.value(number) else {
            return Err(damaged());
        };
        let one = |value: &Value<'a>| match value {
            Value::Map(Map(fields)) if fields.last().is_some_and(|(last, _)| *last > highest) => {
                Err(too_new())
            }
            Value::Map(map) => read(map),
            _ => Err(damaged()),
        };
        values.iter().map(one).collect()
    }
}

impl Value<'_> {
    fn owned_text(&self) -> Result<String> {
        match self {
            Value::Text(text) => Ok((*text).to_owned()),
            _ => Err(damaged()),
        }
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let count = usize::try_from(count).map_err(|_| damaged())?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<(u8, u64)> {
        let first = self.take(1)?[0];
        let (width, least) = match first & 31 {
            small @ 0..24 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(damaged()),
        };
        let argument = self
            .take(width)?
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        if argument < least {
            Err(damaged())
        } else {
            Ok((first >> 5, argument))
        }
    }

    /// A map of so many fields, whose numbers ascend to at most `highest`.
    fn map(&mut self, count: u64, highest: u64, depth: u8) -> Result<Map<'a>> {
        let mut fields: Vec<(u64, Value<'a>)> = Vec::new();
        for _ in 0..count {
            let (major, number) = self.head()?;
            if major != UNSIGNED || fields.last().is_some_and(|(last, _)| *last >= number) {
                return Err(damaged());
            }
            // Before its value, which may be of a kind that only the newer version knows.
            if number > highest {
                return Err(too_new());
            }
            fields.push((number, self.value(depth)?));
        }
        Ok(Map(fields))
    }

    fn value(&mut self, depth: u8) -> Result<Value<'a>> {
        let (major, argument) = self.head()?;
        match (major, argument) {
            (UNSIGNED, value) => Ok(Value::Unsigned(value)),
            (NEGATIVE, value) => i64::try_from(value)
                .map(|value| Value::Negative(!value))
                .map_err(|_| damaged()),
            (BYTES, length) => self.take(length).map(Value::Bytes),
            (TEXT, length) => std::str::from_utf8(self.take(length)?)
                .map(Value::Text)
                .map_err(|_| damaged()),
            (ARRAY, count) if depth > 0 => {
                // No capacity from a number that somebody else wrote: the input ends first.
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(depth - 1)?);
                }
                Ok(Value::Array(values))
            }
            // How high its numbers go is for whoever asks for it to say.
            (MAP, count) if depth > 0 => self.map(count, u64::MAX, depth - 1).map(Value::Map),
            (SIMPLE, FALSE) => Ok(Value::Bool(false)),
            (SIMPLE, TRUE) => Ok(Value::Bool(true)),
            _ => Err(damaged()),
        }
    }
}

fn too_new() -> Error {
    Error::TooNew("a record".to_owned())
}

fn damaged() -> Error {
    Error::Corrupt("the fields of a record".to_owned())
}
