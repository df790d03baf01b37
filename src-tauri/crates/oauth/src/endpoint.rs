//! Which addresses are acceptable as an endpoint or an issuer (O-12).

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::Error;

/// Longest address, in bytes.
const LONGEST: usize = 2048;

/// Checks the address of an endpoint or issuer: https, or http on loopback; no userinfo, no fragment.
///
/// # Errors
/// [`Error::BadEndpoint`] with the rule that is broken; the text does not repeat the address.
pub fn check(address: &str) -> Result<(), Error> {
    parse(address).map(drop)
}

/// Reads an acceptable address. Its host is in ASCII (punycode), and query parameters are kept as they are
/// (EL13).
///
/// # Errors
/// As [`check`].
pub fn parse(address: &str) -> Result<Url, Error> {
    // The parser drops tabs, line ends and outer spaces and turns backslashes around: none may be there.
    if address.len() > LONGEST || address.chars().any(|c| c <= ' ' || c == '\u{7f}' || c == '\\') {
        return bad("the address is too long or holds spaces, control characters or backslashes");
    }
    // `https:host` and `https:/host` would be mended silently.
    let has_scheme = ["https://", "http://"].iter().any(|scheme| {
        address
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !has_scheme {
        return bad("the address does not start with https://");
    }
    let Ok(url) = Url::parse(address) else {
        return bad("the address is not a URL");
    };
    let authority = address
        .split('/')
        .nth(2)
        .and_then(|rest| rest.split(['?', '#']).next());
    // `https:///path` would take its host from the path.
    if authority.is_none_or(str::is_empty) {
        return bad("the address has no host");
    }
    if authority.is_some_and(|authority| authority.contains('@')) {
        return bad("the address holds a user name");
    }
    if address.contains('#') {
        return bad("the address has a fragment");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return bad("http is accepted on loopback alone: use https");
    }
    Ok(url)
}

/// Whether a URL points at this machine by its own text: 127.0.0.0/8, ::1 or `localhost`.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => Ipv4Addr::is_loopback(&ip),
        Some(Host::Ipv6(ip)) => Ipv6Addr::is_loopback(&ip),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn bad<T>(rule: &str) -> Result<T, Error> {
    Err(Error::BadEndpoint(rule.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_parse(address: &str, expect: Option<&str>) {
        let got = parse(address).ok().map(String::from);
        assert_eq!(got.as_deref(), expect, "{address:?}");
    }

    #[test]
    fn o12_acceptable_endpoints() {
        check_parse("https://a.example/token", Some("https://a.example/token"));
        check_parse(
            "HTTPS://A.Example/Token?tenant=1&x=a%20b",
            Some("https://a.example/Token?tenant=1&x=a%20b"),
        );
        check_parse(
            "https://a.example//oauth//token",
            Some("https://a.example//oauth//token"),
        );
        check_parse(
            "https://bücher.example/t",
            Some("https://xn--bcher-kva.example/t"),
        );
        check_parse(
            "https://a.example/t?mail=a@b",
            Some("https://a.example/t?mail=a@b"),
        );
        check_parse("http://127.0.0.1:8080/token", Some("http://127.0.0.1:8080/token"));
        check_parse("http://[::1]:8080/token", Some("http://[::1]:8080/token"));
        check_parse("http://localhost:8080/token", Some("http://localhost:8080/token"));
    }

    #[test]
    fn o12_refused_endpoints() {
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        for address in [
            "",
            "a.example",
            "ftp://a.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https:a.example",
            "https:/a.example",
            "https:\\\\a.example",
            "https://",
            "https:///token",
            "https://user@a.example/",
            "https://user:pass@a.example/",
            "https://@a.example/",
            "https://a.example@b.example/",
            "https://a.example/#x",
            "https://a.example/#",
            "https://a.example/ token",
            "https://a.example/\ntoken",
            "\thttps://a.example/",
            "https://a.exa\tmple/",
            "https://a.example:99999/",
            "http://a.example/token",
            "http://127.0.0.1.a.example/",
            "http://localhost.a.example/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://192.168.0.1/",
            &long,
        ] {
            check_parse(address, None);
        }
    }

    #[test]
    fn o12_random_bytes_never_pass_as_http_elsewhere() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let parts = [
            "http",
            "https",
            "://",
            "/",
            "\\",
            "@",
            "#",
            "?",
            "127.0.0.1",
            "[::1]",
            "a.b",
            ":80",
            "%",
            "\t",
            "é",
        ];
        for _ in 0..50_000 {
            let mut text = String::from("http://");
            for _ in 0..5 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                text.push_str(parts[usize::try_from(seed % parts.len() as u64).unwrap()]);
            }
            if let Ok(url) = parse(&text) {
                assert!(url.scheme() == "https" || is_loopback(&url), "{text:?}");
                assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            }
        }
    }
}
