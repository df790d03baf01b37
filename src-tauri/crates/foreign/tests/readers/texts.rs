//! .env, JSON, CSV, Postman, Insomnia and entries of pass.

use keyward_foreign::{Content, env, flat, pass, table, variables};
use zeroize::Zeroizing;

use crate::support::{fixture, line, lines, named, older, says};

#[test]
fn env_keeps_the_last_value_and_the_ones_before() {
    let sheet = env::parse(&fixture("vars.env")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "DB_HOST = db.example",
            "DB_PASSWORD = pa\"ss #1",
            "STRIPE_KEY = sk_env_2",
            "MULTI = line 1\nline 2",
            "EMPTY = ",
            "feature.flag = on",
        ]
    );
    assert_eq!(older(&named(&sheet, "STRIPE_KEY").variables()[0]), ["sk_env_1"]);
    assert_eq!(
        sheet.remarks,
        [
            "More than once in the file: STRIPE_KEY. The last value counts; where the key is new, the ones before become older versions."
        ]
    );
    assert!(env::parse(b"A=1\nB=1\n").unwrap().remarks.is_empty());
    let many: String = (0..24).map(|at| format!("K{}=v\n", at % 12)).collect();
    let told = env::parse(many.as_bytes()).unwrap().remarks;
    assert!(
        told[0].contains(": K0, K1,") && told[0].contains("K9 and 2 more."),
        "{told:?}"
    );
}

#[test]
fn env_errors_name_the_place_and_no_value() {
    let error = env::parse(b"A=1\nB canary\n").unwrap_err();
    says(&error, &["line 2", "column 3", "="]);
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn flat_json_has_values_and_sets_of_them() {
    let sheet = flat::parse(&fixture("flat.json")).unwrap();
    let mut all = lines(&sheet);
    all.sort();
    assert_eq!(
        all,
        [
            "API_KEY = key_json_1",
            "DB {*PASSWORD=pw_json_3 *Port Number=5433 *USER=admin}",
            "DEBUG = false",
            "PORT = 5432",
            "Stripe live key = sk_json_2",
        ]
    );
    says(
        &flat::parse(br#"{"A": {"B": ["canary"]}}"#).unwrap_err(),
        &["member “A.B”", "must be a text"],
    );
    says(&flat::parse(b"[1]").unwrap_err(), &["the file", "object"]);
    says(
        &flat::parse(b"{\"A\": \xff}").unwrap_err(),
        &["line 1", "not UTF-8"],
    );
    // Which of two counts is left open by RFC 8259: neither is taken in without a word.
    for twice in [
        "{\"A\": \"canary\",\n \"A\": \"2\"}",
        "{\"B\": {\"A\": \"canary\",\n \"A\": \"2\"}}",
    ] {
        let error = flat::parse(twice.as_bytes()).unwrap_err();
        says(&error, &["line 2", "for the second time"]);
        assert!(!error.to_string().contains("canary"));
    }
}

/// Every type of value a program would read.
#[test]
fn json_of_every_type_is_read() {
    let sheet =
        flat::parse(br#"{"A": -1, "B": 18446744073709551615, "C": 1.5, "D": true, "E": "\u00e9", "F": ""}"#)
            .unwrap();
    let mut all = lines(&sheet);
    all.sort();
    assert_eq!(
        all,
        [
            "A = -1",
            "B = 18446744073709551615",
            "C = 1.5",
            "D = true",
            "E = é",
            "F = "
        ]
    );
    says(
        &flat::parse(br#"{"A": null}"#).unwrap_err(),
        &["member “A”", "must be a text"],
    );
    says(
        &flat::parse(br#"{"A": "1"} x"#).unwrap_err(),
        &["line 1", "no valid JSON"],
    );
}

#[test]
fn csv_maps_its_header() {
    let sheet = table::parse(&fixture("secrets.csv")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "CSV_TOKEN = tok_csv_1",
            "My Token = tok_csv_2",
            "PEM = -----BEGIN KEY-----\ncsv_3\n-----END KEY-----",
        ]
    );
    assert_eq!(sheet.entries[0].description, "used by the \"deploy\" job");
    assert_eq!(sheet.entries[0].tags, ["ci", "deploy"]);
    // A spreadsheet of another country, with a byte order mark and columns of its own.
    let sheet = table::parse(b"\xEF\xBB\xBFTitle;region;Value\nAWS;eu;k\n").unwrap();
    assert_eq!(lines(&sheet), ["AWS {*password=k *region=eu}"]);
    says(
        &table::parse(b"a,b\n1,2\n").unwrap_err(),
        &["line 1", "Key, Name or Title"],
    );
    says(
        &table::parse(b"Key,Value\nA,1\nB\n").unwrap_err(),
        &["line 3", "1 field,", "2"],
    );
    // Rows behind a quote that is not closed are no value: nothing is taken in without a word.
    says(
        &table::parse(b"key,value\nZZ,\"canary\nQQ,two\nRR,three").unwrap_err(),
        &["line 2, column 4", "not closed"],
    );
    says(
        &table::parse(b"Key,Value\n\xff,1\n").unwrap_err(),
        &["line 2", "the name is not UTF-8"],
    );
    // Values are bytes.
    let sheet = table::parse(b"Key,Value\nA,\xff\n").unwrap();
    assert_eq!(
        sheet.entries[0].variables()[0].value.as_ref().unwrap().expose(),
        b"\xff"
    );
}

#[test]
fn csv_of_1password_is_a_login() {
    let sheet = table::parse(&fixture("1password.csv")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "GitHub {username=octo *password=pw_1pcsv_1 url=https://github.example *otp=otpauth://totp/x?secret=OTP1PCSV}",
            "Just a password = pw_1pcsv_2",
        ]
    );
    let github = named(&sheet, "GitHub");
    assert!(github.favourite);
    assert_eq!(github.tags, ["dev", "vcs"]);
    assert_eq!(github.note, "two lines");
}

#[test]
fn postman_says_what_is_secret() {
    let sheet = variables::postman(&fixture("postman.json")).unwrap();
    assert_eq!(
        lines(&sheet),
        [
            "Staging API/baseUrl = https://staging.example",
            "Staging API/access-token = tok_postman_1",
        ]
    );
    let masked: Vec<bool> = sheet
        .entries
        .iter()
        .map(|found| found.variables()[0].masked)
        .collect();
    assert_eq!(masked, [false, true]);
    says(
        &variables::postman(br#"{"info": {}, "item": []}"#).unwrap_err(),
        &["collection"],
    );
}

#[test]
fn insomnia_names_what_lies_inside() {
    let sheet = variables::insomnia(&fixture("insomnia.json")).unwrap();
    let mut all = lines(&sheet);
    all.sort();
    assert_eq!(
        all,
        [
            "Base Environment/auth.client.secret = sec_insomnia_1",
            "Base Environment/base_url = https://api.example",
            "Base Environment/retries = 3",
            "Production/api_key = key_insomnia_2",
        ]
    );
    assert_eq!(sheet.remarks.len(), 1, "{:?}", sheet.remarks);
    assert!(sheet.remarks[0].contains("“hosts”"));
    says(
        &variables::insomnia(b"type: collection.insomnia.rest/5.0\n").unwrap_err(),
        &["version 5", "v4"],
    );
}

#[test]
fn pass_reads_the_password_and_its_fields() {
    let read = |text: &str| pass::parse("web/shop", Zeroizing::new(text.as_bytes().to_vec())).unwrap();
    assert_eq!(line(&read("pw")), "web/shop = pw");
    assert_eq!(line(&read("pw\r\n\n")), "web/shop = pw");
    let full =
        read("pw\nuser: me\nurl: https://x.example\nAPI key: k\nfree text\notpauth://totp/a?secret=S\n");
    assert_eq!(
        line(&full),
        "web/shop {username=me *password=pw url=https://x.example *otp=otpauth://totp/a?secret=S *API key=k}"
    );
    assert_eq!(full.note, "free text");
    let pem = "-----BEGIN KEY-----\nabc: d\n-----END KEY-----\n";
    assert_eq!(line(&read(pem)), format!("web/shop = {pem}"));
    let bytes = pass::parse("bin", Zeroizing::new(vec![0xff, 0, 1])).unwrap();
    assert!(
        matches!(&bytes.content, Content::Value(one) if one.value.as_ref().unwrap().expose() == [0xff, 0, 1])
    );
}
