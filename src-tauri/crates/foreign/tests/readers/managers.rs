//! KeePassXC, Bitwarden, 1Password.

use keyward_foreign::{Fault, bitwarden, kdbx, onepux};

use crate::support::{fixture, lines, named, older, says, secret};

const PASSPHRASE: &str = "correct horse battery";

/// Made by keepassxc-cli 2.7.4: KDBX 4, AES-KDF, AES-256, gzip, history, an attachment, a recycle bin.
#[test]
fn kdbx_of_keepassxc() {
    let bytes = fixture("keepassxc.kdbx");
    let sheet = kdbx::parse(&bytes, Some(&secret(PASSPHRASE))).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "STRIPE_KEY = sk_live_kdbx_1",
            "Databases/Main DB ✓ {username=admin *password=päss \"word\" kdbx url=postgres://db.example *API Token=tok_kdbx_2 \
             region=eu-west-1 *key.pem=file body kdbx 4\n}",
        ]
    );
    let stripe = named(&sheet, "STRIPE_KEY");
    assert_eq!(stripe.tags, ["ci", "payments"]);
    assert_eq!(stripe.note, "rotate me & tell <ops>");
    assert_eq!(stripe.description, "https://stripe.example");
    assert_eq!(stripe.expires_at.unwrap().to_rfc3339(), "2030-01-02T03:04:05Z");
    assert_eq!(older(&stripe.variables()[0]), ["sk_live_kdbx_0"]);
    assert_eq!(sheet.remarks, ["Left out: 1 in the recycle bin."]);
}

/// Made by pykeepass, opened by keepassxc-cli: Argon2d with 64 MiB.
#[test]
fn kdbx_with_argon2() {
    let sheet = kdbx::parse(&fixture("argon2.kdbx"), Some(&secret(PASSPHRASE))).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "Cloud/AWS prod {username=AKIA_kdbx *password=aws_secret_kdbx_5 url=https://aws.example *Session Token=tok_kdbx_6}",
            "ONLY_PASSWORD = only_kdbx_7",
        ]
    );
    assert_eq!(named(&sheet, "AWS prod").note, "line 1\nline 2");
}

#[test]
fn kdbx_asks_for_its_passphrase_and_refuses_another() {
    let bytes = fixture("keepassxc.kdbx");
    assert_eq!(
        kdbx::parse(&bytes, None).unwrap_err().fault,
        Fault::NeedsPassphrase
    );
    let error = kdbx::parse(&bytes, Some(&secret("canary horse battery"))).unwrap_err();
    assert_eq!(error.fault, Fault::WrongPassphrase);
    says(&error, &["passphrase is wrong", "key file"]);
}

#[test]
fn bitwarden_items_of_every_type() {
    let sheet = bitwarden::parse(&fixture("bitwarden.json")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "Work/Cloud/AWS console {username=root *password=pw_bw_2 url=https://aws.example *otp=OTPBW account id=1234 \
             *External Id=ext_bw_1}",
            "SIMPLE_TOKEN = tok_bw_3",
            "Wifi note = note_bw_4\nline 2",
            "Card {brand=Visa cardholderName=A. Person *code=999_bw_6 expMonth=4 expYear=2030 *number=4242_bw_5}",
            "deploy key {*keyFingerprint=SHA256:x *privateKey=-----BEGIN OPENSSH PRIVATE KEY-----\nbw_7\n\
             -----END OPENSSH PRIVATE KEY-----\n publicKey=ssh-ed25519 AAAA}",
        ]
    );
    let aws = named(&sheet, "AWS console");
    assert!(aws.favourite);
    assert_eq!(older(&aws.variables()[1]), ["pw_bw_0", "pw_bw_1"]);
    assert_eq!(sheet.remarks, ["Left out: 1 in Bitwarden's trash."]);
}

#[test]
fn bitwarden_encrypted_is_explained() {
    let error = bitwarden::parse(&fixture("bitwarden-encrypted.json")).unwrap_err();
    assert_eq!(error.fault, Fault::Unsupported);
    says(&error, &["encrypted export", "without encryption"]);
}

#[test]
fn onepux_items() {
    let sheet = onepux::parse(&fixture("onepassword.1pux")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "Private/GitHub {username=octo *password=pw_1pux_1 url=https://github.example *otp=OTP1PUX *api token=tok_1pux_2 \
             account=acct-1 contact=a@b.example}",
            "Private/Router = pw_1pux_3",
            "Private/deploy key {*private key=-----BEGIN PRIVATE KEY-----\n1pux_4\n-----END PRIVATE KEY-----\n \
             public_key=ssh-ed25519 AAAA}",
        ]
    );
    let github = named(&sheet, "GitHub");
    assert!(github.favourite);
    assert_eq!(github.tags, ["dev"]);
    assert_eq!(older(&github.variables()[1]), ["pw_1pux_0"]);
    assert_eq!(sheet.remarks, ["Left out: 1 attached file."]);
}
