use super::*;

mod properties;

const PEM: &str = "-----BEGIN-----\nab+/=\n-----END-----\n";

/// Fills with one value for every reference.
fn fill_bytes(template: &[u8], format: Format, value: &[u8]) -> Result<Vec<u8>, TemplateError> {
    let value = SecretValue::new(value.to_vec());
    Ok(Template::parse(template, format)?
        .fill(|_| Some(&value))?
        .to_vec())
}

fn fill(format: Format, template: &str, value: &str) -> Result<String, String> {
    fill_bytes(template.as_bytes(), format, value.as_bytes())
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .map_err(|error| {
            let message = error.to_string();
            assert!(
                value.len() < 4 || !message.contains(value),
                "a value in an error: {message}"
            );
            message
        })
}

#[track_caller]
fn check(format: Format, template: &str, value: &str, expect: &str) {
    assert_eq!(
        fill(format, template, value).as_deref(),
        Ok(expect),
        "{format} {template:?} with {value:?}"
    );
}

/// The error must start with this line and column and contain this part.
#[track_caller]
fn refuse(format: Format, template: &str, value: &str, place: (usize, usize), part: &str) {
    let message = fill(format, template, value).expect_err(template);
    let start = format!("line {}, column {}: ", place.0, place.1);
    assert!(
        message.starts_with(&start) && message.contains(part),
        "{template:?}: {message}"
    );
}

/// PV6: `{vault.KEY}` and `{pmio.vault.KEY}` in any text; CLI.md: URIs, their end, escapes.
#[test]
#[rustfmt::skip] // one case a line
fn pv6_text() {
    use Format::Text;
    check(Text, "a={vault.K};", "v", "a=v;");
    check(Text, "{pmio.vault.K}{vault.K.user}", "v", "vv");
    check(Text, "see keyward://prod/K. Or (keyward://K)", "v", "see v. Or (v)");
    check(Text, "keyward://./@app/x", "v", "v");
    check(Text, "${vault.K} {{vault.K}}", "v", "$v {v}");
    check(Text, r"\{vault.K} \{pmio.vault.K} \keyward://K", "v", "{vault.K} {pmio.vault.K} keyward://K");
    check(Text, r"\{vault.{vault.K} C:\dir \n", "v", r"{vault.v C:\dir \n");
    check(Text, "{vault} {vaults.K} {Vault.K} keyward:/K", "v", "{vault} {vaults.K} {Vault.K} keyward:/K");
    check(Text, "{vault.K}", "", "");
    check(Text, "", "v", "");
}

/// PV6: errors name key, line and column; nothing is copied through.
#[test]
#[rustfmt::skip] // one case a line
fn pv6_errors_name_line_and_column() {
    use Format::Text;
    refuse(Text, "a\né {vault.K\n}", "v", (2, 3), "no } completes");
    refuse(Text, "{vault.}", "v", (1, 1), "is empty");
    refuse(Text, "x {pmio.vault.A B}", "v", (1, 3), "{pmio.vault.");
    refuse(Text, "{vault.", "v", (1, 1), "no } completes");
    refuse(Text, "{vault.{vault.K}}", "v", (1, 1), "no } completes");
    refuse(Text, "\r\n  keyward:// x", "v", (2, 3), "keyward://KEY");
    refuse(Text, "keyward://KEY.txt", "v", (1, 1), "'.' as character 4");
    refuse(Text, "{vault.K.a.b}", "v", (1, 1), "a field is one name");
    let template = Template::parse("ok\n  {vault.DB}".as_bytes(), Text).unwrap();
    let error = template.fill(|_| None).unwrap_err();
    assert_eq!(error.fault, TemplateFault::Unresolved);
    assert_eq!(
        error.to_string(),
        "line 2, column 3: {vault.DB}: there is no value for it"
    );
}

#[test]
fn templates_are_bytes() {
    let filled = fill_bytes(b"\xFF\x00{vault.K}\xFE", Format::Text, b"\x80\x00").unwrap();
    assert_eq!(filled, b"\xFF\x00\x80\x00\xFE");
    let error = fill_bytes(b"\xC3\xA9{vault.K}\xFF{vault.", Format::Text, b"v").unwrap_err();
    assert_eq!(
        (error.line, error.column),
        (1, 13),
        "columns are bytes where the template is not UTF-8"
    );
    for format in [Format::Env, Format::Json, Format::Yaml, Format::Xml] {
        let error = fill_bytes(b"a=\"{vault.K}\"", format, b"\x80").err();
        assert!(format == Format::Xml || error.unwrap().message.contains("not UTF-8"));
    }
    assert!(
        fill_bytes(b"{vault.K}", Format::Xml, b"\x80")
            .unwrap_err()
            .message
            .contains("not UTF-8")
    );
}

#[test]
fn references_come_in_order_with_positions() {
    let template = Template::parse("{vault.A}\n é keyward://p/B".as_bytes(), Format::Text).unwrap();
    let found: Vec<_> = template
        .references()
        .map(|(r, p)| (r.to_string(), p.line, p.column))
        .collect();
    assert_eq!(
        found,
        [
            ("keyward://A".to_owned(), 1, 1),
            ("keyward://p/B".to_owned(), 2, 4)
        ]
    );
}

/// CLI.md: env = quoted when the reference is the whole unquoted right-hand side, else escaped for its quotes.
#[test]
#[rustfmt::skip] // one case a line
fn env() {
    use Format::Env;
    let hard = "a\"b\\c$d\ne'f#g";
    check(Env, "A={vault.K}\n", hard, "A=\"a\\\"b\\\\c\\$d\\ne'f#g\"\n");
    check(Env, "export A = {vault.K}  # n\r\nB=c", "v", "export A = \"v\"  # n\r\nB=c");
    check(Env, "A=\"x {vault.K}\"", hard, "A=\"x a\\\"b\\\\c\\$d\\ne'f#g\"");
    check(Env, "A=\"x\n\\\" {vault.K}\"", "\"", "A=\"x\n\\\" \\\"\"");
    check(Env, "A='x {vault.K}'", "a\"$\\", "A='x a\"$\\'");
    refuse(Env, "A='x {vault.K}'", "it's", (1, 6), "single quotes cannot hold");
    refuse(Env, "\nA='{vault.K}'", "a\nb", (2, 4), "single quotes cannot hold");
    check(Env, "A=pg://u:{vault.K}@h/d", "abc-1.2", "A=pg://u:abc-1.2@h/d");
    refuse(Env, "A=pg://u:{vault.K}@h/d", "a b", (1, 10), "double quotes");
    refuse(Env, "A={vault.K}{vault.L}", "$x", (1, 3), "double quotes");
    refuse(Env, "A={vault.K}#x", "$x", (1, 3), "double quotes");
    refuse(Env, "A=\"x\"{vault.K}", "$x", (1, 6), "double quotes");
    refuse(Env, "A=x\"{vault.K}\"", "$x", (1, 5), "double quotes");
    refuse(Env, "{vault.K}=x", "v", (1, 1), "right-hand side");
    refuse(Env, "{vault.K}", "v", (1, 1), "right-hand side");
    check(Env, "# {vault.K}\nA=b # {vault.K}", "it's", "# it's\nA=b # it's");
    refuse(Env, "# {vault.K}", "a\nB=c", (1, 3), "a comment cannot hold");
    refuse(Env, "A={vault.K}", "a\0b", (1, 3), "NUL");
    check(Env, "\u{FEFF}A={vault.K}", "", "\u{FEFF}A=\"\"");
    check(Env, "A=\\{vault.K}\nB={vault.K}", "v", "A={vault.K}\nB=\"v\"");
}

/// CLI.md: json = inside a string, JSON-escaped, elsewhere an error.
#[test]
#[rustfmt::skip] // one case a line
fn json() {
    use Format::Json;
    check(Json, r#"{"a": "x{vault.K}"}"#, "q\"b\\n\n\t\u{1}é\u{2028}", "{\"a\": \"xq\\\"b\\\\n\\n\\t\\u0001é\u{2028}\"}");
    check(Json, r#"["\"{vault.K}", "\\"]"#, "v", r#"["\"v", "\\"]"#);
    check(Json, r#"{"{vault.K}": "keyward://prod/K"}"#, "v", r#"{"v": "v"}"#);
    refuse(Json, "{\"a\":\n {vault.K}}", "1", (2, 2), "inside a string");
    refuse(Json, r#"{"a": "\\", "b": keyward://K}"#, "1", (1, 18), "inside a string");
    check(Json, "// it's \"\n\"{vault.K}\" /* \" */ \"{vault.K}\"", "\"", "// it's \"\n\"\\\"\" /* \" */ \"\\\"\"");
    refuse(Json, "// \"{vault.K}\"", "1", (1, 5), "inside a string");
    check(Json, r#"{"a": "\{vault.K}"}"#, "1", r#"{"a": "{vault.K}"}"#);
    check(Json, r#"{"u": "https://{vault.K}/"}"#, "h", r#"{"u": "https://h/"}"#);
}

/// CLI.md: yaml = escaped in quotes, whole plain scalars double-quoted, in longer ones only if plain-safe.
#[test]
#[rustfmt::skip] // one case a line
fn yaml_scalars() {
    use Format::Yaml;
    check(Yaml, "a: {vault.K}\nb: c", "x: \"y\" #\\z\n", "a: \"x: \\\"y\\\" #\\\\z\\n\"\nb: c");
    check(Yaml, "a: {vault.K}  # note", "true", "a: \"true\"  # note");
    check(Yaml, "a: {vault.K}\r\nb: {vault.K}\r\n", "v", "a: \"v\"\r\nb: \"v\"\r\n");
    check(Yaml, "- {vault.K}\n- - {vault.K}\n  - {vault.K}", "v", "- \"v\"\n- - \"v\"\n  - \"v\"");
    check(Yaml, "{vault.K}: {vault.K}", "v", "\"v\": \"v\"");
    check(Yaml, "a:\n  {vault.K}\nb: 1", "v", "a:\n  \"v\"\nb: 1");
    check(Yaml, "a: !!str {vault.K}", "1", "a: !!str \"1\"");
    check(Yaml, "a: &x {vault.K}", "1", "a: &x \"1\"");
    check(Yaml, "[{vault.K}, {a: {vault.K}}]", "v", "[\"v\", {a: \"v\"}]");
    check(Yaml, "[\n  {vault.K}\n]", "v", "[\n  \"v\"\n]");
    check(Yaml, "{\"a\":{vault.K}}", "v", "{\"a\":\"v\"}");
    check(Yaml, "--- {vault.K}", "v", "--- \"v\"");
    check(Yaml, "a: \"x {vault.K}\"", "q\"\\\n\u{85}\u{7}\u{FEFF}é", "a: \"x q\\\"\\\\\\n\\x85\\x07\\ufeffé\"");
    check(Yaml, "a: 'x {vault.K}'", "it's \"\\", "a: 'x it''s \"\\'");
    check(Yaml, "a: 'it''s {vault.K}': {vault.K}", "v", "a: 'it''s v': \"v\"");
    refuse(Yaml, "a: 'x {vault.K}'", "a\nb", (1, 7), "single quotes cannot hold");
    check(Yaml, "a: \"x\n  {vault.K}\"", " y ", "a: \"x\n  \\x20y\\x20\"");
    refuse(Yaml, "a: 'x\n  {vault.K}'", " y", (2, 3), "line break");
}

#[test]
#[rustfmt::skip] // one case a line
fn yaml_longer_plain_scalars() {
    use Format::Yaml;
    check(Yaml, "u: pg://u:{vault.K}@h/d", "a-b.c#d e", "u: pg://u:a-b.c#d e@h/d");
    check(Yaml, "u: x{vault.K}", "a,b]\"c'", "u: xa,b]\"c'");
    for value in ["a: b", "a #b", " a", "a ", "#", ":", "a:", "a\nb", "", "é\u{85}"] {
        refuse(Yaml, "u: x{vault.K}y", value, (1, 5), "put the whole scalar into quotes");
    }
    for value in ["- a", "\"", "*a", "[", "&", "|", "%"] {
        refuse(Yaml, "u: {vault.K}y", value, (1, 4), "put the whole scalar into quotes");
    }
    refuse(Yaml, "[x{vault.K}]", "a,b", (1, 3), "put the whole scalar into quotes");
    refuse(Yaml, "a: {vault.K}\n  more", "\"q", (1, 4), "put the whole scalar into quotes");
    refuse(Yaml, "a: more\n  {vault.K}\n", "\"q", (2, 3), "put the whole scalar into quotes");
    refuse(Yaml, "a: more\n\n  {vault.K}\n", "\"q", (3, 3), "put the whole scalar into quotes");
    check(Yaml, "a: more\n# c\n  \nb: {vault.K}\n", "\"q", "a: more\n# c\n  \nb: \"\\\"q\"\n");
    check(Yaml, "- a: b\n  c: {vault.K}\n- d\n- {vault.K}", "\"", "- a: b\n  c: \"\\\"\"\n- d\n- \"\\\"\"");
    check(Yaml, "a: it's\nb: '{vault.K}'", "'", "a: it's\nb: ''''");
    check(Yaml, "a: b#c\nd: {vault.K}", "'", "a: b#c\nd: \"'\"");
    refuse(Yaml, "a: \"b\" {vault.K}", "v", (1, 8), "closed scalar");
    refuse(Yaml, "a: &x{vault.K} b", "v", (1, 6), "tag, anchor");
    refuse(Yaml, "%TAG {vault.K}\n---\n", "v", (1, 6), "directive");
}

#[test]
#[rustfmt::skip] // one case a line
fn yaml_blocks_and_comments() {
    use Format::Yaml;
    let pem = "a: |\n  -----BEGIN-----\n  ab+/=\n  -----END-----\n  \nb: c";
    check(Yaml, "a: |\n  {vault.K}\nb: c", PEM, pem);
    check(Yaml, "a: |\n  x={vault.K}\nb: {vault.K}", "\"q", "a: |\n  x=\"q\nb: \"\\\"q\"");
    check(Yaml, "- |-\n\n   x\n   {vault.K}\n- {vault.K}", "a\n b", "- |-\n\n   x\n   a\n    b\n- \"a\\n b\"");
    check(Yaml, "a: >\n  {vault.K} x\n", "#y: z", "a: >\n  #y: z x\n");
    refuse(Yaml, "a: >\n  {vault.K}\n", "a\nb", (2, 3), "this block cannot hold");
    refuse(Yaml, "a: |\n  {vault.K}\n", " a", (2, 3), "starts with a space");
    refuse(Yaml, "a: |\n  {vault.K}\n", "", (2, 3), "is empty");
    refuse(Yaml, "a: |\n  {vault.K}\n", "a\r\nb", (2, 3), "control characters");
    refuse(Yaml, "--- |\n{vault.K}\n", "a\n...\n", (2, 1), "end the document");
    refuse(Yaml, "a: |{vault.K}\n  x", "v", (1, 5), "first line of a block");
    check(Yaml, "a: |2\n   {vault.K}\nb: 1", "x\ny", "a: |2\n   x\n  y\nb: 1");
    check(Yaml, "!!str a: |\n  {vault.K}\n? b\n: {vault.K}", "\"", "!!str a: |\n  \"\n? b\n: \"\\\"\"");
    check(Yaml, "# {vault.K}\na: b # {vault.K}", "it's", "# it's\na: b # it's");
    refuse(Yaml, "a: b # {vault.K}", "x\ny: z", (1, 8), "a comment cannot hold");
}

/// CLI.md, PV6: xml = entities in text and attributes, as is in CDATA unless it holds `]]>`.
#[test]
#[rustfmt::skip] // one case a line
fn xml() {
    use Format::Xml;
    check(Xml, r#"<p v="{pmio.vault.DB_PASSWORD}"/>"#, "s3cr3t-value", r#"<p v="s3cr3t-value"/>"#);
    let hard = "a&b<c>d\"e'f";
    let entities = "a&amp;b&lt;c&gt;d&quot;e&apos;f";
    check(Xml, "<p a='{vault.K}' b=\"x{vault.K}\">{vault.K}</p>", hard, &format!("<p a='{entities}' b=\"x{entities}\">{entities}</p>"));
    check(Xml, "<p a='>{vault.K}'>{vault.K}", "\r\n\t", "<p a='>&#13;&#10;&#9;'>&#13;\n\t");
    check(Xml, "<a><![CDATA[ {vault.K} ]]>{vault.K}</a>", hard, &format!("<a><![CDATA[ {hard} ]]>{entities}</a>"));
    refuse(Xml, "<a>\n<![CDATA[{vault.K}]]></a>", "x]]>y", (2, 10), "]]>");
    check(Xml, "<![CDATA[{vault.K}]]>", "x]", "<![CDATA[x]]]>");
    refuse(Xml, "<![CDATA[{vault.K}]> ]]>", "x]", (1, 10), "]]>");
    refuse(Xml, "<![CDATA[]]{vault.K}]]>", ">", (1, 12), "]]>");
    refuse(Xml, "<![CDATA[{vault.K}{vault.L}]]>", "]", (1, 10), "]]>");
    check(Xml, "<a>{vault.K}> {vault.K}]> {vault.K}</a>", "]", "<a>&#93;> &#93;]> ]</a>");
    check(Xml, "<!-- {vault.K} -->", hard, &format!("<!-- {hard} -->"));
    for value in ["a--b", "-a", "a-", ">"] {
        refuse(Xml, "<!--{vault.K}-->", value, (1, 5), "a comment of XML cannot hold");
    }
    refuse(Xml, "<{vault.K}/>", "v", (1, 2), "quoted attribute");
    refuse(Xml, "<p v={vault.K}/>", "v", (1, 6), "quoted attribute");
    refuse(Xml, "<?xml version='{vault.K}'?>", "v", (1, 16), "cannot hold a reference");
    refuse(Xml, "<!DOCTYPE a [<!ENTITY x \"{vault.K}\">]>", "v", (1, 26), "cannot hold a reference");
    check(Xml, "<?xml?><!DOCTYPE a [<!ENTITY x '>'><!-- ' -->]><a>{vault.K}</a>", "<", "<?xml?><!DOCTYPE a [<!ENTITY x '>'><!-- ' -->]><a>&lt;</a>");
    refuse(Xml, "{vault.K}", "\u{1}", (1, 1), "control character");
    check(Xml, "\u{FEFF}<a b='it'>it's {vault.K}</a>", "\"", "\u{FEFF}<a b='it'>it's &quot;</a>");
}

#[test]
#[rustfmt::skip] // one case a line
fn formats_by_ending() {
    let check = |path: &str, expect: Format| assert_eq!(Format::from_path_ending(path), expect, "{path}");
    check("-", Format::Text);
    check("", Format::Text);
    check("a/.env", Format::Env);
    check(".env.local", Format::Env);
    check("c:\\x\\prod.ENV", Format::Env);
    check(".env.json", Format::Json);
    check("conf/app.json", Format::Json);
    check("a.yaml", Format::Yaml);
    check("a.b.YML", Format::Yaml);
    check("a.xml", Format::Xml);
    check("icon.svg", Format::Xml);
    check("a.json/readme", Format::Text);
    check("page.html", Format::Text);
    check("env", Format::Text);
    check("a.json.tpl", Format::Text);
    assert_eq!("yaml".parse(), Ok(Format::Yaml));
    assert_eq!("auto".parse::<Format>(), Err(UnknownFormat));
}

/// CLI.md, run: resolved when the whole value is a URI or when it contains brace references; the rest is kept.
#[test]
fn variables() {
    let check = |value: &str, expect: Option<&str>| {
        let template = parse_variable(value.as_bytes()).unwrap_or_else(|e| panic!("{value}: {e}"));
        let secret = SecretValue::new(b"v$".to_vec());
        let filled = template.map(|t| t.fill(|_| Some(&secret)).unwrap().to_vec());
        assert_eq!(filled.as_deref(), expect.map(str::as_bytes), "{value}");
    };
    check("", None);
    check("plain {x} \\n", None);
    check("keyward://K", Some("v$"));
    check("keyward://prod/@app/token", Some("v$"));
    check("see keyward://K", None);
    check("keyward://K,keyward://L", None);
    check("keyward://K\n", None);
    check("pg://u:{vault.K}@h", Some("pg://u:v$@h"));
    check("{pmio.vault.K}keyward://K", Some("v$keyward://K"));
    check(
        r"{vault.K} \keyward://K \{vault.K}",
        Some(r"v$ \keyward://K {vault.K}"),
    );
    check(r"\{vault.K}", Some("{vault.K}"));
    check(r"\keyward://K", Some("keyward://K"));
    check(r"x \keyward://K", None);
    for bad in [
        "{vault.",
        "x{vault.A B}",
        "keyward://",
        "keyward://KEY.",
        "keyward://A/b/c/d",
    ] {
        assert!(parse_variable(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(matches!(parse_variable(b"\xFF\x80"), Ok(None)));
}

/// SECURITY: neither a template nor an error shows what is not a reference.
#[test]
fn debug_shows_references_alone() {
    let template = parse_variable(b"private {vault.K}").unwrap().unwrap();
    let shown = format!("{template:?}");
    assert!(
        shown.contains("Position") && !shown.contains("private"),
        "{shown}"
    );
}
