//! `secret list` and `secret show`: what a person sees of Secrets.

use crate::common::{Terminal, add, keychain_home, ok};

/// T-10: what is stored is shown on a terminal, and steers it no more than a name does; a pipe gets the bytes.
#[test]
fn t10_a_revealed_value_does_not_steer_the_terminal() {
    let home = keychain_home();
    let hostile = b"\x1b]0;pwn\x07\x1b[2Jone\ntwo\xff";
    add(&home, "HOSTILE", hostile);
    let piped = ok(&home.keyward(&["secret", "show", "HOSTILE", "--reveal"])).stdout;
    assert!(piped.windows(hostile.len()).any(|bytes| bytes == hostile));

    let mut terminal = Terminal::keyward(&home, &["secret", "show", "HOSTILE", "--reveal"]);
    assert!(terminal.end().success());
    terminal.expect(r"\u{1b}]0;pwn\u{7}\u{1b}[2Jone");
    terminal.expect("two");
    assert!(!terminal.screen().contains('\x1b'), "{:?}", terminal.screen());
}

/// P6: the list for a person is the same through a host, in pages, as it is without one.
#[test]
fn a_list_of_several_pages_is_the_same_with_and_without_a_host() {
    let home = keychain_home();
    let file = home.path().join("many.env");
    let lines: String = (0..2_100)
        .map(|number| format!("KEY_{number:04}={number}\n"))
        .collect();
    std::fs::write(&file, lines).unwrap();
    ok(&home.keyward(&["import", "--format", "env", file.to_str().unwrap()]));
    ok(&home.keyward(&[
        "secret",
        "update",
        "KEY_1500",
        "--name",
        "Grüße",
        "--tag",
        "b",
        "--tag",
        "a",
        "--favourite",
    ]));
    ok(&home.keyward(&["secret", "update", "KEY_1501", "--expires", "2020-01-01"]));

    let alone = ok(&home.keyward(&["secret", "list"])).text();
    let host = home.serve().unwrap();
    let through = ok(&home.keyward(&["secret", "list"])).text();
    let found = ok(&home.keyward(&["secret", "list", "--search", "grüße"])).text();
    drop(host);

    assert_eq!(alone, through);
    let lines: Vec<&str> = alone.lines().collect();
    assert_eq!(lines.len(), 2_101);
    assert!(lines[0].starts_with("KEY ") && lines[2_100].starts_with("KEY_2099 "));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let special = words(lines[1_501]);
    assert_eq!(special[..3], ["KEY_1500", "Grüße", "b,a"]);
    assert_eq!(special.last().unwrap(), "favourite");
    assert_eq!(words(lines[1_502]).last().unwrap(), "expired");
    assert_eq!(found.lines().count(), 2);
}
