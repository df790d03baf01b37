use super::*;
use crate::fixture::client;

fn kinds() -> Vec<(Redirect, &'static str)> {
    let fixed = |host, port| Redirect::Fixed { host, port };
    vec![
        (Redirect::Free, "http://127.0.0.1/callback"),
        (Redirect::FreeLocalhost, "http://localhost/callback"),
        (fixed(LoopbackHost::V4, 8400), "http://127.0.0.1:8400/callback"),
        (fixed(LoopbackHost::V6, 8400), "http://[::1]:8400/callback"),
        (fixed(LoopbackHost::Name, 8400), "http://localhost:8400/callback"),
        (Redirect::Https { port: 8443 }, "https://localhost:8443/callback"),
        (Redirect::Scheme("keyward".to_owned()), "keyward:/callback"),
        (
            Redirect::Paste("https://tools.example/oauth".to_owned()),
            "https://tools.example/oauth",
        ),
    ]
}

#[test]
fn oa1_o26_the_address_to_register_is_shown_as_it_is_compared() {
    for (redirect, expect) in kinds() {
        check(&redirect, "/callback").unwrap();
        let client = Oauth2 { redirect, ..client() };
        assert_eq!(shown(&client), expect);
    }
}

#[test]
fn oa1_o09_a_redirect_uri_is_of_its_registrations_kind_and_of_no_other() {
    for (redirect, shown) in kinds() {
        let own = match &redirect {
            Redirect::Free => "http://127.0.0.1:50123/callback",
            Redirect::FreeLocalhost => "http://localhost:50123/callback",
            _ => shown,
        };
        assert!(parts(&redirect, own).is_ok(), "{own}");
        for (other, foreign) in kinds() {
            // A free port may happen to be any number.
            let is_free = matches!(redirect, Redirect::Free | Redirect::FreeLocalhost);
            if other != redirect && !is_free {
                assert!(parts(&redirect, foreign).is_err(), "{foreign} for {redirect:?}");
            }
        }
        for odd in [
            "http://a.example:1/callback",
            "http://127.0.0.1:1/a?b",
            "http://u@127.0.0.1:1/",
            "nonsense",
            "",
        ] {
            assert!(parts(&redirect, odd).is_err(), "{odd}");
        }
    }
}

#[test]
fn o09_schemes_of_others_ports_of_the_system_and_plain_addresses_are_refused() {
    let scheme = |text: &str| Redirect::Scheme(text.to_owned());
    for redirect in [
        scheme("https"),
        scheme("javascript"),
        scheme("myapp"),
        scheme("Com.Example"),
        scheme("com.example://"),
        scheme(""),
        scheme("1.a"),
        Redirect::Https { port: 443 },
        Redirect::Fixed {
            host: LoopbackHost::V4,
            port: 80,
        },
        Redirect::Paste("http://tools.example/".to_owned()),
        Redirect::Paste("https://tools.example/?a=b".to_owned()),
        Redirect::Paste("https://tools.example".to_owned()),
        Redirect::Paste("http://127.0.0.1/".to_owned()),
    ] {
        assert!(check(&redirect, "/callback").is_err(), "{redirect:?}");
    }
    assert!(check(&scheme("com.example.app"), "/callback").is_ok());
}

#[test]
fn o36_what_is_pasted_or_handed_over_is_split_as_a_request_would_be() {
    let split = |redirect: &Redirect, uri: &str, address: &str| {
        let parts = parts(redirect, uri).unwrap();
        let (authority, target) = parts.split(address);
        (authority.to_owned(), target.to_owned())
    };
    let both = |authority: &str, target: &str| (authority.to_owned(), target.to_owned());
    let free = "http://127.0.0.1:50123/callback";
    for address in [
        "http://127.0.0.1:50123/callback?code=1",
        "127.0.0.1:50123/callback?code=1",
        "HTTP://127.0.0.1:50123/callback?code=1#",
    ] {
        assert_eq!(
            split(&Redirect::Free, free, address),
            both("127.0.0.1:50123", "/callback?code=1")
        );
    }
    let scheme = Redirect::Scheme("keyward".to_owned());
    for address in [
        "keyward:/callback?code=1",
        "keyward:///callback?code=1",
        "KEYWARD:/callback?code=1",
    ] {
        assert_eq!(
            split(&scheme, "keyward:/callback", address),
            both("keyward", "/callback?code=1")
        );
    }
    // Another host, or none: it never becomes ours.
    assert_ne!(
        split(&scheme, "keyward:/callback", "keyward://evil/callback?code=1").1,
        "/callback?code=1"
    );
    assert_eq!(
        split(&scheme, "keyward:/callback", "/callback?code=1"),
        both("", "")
    );
    let https = Redirect::Https { port: 8443 };
    let uri = "https://localhost:8443/callback";
    assert_eq!(
        split(&https, uri, "https://localhost:8443/callback?code=1"),
        both("localhost:8443", "/callback?code=1")
    );
    assert_eq!(
        split(&https, uri, "http://localhost:8443/callback?code=1"),
        both("", "")
    );
}

#[test]
fn oa1_a_redirect_is_read_as_the_command_line_writes_it() {
    let fixed = |host, port| Redirect::Fixed { host, port };
    for (text, redirect, path) in [
        ("auto", Redirect::Free, None),
        ("localhost", Redirect::FreeLocalhost, None),
        ("fixed:8400/cb", fixed(LoopbackHost::V4, 8400), Some("/cb")),
        ("fixed:8400", fixed(LoopbackHost::V4, 8400), None),
        (
            "fixed:localhost:8400/a/b",
            fixed(LoopbackHost::Name, 8400),
            Some("/a/b"),
        ),
        ("fixed:[::1]:8400", fixed(LoopbackHost::V6, 8400), None),
        ("https", Redirect::Https { port: 8443 }, None),
        ("https:9443/cb", Redirect::Https { port: 9443 }, Some("/cb")),
        ("https/cb", Redirect::Https { port: 8443 }, Some("/cb")),
        ("scheme", Redirect::Scheme("keyward".to_owned()), None),
        (
            "scheme:com.example.app",
            Redirect::Scheme("com.example.app".to_owned()),
            None,
        ),
        (
            "paste:https://a.example/cb",
            Redirect::Paste("https://a.example/cb".to_owned()),
            None,
        ),
    ] {
        assert_eq!(
            parse(text).unwrap(),
            (redirect, path.map(str::to_owned)),
            "{text}"
        );
    }
    for odd in [
        "",
        "free",
        "fixed",
        "fixed:x",
        "fixed:evil:80",
        "fixed:99999",
        "https:",
        "https:x",
        "httpsx",
        "paste",
        "auto:1",
    ] {
        assert!(parse(odd).is_err(), "{odd}");
    }
}
