//! The rows that are left in a damaged SQLite file, read page by page (SQLite's file format, sections 1.6 and 2.1).
//!
//! Nothing that leads to a page is trusted, neither schema nor inner pages nor page count: each leaf tells its own
//! cells. What comes out may be old, doubled or made up; whoever asked opens it, and so knows.

use std::collections::HashMap;

/// No row of a vault is longer: two mebibytes, as [`crate::schema`] has it.
const LONGEST_ROW: usize = 2 * 1024 * 1024;

/// Most columns of a row of ours.
const MOST_COLUMNS: usize = 8;

const TABLE_LEAF: u8 = 0x0D;
const INDEX_LEAF: u8 = 0x0A;

/// Offsets in the log: its own header, and that of each page in it.
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// One row; `rowid` where its table has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) rowid: Option<i64>,
    pub(super) values: Vec<Value>,
}

/// A file and the log beside it, cut into pages.
struct Pages<'f> {
    /// Bytes of a page that hold content.
    usable: usize,
    file: Vec<&'f [u8]>,
    log: Vec<(u32, &'f [u8])>,
    newest: HashMap<u32, &'f [u8]>,
}

/// Every row on every leaf of the file and of its log, the log's last; one that the log has changed may come twice.
pub(super) fn rows(file: &[u8], log: &[u8]) -> Vec<Row> {
    let pages = Pages::cut(file, log);
    let mut found = Vec::new();
    for (at, page) in pages.file.iter().enumerate() {
        pages.leaf(page, at == 0, &mut found);
    }
    for (number, page) in &pages.log {
        pages.leaf(page, *number == 1, &mut found);
    }
    found
}

impl<'f> Pages<'f> {
    fn cut(file: &'f [u8], log: &'f [u8]) -> Self {
        let (size, reserved) = geometry(file);
        let mut log_pages = Vec::new();
        let mut newest = HashMap::new();
        for frame in log
            .get(LOG_HEADER..)
            .unwrap_or_default()
            .chunks_exact(FRAME_HEADER + size)
        {
            let (head, page) = frame.split_at(FRAME_HEADER);
            let number = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            log_pages.push((number, page));
            newest.insert(number, page);
        }
        Self {
            usable: size - reserved,
            // A page that was cut off ends in the middle: its first rows may be whole.
            file: file.chunks(size).collect(),
            log: log_pages,
            newest,
        }
    }

    /// Page `number`, counted from 1, as the log has it, else as the file.
    fn page(&self, number: u32, from_log: bool) -> Option<&'f [u8]> {
        let logged = self.newest.get(&number).filter(|_| from_log);
        logged
            .or_else(|| self.file.get(usize::try_from(number).ok()?.checked_sub(1)?))
            .copied()
    }

    fn leaf(&self, page: &[u8], is_first: bool, found: &mut Vec<Row>) {
        // The first page begins with the header of the file.
        let start = if is_first { 100 } else { 0 };
        let Some([kind, _, _, high, low, ..]) = page.get(start..) else {
            return;
        };
        let has_rowid = match *kind {
            TABLE_LEAF => true,
            INDEX_LEAF => false,
            _ => return,
        };
        let count = usize::from(u16::from_be_bytes([*high, *low]));
        let pointers = page
            .get(start + 8..)
            .unwrap_or_default()
            .chunks_exact(2)
            .take(count);
        for pointer in pointers {
            let at = usize::from(u16::from_be_bytes([pointer[0], pointer[1]]));
            let Some(cell) = page.get(at..) else { continue };
            for from_log in [true, false] {
                let row = self.cell(cell, has_rowid, from_log);
                let is_new = |row: &Row| found.last() != Some(row);
                found.extend(row.filter(is_new));
                if self.newest.is_empty() {
                    break; // both ways are the same
                }
            }
        }
    }

    fn cell(&self, cell: &[u8], has_rowid: bool, from_log: bool) -> Option<Row> {
        let mut input = Input(cell);
        let length = usize::try_from(input.varint()?)
            .ok()
            .filter(|length| *length <= LONGEST_ROW)?;
        let rowid = if has_rowid { Some(input.varint()?) } else { None };
        let local = self.local(length, has_rowid);
        let mut payload = input.take(local)?.to_vec();
        if local < length {
            let mut next = u32::from_be_bytes(input.take(4)?.try_into().ok()?);
            while payload.len() < length {
                let page = self.page(next, from_log)?;
                let (link, content) = page.get(..self.usable)?.split_at_checked(4)?;
                let wanted = (length - payload.len()).min(content.len());
                payload.extend_from_slice(&content[..wanted]);
                next = u32::from_be_bytes(link.try_into().ok()?);
            }
        }
        let values = columns(&payload)?;
        Some(Row { rowid, values })
    }

    /// How much of a payload lies on the leaf itself.
    fn local(&self, length: usize, has_rowid: bool) -> usize {
        let share = |part: usize| (self.usable - 12) * part / 255 - 23;
        let most = if has_rowid { self.usable - 35 } else { share(64) };
        if length <= most {
            return length;
        }
        let least = share(32);
        let local = least + (length - least) % (self.usable - 4);
        if local <= most { local } else { least }
    }
}

/// Size of a page, and how much of its end is not content; SQLite's default where the header is damaged.
fn geometry(file: &[u8]) -> (usize, usize) {
    const DEFAULT: usize = 4096;
    let Some(header) = file
        .get(..100)
        .filter(|header| header.starts_with(b"SQLite format 3\0"))
    else {
        return (DEFAULT, 0);
    };
    let size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => usize::from(size),
    };
    if size.is_power_of_two() && size >= 512 {
        (size, usize::from(header[20]).min(size - 480))
    } else {
        (DEFAULT, 0)
    }
}

fn columns(payload: &[u8]) -> Option<Vec<Value>> {
    let mut input = Input(payload);
    let head = usize::try_from(input.varint()?).ok()?;
    let mut kinds = Input(payload.get(payload.len() - input.0.len()..head)?);
    let mut content = Input(payload.get(head..)?);
    let mut values = Vec::new();
    while !kinds.0.is_empty() {
        if values.len() == MOST_COLUMNS {
            return None;
        }
        values.push(value(kinds.varint()?, &mut content)?);
    }
    Some(values)
}

fn value(kind: i64, content: &mut Input<'_>) -> Option<Value> {
    Some(match kind {
        0 => Value::Null,
        1..=6 => {
            let width = [1, 2, 3, 4, 6, 8][usize::try_from(kind - 1).ok()?];
            let bytes = content.take(width)?;
            let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
            Value::Integer(
                bytes
                    .iter()
                    .fold(sign, |number, byte| number << 8 | i64::from(*byte)),
            )
        }
        8 | 9 => Value::Integer(kind - 8),
        // A number with a fraction, or one kept for SQLite itself: no column of ours has either.
        7 | 10 | 11 => return None,
        _ => {
            let length = usize::try_from(kind.checked_sub(12)? / 2).ok()?;
            let bytes = content.take(length)?.to_vec();
            if kind % 2 == 0 {
                Value::Blob(bytes)
            } else {
                Value::Text(bytes)
            }
        }
    })
}

struct Input<'i>(&'i [u8]);

impl<'i> Input<'i> {
    fn take(&mut self, count: usize) -> Option<&'i [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, most significant first; the ninth byte gives all its eight.
    fn varint(&mut self) -> Option<i64> {
        let mut number: u64 = 0;
        for at in 0..9 {
            let byte = self.take(1)?[0];
            if at == 8 {
                number = number << 8 | u64::from(byte);
                break;
            }
            number = number << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 == 0 {
                break;
            }
        }
        // The same 64 bits, read with a sign.
        Some(number.cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A table with short and long rows, as SQLite itself writes it.
    fn written(page_size: u32) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!(
            "PRAGMA page_size = {page_size}; CREATE TABLE t(a INTEGER PRIMARY KEY, b, c, d);
             CREATE TABLE w(k BLOB PRIMARY KEY NOT NULL, v) WITHOUT ROWID;
             INSERT INTO w VALUES (x'01', 'short'), (x'02', zeroblob(700));"
        ))
        .unwrap();
        for number in 0..200_i64 {
            let long = vec![7_u8; usize::try_from(number * number).unwrap()];
            db.execute(
                "INSERT INTO t VALUES (?1, ?2, 'text', ?3)",
                (number, long, -number * 1_000_003),
            )
            .unwrap();
        }
        db.close().unwrap();
        std::fs::read(path).unwrap()
    }

    fn of_t(rows: &[Row]) -> Vec<i64> {
        let is_whole = |row: &&Row| {
            let Some(number) = row.rowid else { return false };
            let long = vec![7_u8; usize::try_from(number * number).unwrap_or_default()];
            row.values
                == [
                    Value::Null,
                    Value::Blob(long),
                    Value::Text(b"text".to_vec()),
                    Value::Integer(-number * 1_000_003),
                ]
        };
        rows.iter().filter(is_whole).filter_map(|row| row.rowid).collect()
    }

    #[test]
    fn every_row_of_a_whole_file_is_found() {
        for page_size in [512, 4096, 65_536] {
            let found = rows(&written(page_size), &[]);
            assert_eq!(of_t(&found), (0..200).collect::<Vec<_>>(), "{page_size}");
            let keyed = found.iter().filter(|row| row.rowid.is_none()).count();
            assert_eq!(keyed, 2, "{page_size}");
        }
    }

    #[test]
    fn a_page_that_is_damaged_costs_its_own_rows_alone() {
        let whole = written(4096);
        let pages = whole.len() / 4096;
        let mut least = usize::MAX;
        for page in 0..pages {
            let mut bytes = whole.clone();
            bytes[page * 4096..(page + 1) * 4096].fill(0xA5);
            least = least.min(of_t(&rows(&bytes, &[])).len());
        }
        assert!(least > 150, "{least} of 200");
        // Half a file gives what lies on its half, and nothing that is not so.
        let half = of_t(&rows(&whole[..whole.len() / 2], &[]));
        assert!(half.len() > 50 && half.is_sorted(), "{half:?}");
    }

    /// bytes of any kind: no panic, no endless chain.
    #[test]
    fn r40_any_bytes() {
        let whole = written(512);
        let mut seed = 7_u64;
        for _ in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..200 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(seed >> 33).unwrap() % bytes.len();
                bytes[at] = u8::try_from(seed >> 56).unwrap();
            }
            let log = bytes.split_off(bytes.len() / 3);
            rows(&bytes, &log);
        }
        rows(&[], &[]);
        rows(b"SQLite format 3\0", b"x");
    }
}
