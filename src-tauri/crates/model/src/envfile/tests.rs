use super::*;
use proptest::prelude::*;

fn check(file: &str, expect: &[(&str, &str)]) {
    let lines = parse(file.as_bytes()).unwrap_or_else(|e| panic!("{file:?}: {e}"));
    let found: Vec<(&str, &str)> = lines
        .iter()
        .map(|l| (l.name.as_str(), std::str::from_utf8(&l.value).unwrap()))
        .collect();
    assert_eq!(found, expect, "{file:?}");
}

/// CLI.md: `--env-file`.
#[test]
#[rustfmt::skip] // one case a line
fn lines_are_read() {
    check("", &[]);
    check("\n  \n# A=b\n\t# C\n", &[]);
    check("A=b", &[("A", "b")]);
    check("A=b\r\nC=d\r\n", &[("A", "b"), ("C", "d")]);
    check("\u{FEFF}A=b\n", &[("A", "b")]);
    check("export A=b\n  export\tC=d\n", &[("A", "b"), ("C", "d")]);
    check("export=b\nexport = c\nexported=d\n", &[("export", "b"), ("export", "c"), ("exported", "d")]);
    check("A =  b c  # note\n", &[("A", "b c")]);
    check("A=b#c\nB=#c\nC= #c\nD=\n", &[("A", "b#c"), ("B", "#c"), ("C", ""), ("D", "")]);
    check("A=x=y\nA.b-c_1=z\n", &[("A", "x=y"), ("A.b-c_1", "z")]);
    check("A=it's \"so\"\n", &[("A", "it's \"so\"")]);
}

#[test]
#[rustfmt::skip] // one case a line
fn quotes_and_escapes() {
    check("A='b \"c\" \\n $D #'\n", &[("A", "b \"c\" \\n $D #")]);
    check(r#"A="b\n\r\t\"\\\$ \q '#' $E""#, &[("A", "b\n\r\t\"\\$ \\q '#' $E")]);
    check("A=\"b\nc\n\"\nD=e\n", &[("A", "b\nc\n"), ("D", "e")]);
    check("A=\"b\"   # note\nC=''#x\n", &[("A", "b"), ("C", "")]);
    check("A=a\\nb\n", &[("A", "a\\nb")]);
}

#[test]
#[rustfmt::skip] // one case a line
fn references_and_variables_are_left_to_the_caller() {
    check("A={vault.K}\nB=\"x{vault.K}\"\nC=keyward://prod/K\nD=${HOME}\nE=\"\\{vault.K}\"\n", &[ ("A", "{vault.K}"), ("B", "x{vault.K}"), ("C", "keyward://prod/K"), ("D", "${HOME}"), ("E", "\\{vault.K}"), ]);
}

#[test]
fn lines_are_numbered_and_values_not_printed() {
    let lines = parse(b"# x\nA=\"b\nc\"\n\nD=secret\n").unwrap();
    assert_eq!(lines.iter().map(|l| l.line).collect::<Vec<_>>(), [2, 5]);
    assert!(!format!("{lines:?}").contains("secret"));
}

#[test]
fn errors_name_line_and_column() {
    let check = |file: &[u8], line: usize, column: usize, fault: EnvFileFault| {
        assert_eq!(parse(file), Err(EnvFileError { line, column, fault }), "{file:?}");
    };
    check(b"A=b\n  9=c\n", 2, 3, EnvFileFault::Name);
    check(b"=c", 1, 1, EnvFileFault::Name);
    check(b"export A\n", 1, 9, EnvFileFault::Equals);
    check(b"A B=c\n", 1, 3, EnvFileFault::Equals);
    check(b"A\nB=c\n", 1, 2, EnvFileFault::Equals);
    check(b"\nA=\"b\nC=d\n", 2, 3, EnvFileFault::DoubleQuote);
    check(b"A=\"b\\\"", 1, 3, EnvFileFault::DoubleQuote);
    check(b"A=\"b\\", 1, 3, EnvFileFault::DoubleQuote);
    check(b"A='b\nc'\n", 1, 3, EnvFileFault::SingleQuote);
    check("É='".as_bytes(), 1, 1, EnvFileFault::Name);
    check("A='é' x".as_bytes(), 1, 7, EnvFileFault::AfterQuote);
    check(b"A=\"b\" c\n", 1, 7, EnvFileFault::AfterQuote);
    assert_eq!(
        parse(b"A=\"b").unwrap_err().to_string(),
        "line 1, column 3: these double quotes are never closed"
    );
}

proptest! {
    #[test]
    fn nothing_panics(file in any::<Vec<u8>>(), text in "[A-Z='\"\\\\#\n\r \t$x]{0,60}") {
        let _ = parse(&file);
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn single_quotes_hold_anything_but_themselves(value in "[^'\n]*") {
        let lines = parse(format!("A='{value}'\n").as_bytes()).unwrap();
        prop_assert_eq!(lines[0].value.as_slice(), value.as_bytes());
    }
}
