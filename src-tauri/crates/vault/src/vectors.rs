//! Vectors of leaf, header, bucket, node, root and log, made by an independent implementation. Keys:
//! VK = 00 01 … 1f, vault_uuid = 11×16, epoch 1, as in SECURITY.md §b.3.

use keyward_seal::MasterKey;

use crate::{
    header::Header,
    keys::Keys,
    manifest::Manifest,
    record::{Kind, Record},
    schema, slot,
    table::audit,
};

fn keys() -> Keys {
    let mut master = [0; 32];
    (0..).zip(&mut master).for_each(|(number, byte)| *byte = number);
    Keys::derive(MasterKey::from_bytes(&master), [0x11; 16], 1)
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn r15_manifest_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    crate::files::create_new_private(&path).unwrap();
    let db = schema::create(&path).unwrap();
    let keys = keys();
    db.execute(
        "INSERT INTO slot VALUES (?1, 'os-keychain', x'a0', ?2)",
        ([0x66_u8; 16], [0x77_u8; 113]),
    )
    .unwrap();
    let header = Header::new(keys.uuid, keys.epoch);
    let header_mac = header
        .expected_mac(1, &slot::read_all(&db).unwrap(), &keys)
        .unwrap();
    assert_eq!(
        hex(header_mac),
        "c6aa60dbd369b5e9f42a792c58b95f584caff4012adad53c35a3587fbd1207b6"
    );
    assert_eq!(
        hex(audit::genesis(&keys)),
        "de7ed2342b345e5834ed4ce6c950791694ac7a3cb9b7808b571a1bd8af9e9711"
    );

    let mut name_bi = [0x33; 16];
    name_bi[..2].copy_from_slice(&[0xab, 0xcd]);
    let record = Record {
        uuid: [0x22; 16],
        kind: Kind::Secret,
        version: 7,
        epoch: 1,
        wrapped: vec![0x44; 113],
        body: vec![0x55; 337],
        name_bi,
    };
    let leaf = record.leaf();
    assert_eq!(
        hex(leaf),
        "7616876944f54a6cb38cd9076d838cd4c0841888527ad9438b13388a6c04606d"
    );

    let mut manifest = Manifest::empty(&keys, header_mac);
    manifest.set_leaf(&db, &keys, &name_bi, Some(leaf)).unwrap();
    manifest.flush(&db, &keys).unwrap();
    assert_eq!(
        hex(manifest.root),
        "7f1c78d619b036c787e99f65d87b3bd942244934fb54415b6e90ee17be132ac9"
    );
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    assert_eq!(
        hex(one(
            "SELECT substr(digests, 1 + 32 * 205, 32) FROM node WHERE m = 171"
        )),
        "4b2ea81c8c19bb89370f5d642757b36df880867859d23a5b473b36b6a11ebb43"
    );
    assert_eq!(
        hex(one("SELECT substr(nodes, 1 + 32 * 171, 32) FROM manifest")),
        "faed3dd7932b2f72b038da8f992131bd3883c3710f0f125d921d8f2368f247b6"
    );
    assert_eq!(
        one("SELECT leaves FROM bucket WHERE n = 43981"),
        [&name_bi[..], &leaf].concat()
    );

    // Without its only leaf, bucket and node have no row again.
    manifest.set_leaf(&db, &keys, &name_bi, None).unwrap();
    manifest.flush(&db, &keys).unwrap();
    let rows = "SELECT (SELECT count(*) FROM bucket) + (SELECT count(*) FROM node)";
    assert_eq!(db.query_row(rows, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
