//! Bodies and slot params: deterministic CBOR maps with integer keys (RFC 8949 §4.2; FORMAT.md).
//!
//! Written here rather than with a serializer, for two reasons: plaintext goes into one buffer that is
//! sized beforehand and wiped, never into copies; and a reader that takes exactly one spelling of each
//! value leaves nothing to choose for whoever made the bytes.

mod map;

use keyward_model::{Id, Timestamp};
use zeroize::Zeroizing;

pub(crate) use map::Map;

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Item<'a> {
    /// No such field: nothing is written.
    Absent,
    Unsigned(u64),
    Signed(i64),
    Bool(bool),
    Bytes(&'a [u8]),
    Text(&'a str),
    Texts(&'a [String]),
    Pairs(&'a [(String, String)]),
    /// Maps inside the map, one for each thing that a record has several of.
    Maps(&'a [Vec<(u8, Item<'a>)>]),
}

impl<'a> Item<'a> {
    pub(crate) fn maybe<T>(value: Option<T>, item: impl FnOnce(T) -> Item<'a>) -> Item<'a> {
        value.map_or(Item::Absent, item)
    }

    pub(crate) fn time(at: Timestamp) -> Item<'a> {
        Item::Signed(at.seconds())
    }

    pub(crate) fn id(id: &'a Id) -> Item<'a> {
        Item::Bytes(id.as_bytes())
    }
}

/// Writes a map. Field numbers must ascend.
pub(crate) fn encode(fields: &[(u8, Item<'_>)]) -> Zeroizing<Vec<u8>> {
    let mut counted = Sink::Count(0);
    write_map(fields, &mut counted);
    let Sink::Count(size) = counted else {
        unreachable!("a counting sink stays one")
    };
    let mut sink = Sink::Fill(Zeroizing::new(Vec::with_capacity(size)));
    write_map(fields, &mut sink);
    let Sink::Fill(out) = sink else {
        unreachable!("a filling sink stays one")
    };
    debug_assert_eq!(out.len(), size);
    out
}

/// The same walk counts the bytes first and writes them second, so that the buffer never grows.
enum Sink {
    Count(usize),
    Fill(Zeroizing<Vec<u8>>),
}

impl Sink {
    fn bytes(&mut self, bytes: &[u8]) {
        match self {
            Sink::Count(size) => *size += bytes.len(),
            Sink::Fill(out) => out.extend_from_slice(bytes),
        }
    }

    /// Major type and argument in the shortest form.
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let wide = argument.to_be_bytes();
        match argument {
            0..24 => self.bytes(&[major | wide[7]]),
            24..0x100 => self.bytes(&[major | 24, wide[7]]),
            0x100..0x1_0000 => self.bytes(&[major | 25, wide[6], wide[7]]),
            0x1_0000..0x1_0000_0000 => self.bytes(&[major | 26, wide[4], wide[5], wide[6], wide[7]]),
            _ => {
                self.bytes(&[major | 27]);
                self.bytes(&wide);
            }
        }
    }

    fn string(&mut self, major: u8, bytes: &[u8]) {
        self.head(major, bytes.len() as u64);
        self.bytes(bytes);
    }
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const SIMPLE: u8 = 7;
const FALSE: u64 = 20;
const TRUE: u64 = 21;

fn write_map(fields: &[(u8, Item<'_>)], sink: &mut Sink) {
    debug_assert!(fields.is_sorted_by(|a, b| a.0 < b.0), "field numbers ascend");
    let present = fields.iter().filter(|(_, item)| !matches!(item, Item::Absent));
    sink.head(MAP, present.clone().count() as u64);
    for (number, item) in present {
        sink.head(UNSIGNED, u64::from(*number));
        write_item(*item, sink);
    }
}

fn write_item(item: Item<'_>, sink: &mut Sink) {
    match item {
        Item::Absent => {}
        Item::Unsigned(value) => sink.head(UNSIGNED, value),
        Item::Signed(value) => match u64::try_from(value) {
            Ok(value) => sink.head(UNSIGNED, value),
            Err(_) => sink.head(NEGATIVE, !value as u64), // -1 - value
        },
        Item::Bool(value) => sink.head(SIMPLE, if value { TRUE } else { FALSE }),
        Item::Bytes(bytes) => sink.string(BYTES, bytes),
        Item::Text(text) => sink.string(TEXT, text.as_bytes()),
        Item::Texts(texts) => {
            sink.head(ARRAY, texts.len() as u64);
            texts.iter().for_each(|text| sink.string(TEXT, text.as_bytes()));
        }
        Item::Pairs(pairs) => {
            sink.head(ARRAY, pairs.len() as u64);
            for (first, second) in pairs {
                sink.head(ARRAY, 2);
                sink.string(TEXT, first.as_bytes());
                sink.string(TEXT, second.as_bytes());
            }
        }
        Item::Maps(maps) => {
            sink.head(ARRAY, maps.len() as u64);
            maps.iter().for_each(|fields| write_map(fields, sink));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn numbers_are_spelt_as_in_rfc_8949_appendix_a() {
        let cases: [(Item<'_>, &[u8]); 9] = [
            (Item::Unsigned(23), &[0x17]),
            (Item::Unsigned(24), &[0x18, 0x18]),
            (Item::Unsigned(1000), &[0x19, 0x03, 0xe8]),
            (Item::Unsigned(1_000_000), &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
            (Item::Signed(-1), &[0x20]),
            (Item::Signed(-1000), &[0x39, 0x03, 0xe7]),
            (Item::Bool(true), &[0xf5]),
            (Item::Text("IETF"), b"\x64IETF"),
            (Item::Bytes(&[1, 2]), &[0x42, 1, 2]),
        ];
        for (item, expect) in cases {
            assert_eq!(&encode(&[(1, item)])[2..], expect);
        }
    }

    #[test]
    fn everything_comes_back() {
        let texts = ["a".to_owned(), "ü".to_owned()];
        let pairs = [("k".to_owned(), "v".to_owned())];
        let maps = [
            vec![(1, Item::Text("a")), (2, Item::Absent), (9, Item::Bool(true))],
            vec![(1, Item::Text("b"))],
        ];
        let bytes = encode(&[
            (1, Item::Text("x")),
            (2, Item::Absent),
            (3, Item::Texts(&texts)),
            (4, Item::Pairs(&pairs)),
            (5, Item::Signed(i64::MIN)),
            (6, Item::Maps(&maps)),
            (30, Item::Bytes(&[7; 300])),
        ]);
        let map = Map::parse(&bytes, 30).unwrap();
        assert_eq!(map.text(1).unwrap(), "x");
        assert!(!map.has(2));
        assert_eq!(map.texts(3).unwrap(), texts);
        assert_eq!(map.pairs(4).unwrap(), pairs);
        assert_eq!(map.time(5).unwrap(), Timestamp(i64::MIN));
        let names = |highest| map.maps(6, highest, |one| one.string(1));
        assert_eq!(names(9).unwrap(), ["a", "b"]);
        assert!(matches!(names(8), Err(Error::TooNew(_))));
        assert!(matches!(map.maps(3, 9, |_| Ok(())), Err(Error::Corrupt(_))));
        assert_eq!(map.secret(30).unwrap().expose(), [7; 300]);
        assert!(matches!(Map::parse(&bytes, 29), Err(Error::TooNew(_))));
    }

    /// A CBOR reader that is not ours reads the same.
    #[test]
    fn an_independent_reader_agrees() {
        let texts = ["a".to_owned()];
        let bytes = encode(&[
            (1, Item::Signed(-500)),
            (2, Item::Bytes(&[1; 70_000])),
            (9, Item::Texts(&texts)),
        ]);
        let value: ciborium::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
        let expect = ciborium::Value::Map(vec![
            (1.into(), (-500).into()),
            (2.into(), vec![1_u8; 70_000].into()),
            (9.into(), ciborium::Value::Array(vec!["a".into()])),
        ]);
        assert_eq!(value, expect);
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let cases: [&[u8]; 12] = [
            b"",
            &[0xa1, 0x01],                                                       // value missing
            &[0xa1, 0x01, 0x18, 0x05],                                           // 5 in two bytes
            &[0xa2, 0x02, 0x00, 0x01, 0x00],                                     // out of order
            &[0xa2, 0x01, 0x00, 0x01, 0x00],                                     // twice
            &[0xa1, 0x01, 0x00, 0x00],                                           // something behind it
            &[0xbf, 0x01, 0x00, 0xff],                                           // indefinite length
            &[0xa1, 0x01, 0x61, 0xff],                                           // no UTF-8
            &[0xa1, 0x01, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], // more than there is
            &[0xa1, 0x01, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00],                   // too deep
            &[0xa1, 0x01, 0x81, 0xa1, 0x01, 0x81, 0x81, 0x81, 0x00],             // too deep in a map
            &[0xa1, 0x01, 0x81, 0xa2, 0x02, 0x00, 0x01, 0x00],                   // out of order in a map
        ];
        for case in cases {
            assert!(
                matches!(Map::parse(case, 9), Err(Error::Corrupt(_))),
                "{case:02x?}"
            );
        }
    }

    /// A field of another kind than asked for is damage, whatever it is: nothing is taken for something else.
    #[test]
    fn a_field_of_another_kind_is_damage() {
        fn is_damage<T>(result: crate::error::Result<T>) -> bool {
            matches!(result, Err(Error::Corrupt(_)))
        }
        let (texts, pairs) = (["a".to_owned()], [("a".to_owned(), "b".to_owned())]);
        let items = [
            Item::Unsigned(1),
            Item::Signed(-1),
            Item::Bool(true),
            Item::Bytes(b"x"),
            Item::Text("x"),
            Item::Texts(&texts),
            Item::Pairs(&pairs),
            Item::Maps(&[vec![(1, Item::Bool(true))]]),
        ];
        for (at, item) in items.into_iter().enumerate() {
            let bytes = encode(&[(1, item), (2, Item::Absent)]);
            let map = Map::parse(&bytes, 1).unwrap();
            assert!(map.has(1) && !map.has(2));
            let refused = [
                is_damage(map.unsigned(1)),
                is_damage(map.time(1)),
                is_damage(map.flag(1)),
                is_damage(map.bytes(1)),
                is_damage(map.text(1)),
                is_damage(map.texts(1)),
                is_damage(map.pairs(1)),
                is_damage(map.maps(1, 1, |_| Ok(()))),
            ];
            let taken: Vec<usize> = (0..refused.len()).filter(|reader| !refused[*reader]).collect();
            // A number is a time as well; everything else is read in one way.
            let expect: &[usize] = [&[0, 1][..], &[1], &[2], &[3], &[4], &[5], &[6], &[7]][at];
            assert_eq!(taken, expect, "{at}");
            assert!(is_damage(map.unsigned(2)) && is_damage(map.pairs(2)) && is_damage(map.array::<3>(1)));
        }
        // A map that knows more than we do, inside a list.
        let bytes = encode(&[(1, Item::Maps(&[vec![(9, Item::Bool(true))]]))]);
        let map = Map::parse(&bytes, 1).unwrap();
        assert!(matches!(map.maps(1, 8, |_| Ok(())), Err(Error::TooNew(_))));
        assert!(is_damage(Map::parse(&[0x01], 1)), "no map at all");
        assert!(is_damage(Map::parse(&[0xa0, 0x00], 1)), "something after it");
    }
}
