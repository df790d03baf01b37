//! pages that hold no row. Records are found by indexes, and verified without them.

use super::*;

/// an index whose page is none, and one whose first entry leads to another row.
#[test]
fn r04_indexes_are_verified_with_the_rows() {
    let target = Target::new();
    let db = target.world.sql();
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let size: usize = db.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    let roots: Vec<(String, usize)> = db
        .prepare("SELECT name, rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'rec'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(db);
    assert_eq!(roots.len(), 3, "{roots:?}");
    let sound = std::fs::read(target.world.file()).unwrap();
    for (name, root) in roots {
        // The type of the page; the number of the row that the first entry leads to.
        for at in [(root - 1) * size, root * size - 1] {
            let mut bytes = sound.clone();
            bytes[at] ^= 1;
            std::fs::write(target.world.file(), &bytes).unwrap();
            target.check_detected(&format!("{name}, byte {at}"));
            std::fs::write(target.world.file(), &sound).unwrap();
        }
    }
    target.check_whole();
}
