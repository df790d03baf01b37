//! Where the browser comes back to: the address as it is registered, and what a callback there looks like (OA1, O-09).

use keyward_model::auth_client::{LoopbackHost, Oauth2, Redirect};
use url::{Host, Url};

use crate::{endpoint, error::Error, loopback};

/// The parts of a redirect URI that a callback is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// What stands before the authority, or before the path of a custom scheme: `http://`, `https://`, `app.keyward:`.
    pub(crate) prefix: String,
    /// The Host header of a genuine callback. A custom scheme has none: the scheme stands for it.
    pub(crate) authority: String,
    pub(crate) path: String,
}

/// Schemes that belong to browsers and systems: an answer sent there would be opened by somebody else.
const TAKEN_SCHEMES: [&str; 14] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "ftp",
    "http",
    "https",
    "intent",
    "javascript",
    "mailto",
    "tel",
    "vbscript",
    "view-source",
];

/// Checks where an AuthClient's browser comes back to, and its path.
///
/// # Errors
/// [`Error::BadParameter`] with the rule that is broken.
pub fn check(redirect: &Redirect, path: &str) -> Result<(), Error> {
    loopback::check_path(path)?;
    match redirect {
        Redirect::Free | Redirect::FreeLocalhost => Ok(()),
        Redirect::Fixed { port, .. } | Redirect::Https { port } if *port >= 1024 => Ok(()),
        Redirect::Fixed { .. } | Redirect::Https { .. } => {
            bad("a redirect port is 1024 or higher: lower ones belong to the system")
        }
        Redirect::Scheme(scheme) => check_scheme(scheme),
        Redirect::Paste(address) => {
            let url = endpoint::parse(address)?;
            if url.scheme() == "https" && url.query().is_none() && url.as_str() == address {
                Ok(())
            } else {
                bad("a redirect address elsewhere is https, without a query, written as browsers write it")
            }
        }
    }
}

/// Port of an https loopback unless another is said.
const USUAL_HTTPS_PORT: u16 = 8443;

/// Reads a redirect as a person writes it (CLI.md): `auto`, `localhost`, `fixed:PORT[/PATH]` with an optional host
/// before the port (`fixed:localhost:8080/cb`), `https[:PORT][/PATH]`, `scheme[:NAME]`, `paste:ADDRESS`; with it a path
/// where one is said.
///
/// # Errors
/// [`Error::BadParameter`] naming the ways to write it.
pub fn parse(text: &str) -> Result<(Redirect, Option<String>), Error> {
    let unread = || {
        Error::BadParameter(
            "a redirect is auto, localhost, fixed:PORT/PATH, https[:PORT], scheme[:NAME] or paste:ADDRESS"
                .to_owned(),
        )
    };
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let split = |rest: &str| {
        let at = rest.find('/').unwrap_or(rest.len());
        let path = (at < rest.len()).then(|| rest[at..].to_owned());
        (rest[..at].to_owned(), path)
    };
    Ok(match kind {
        "auto" if rest.is_empty() => (Redirect::Free, None),
        "localhost" if rest.is_empty() => (Redirect::FreeLocalhost, None),
        "fixed" => {
            let (authority, path) = split(rest);
            let (host, port) = authority.rsplit_once(':').unwrap_or(("127.0.0.1", &authority));
            let host = [LoopbackHost::V4, LoopbackHost::V6, LoopbackHost::Name]
                .into_iter()
                .find(|one| host_text(*one) == host)
                .ok_or_else(unread)?;
            let port = port.parse().map_err(|_| unread())?;
            (Redirect::Fixed { host, port }, path)
        }
        _ if kind == "https" || text.starts_with("https/") => {
            let (port, path) = split(text.strip_prefix("https").unwrap_or_default());
            let port = match port.strip_prefix(':') {
                None if port.is_empty() => USUAL_HTTPS_PORT,
                Some(port) => port.parse().map_err(|_| unread())?,
                None => return Err(unread()),
            };
            (Redirect::Https { port }, path)
        }
        "scheme" => {
            let name = if rest.is_empty() { "keyward" } else { rest };
            (Redirect::Scheme(name.to_owned()), None)
        }
        "paste" if !rest.is_empty() => (Redirect::Paste(rest.to_owned()), None),
        _ => return Err(unread()),
    })
}

/// RFC 3986 §3.1, RFC 8252 §7.1: a name that is somebody's own has a dot in it. Ours is short.
fn check_scheme(scheme: &str) -> Result<(), Error> {
    let fits = scheme.len() <= 64
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    if !fits || TAKEN_SCHEMES.contains(&scheme) {
        return bad("a redirect scheme holds a-z, 0-9 and +-. and is not one of the browser's");
    }
    if scheme != "keyward" && !scheme.contains('.') {
        return bad("a redirect scheme of one's own has a dot, as com.example.app has");
    }
    Ok(())
}

/// The address to register at the provider. A free port is left out: servers do not compare it (RFC 8252 §7.3).
#[must_use]
pub fn shown(client: &Oauth2) -> String {
    address(&client.redirect, &client.redirect_path)
}

/// As [`shown`], of a redirect and its path.
#[must_use]
pub fn address(redirect: &Redirect, path: &str) -> String {
    match redirect {
        Redirect::Free => format!("http://127.0.0.1{path}"),
        Redirect::FreeLocalhost => format!("http://localhost{path}"),
        Redirect::Fixed { host, port } => format!("http://{}:{port}{path}", host_text(*host)),
        Redirect::Https { port } => format!("https://localhost:{port}{path}"),
        Redirect::Scheme(scheme) => format!("{scheme}:{path}"),
        Redirect::Paste(address) => address.clone(),
    }
}

pub(crate) fn host_text(host: LoopbackHost) -> &'static str {
    match host {
        LoopbackHost::V4 => "127.0.0.1",
        LoopbackHost::V6 => "[::1]",
        LoopbackHost::Name => "localhost",
    }
}

/// Whether answers come by a listener of ours.
#[must_use]
pub fn listens(redirect: &Redirect) -> bool {
    match redirect {
        Redirect::Free | Redirect::FreeLocalhost | Redirect::Fixed { .. } | Redirect::Https { .. } => true,
        Redirect::Scheme(_) | Redirect::Paste(_) => false,
    }
}

/// Takes a redirect URI apart, as the registration's kind of redirect allows it; no query, so that ours is the whole.
///
/// # Errors
/// [`Error::BadEndpoint`] for one of another kind.
pub(crate) fn parts(redirect: &Redirect, redirect_uri: &str) -> Result<Parts, Error> {
    let refused = |rule: &str| Err(Error::BadEndpoint(format!("the redirect URI {rule}")));
    if let Redirect::Scheme(scheme) = redirect {
        return match redirect_uri
            .strip_prefix(scheme.as_str())
            .and_then(|rest| rest.strip_prefix(':'))
        {
            Some(path) if loopback::check_path(path).is_ok() => Ok(Parts {
                prefix: format!("{scheme}:"),
                authority: scheme.clone(),
                path: path.to_owned(),
            }),
            _ => refused("is not of the registered scheme"),
        };
    }
    let Some(url) = Url::parse(redirect_uri)
        .ok()
        .filter(|url| url.as_str() == redirect_uri && url.query().is_none() && url.fragment().is_none())
        .filter(|url| url.username().is_empty() && url.password().is_none())
    else {
        return refused("is not a plain address");
    };
    let is_http = url.scheme() == "http";
    let is_literal = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    };
    let is_name = url.host() == Some(Host::Domain("localhost"));
    let fits = match redirect {
        // O-09: an address literal, which no resolver can send elsewhere.
        Redirect::Free => is_http && is_literal && url.port().is_some(),
        Redirect::FreeLocalhost => is_http && is_name && url.port().is_some(),
        Redirect::Fixed { host, port } => {
            is_http
                && url.port() == Some(*port)
                && redirect_uri.starts_with(&format!("http://{}:", host_text(*host)))
        }
        Redirect::Https { port } => !is_http && is_name && url.port() == Some(*port),
        Redirect::Paste(address) => redirect_uri == address && url.scheme() == "https",
        Redirect::Scheme(_) => false,
    };
    let (Some(host), true) = (url.host_str(), fits) else {
        return refused("is not the one that is registered");
    };
    Ok(Parts {
        prefix: format!("{}://", url.scheme()),
        authority: url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        path: url.path().to_owned(),
    })
}

impl Parts {
    /// Splits an address that somebody pasted, or that the system handed over, into Host and target. Without its
    /// scheme only an http address is ours: browsers leave that out.
    pub(crate) fn split<'a>(&'a self, address: &'a str) -> (&'a str, &'a str) {
        let rest = match address.get(..self.prefix.len()) {
            Some(start) if start.eq_ignore_ascii_case(&self.prefix) => &address[self.prefix.len()..],
            _ if self.prefix == "http://" => address,
            _ => return ("", ""),
        };
        // Browsers keep a fragment to themselves; some providers add an empty one.
        let rest = rest.split('#').next().unwrap_or_default();
        if !self.prefix.ends_with('/') {
            // Systems write `scheme:/path` and `scheme:///path` for the same address.
            return (&self.authority, rest.strip_prefix("//").unwrap_or(rest));
        }
        rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()))
    }
}

fn bad<T>(rule: &str) -> Result<T, Error> {
    Err(Error::BadParameter(rule.to_owned()))
}

#[cfg(test)]
#[path = "tests/redirect.rs"]
mod tests;
