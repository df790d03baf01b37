//! Properties of padding and sealing over arbitrary input.

use keyward_seal::{Error, Key, open, pad, pad_to, seal, unpad};
use proptest::{collection::vec, prelude::*};
use zeroize::Zeroizing;

fn unpadded(padded: Zeroizing<Vec<u8>>) -> Vec<u8> {
    unpad(padded).expect("own padding").to_vec()
}

/// The padded size that b.4 asks for.
fn bucket(length: usize) -> usize {
    let needed = length + 1;
    let step = if needed <= 4096 { 256 } else { 1024 };
    needed.div_ceil(step) * step
}

/// every length from 0 to 10 000, and so each edge of each bucket.
#[test]
fn r02_size_depends_on_the_bucket_only() {
    let zeros = vec![0; 10_000];
    for length in 0..=zeros.len() {
        let padded = pad(&zeros[..length]);
        assert_eq!(padded.len(), bucket(length), "{length}");
        assert_eq!(padded.capacity(), padded.len(), "no room to grow, no copy left");
    }
    assert_eq!((bucket(255), bucket(256)), (256, 512));
    assert_eq!((bucket(4095), bucket(4096)), (4096, 5120));
}

#[test]
fn b4_wrong_padding_is_corrupt() {
    for bad in [
        &b""[..],
        &[0; 256],
        b"abc",
        b"abc\x80\x01\0",
        &[0x80, 0x81],
        &[0x40],
    ] {
        assert_eq!(unpad(Zeroizing::new(bad.to_vec())).err(), Some(Error::Padding));
    }
    // Exactly one 0x80 is taken; one before it belongs to the plaintext.
    let twice = unpad(Zeroizing::new(vec![b'a', 0x80, 0x80, 0, 0])).expect("padding");
    assert_eq!(twice.as_slice(), [b'a', 0x80]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn unpad_takes_off_what_pad_put_on(plain in vec(any::<u8>(), 0..6000), step in 0usize..2000) {
        prop_assert_eq!(unpadded(pad(&plain)), plain.clone());
        let padded = pad_to(&plain, step);
        prop_assert_eq!(padded.len() % step.max(1), 0);
        prop_assert_eq!(unpadded(padded), plain.clone());
    }

    /// Plaintext that looks like padding is not eaten.
    #[test]
    fn padding_inside_the_plaintext_stays(zeros in 0usize..600, marks in 0usize..4) {
        let plain = [vec![0x80; marks], vec![0; zeros]].concat();
        prop_assert_eq!(unpadded(pad(&plain)), plain.clone());
    }

    #[test]
    fn open_gives_back_what_seal_took(
        key: [u8; 32], ctx in "[a-z]{0,12}", aad in vec(any::<u8>(), 0..200), plain in vec(any::<u8>(), 0..5000),
    ) {
        let key = Key::from_bytes(&key);
        let blob = seal(&key, &ctx, &aad, &plain).expect("short");
        prop_assert_eq!(blob.len(), plain.len() + keyward_seal::cipher::OVERHEAD);
        let again = seal(&key, &ctx, &aad, &plain).expect("short");
        prop_assert_ne!(&blob, &again);
        let opened = open(&key, &ctx, &aad, &blob).expect("own blob");
        prop_assert_eq!(opened.as_slice(), plain.as_slice());
    }

    /// arbitrary bytes are an error, never a panic.
    #[test]
    fn arbitrary_bytes_never_open(blob in vec(any::<u8>(), 0..400)) {
        let mut blob = blob;
        if let Some(first) = blob.first_mut() {
            *first = 1;
        }
        let opened = open(&Key::from_bytes(&[9; 32]), "body", b"place", &blob);
        prop_assert_eq!(opened.err(), Some(Error::Open));
    }
}
