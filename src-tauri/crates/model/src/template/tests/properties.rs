//! What holds for every template and value.

use proptest::prelude::*;

use super::{fill, fill_bytes};
use crate::reference::Reference;
use crate::reference::tests::reference;
use crate::template::{Format, Template, parse_variable};

const FORMATS: [Format; 5] = [Format::Text, Format::Env, Format::Json, Format::Yaml, Format::Xml];

/// Text made of what the scanners look at.
fn syntax() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{vault.K}",
        "keyward://p/K",
        "\\{vault.",
        "\\",
        "\"",
        "'",
        "\n",
        "\r\n",
        "\r",
        " ",
        "  ",
        "\t",
        "#",
        " #",
        ":",
        ": ",
        "- ",
        "? ",
        "|\n",
        ">2\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "!",
        "*",
        "---",
        "\n---\n",
        "...",
        "%",
        "a",
        "b: ",
        "A=",
        "=",
        "export ",
        "<",
        ">",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!",
        "<?",
        "?>",
        "//",
        "/*",
        "*/",
        "é",
        "\u{FEFF}",
        "$",
        "1",
    ]);
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn without_references_a_template_is_itself(bytes in any::<Vec<u8>>()) {
        prop_assume!(!bytes.windows(7).any(|w| w == b"{vault."));
        for format in FORMATS {
            prop_assert_eq!(&fill_bytes(&bytes, format, b"v").unwrap(), &bytes);
        }
    }

    #[test]
    fn references_are_found_between_any_text(
        parts in prop::collection::vec(("[^{}k\\\\]{0,9}", reference()), 0..6), tail in "[^{}k\\\\]{0,9}",
    ) {
        let written = |r: &Reference| r.to_brace().unwrap_or_else(|| format!("{} ", r.to_uri()));
        let template: String = parts.iter().map(|(text, r)| text.clone() + &written(r)).collect();
        let template = Template::parse((template + &tail).as_bytes(), Format::Text).unwrap();
        let found: Vec<_> = template.references().map(|(r, _)| r.clone()).collect();
        prop_assert_eq!(found, parts.into_iter().map(|(_, r)| r).collect::<Vec<_>>());
    }

    #[test]
    fn values_are_never_expanded_again(before in "[a-z ]{0,5}", after in "[a-z ]{0,5}") {
        for value in ["{vault.X}", "keyward://p/X", "\\{vault.X}", "{vault."] {
            let filled = fill(Format::Text, &format!("{before}{{vault.K}}{after}"), value).unwrap();
            prop_assert_eq!(filled, format!("{before}{value}{after}"));
        }
        let filled = fill(Format::Json, "\"{vault.K}{vault.K}\"", "{vault.X}").unwrap();
        prop_assert_eq!(filled, "\"{vault.X}{vault.X}\"");
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), text in syntax(), value in any::<String>()) {
        let _ = parse_variable(&bytes);
        let _ = parse_variable(text.as_bytes());
        let _ = crate::envfile::parse(text.as_bytes());
        for format in FORMATS {
            let _ = fill_bytes(&bytes, format, value.as_bytes());
            // Every reference got a place, so what is filled has the value as often as the template has references.
            if let Ok(template) = Template::parse(text.as_bytes(), format) {
                let count = Template::parse(text.as_bytes(), Format::Text).unwrap().references().count();
                prop_assert_eq!(template.references().count(), count);
                let _ = fill_bytes(text.as_bytes(), format, value.as_bytes());
                if let Ok(filled) = fill(format, &text, "Q7Z") {
                    prop_assert_eq!(filled.matches("Q7Z").count(), count, "{}", format);
                }
            }
        }
    }

    /// What env writes, the reader of .env files reads back.
    #[test]
    fn env_round_trip(value in "[^\0]*", quoted in "[^\0]*") {
        let filled = fill(Format::Env, "A={vault.K} # c\nB=\"x{vault.K}\"\n", &value).unwrap();
        let lines = crate::envfile::parse(filled.as_bytes()).unwrap();
        prop_assert_eq!(lines.len(), 2);
        prop_assert_eq!(lines[0].value.as_slice(), value.as_bytes());
        prop_assert_eq!(lines[1].value.to_vec(), format!("x{value}").into_bytes());
        if let Ok(filled) = fill(Format::Env, "A='{vault.K}'\nB=x{vault.K}\n", &quoted) {
            let lines = crate::envfile::parse(filled.as_bytes()).unwrap();
            prop_assert_eq!(lines[0].value.as_slice(), quoted.as_bytes());
            prop_assert_eq!(lines[1].value.to_vec(), format!("x{quoted}").into_bytes());
        }
    }

    /// Text in XML has no character left that could open or close anything.
    #[test]
    fn xml_text_stays_text(value in "[^\0-\u{8}\u{B}\u{C}\u{E}-\u{1F}\u{FFFE}\u{FFFF}]*") {
        let filled = fill(Format::Xml, "{vault.K}", &value).unwrap();
        prop_assert!(!filled.contains(['<', '>', '"', '\'']));
        let plain = filled.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'")
            .replace("&#13;", "\r").replace("&amp;", "&");
        prop_assert_eq!(plain, value);
    }
}
