//! What a provider granted of what was asked for (O-14).

use super::Connection;

/// Those of a sign-in (OpenID Connect Core §5.4): they say what an ID token tells, and many answers leave them out of
/// the access token's scope.
const OF_THE_SIGN_IN: [&str; 5] = ["openid", "profile", "email", "address", "phone"];

/// The scope that asks for a refresh token: whether there is one says more than the list (AM10).
pub const OFFLINE_ACCESS: &str = "offline_access";

impl Connection {
    /// The scopes that were asked for and not granted, as far as the provider said what it granted.
    #[must_use]
    pub fn scopes_not_granted(&self) -> Vec<&str> {
        let requested = self.requested_scopes.iter().map(String::as_str);
        not_granted(requested, self.granted_scope.as_deref().unwrap_or_default())
            .filter(|scope| *scope != OFFLINE_ACCESS || !self.has_refresh_token)
            .collect()
    }
}

/// Those of `requested` that are not in `granted`. An empty list is a provider's that keeps permissions elsewhere.
pub(crate) fn not_granted<'a>(
    requested: impl Iterator<Item = &'a str>,
    granted: &str,
) -> impl Iterator<Item = &'a str> {
    let granted: Vec<String> = granted
        .split([' ', ','])
        .filter(|scope| !scope.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    requested.filter(move |scope| {
        let scope = scope.to_ascii_lowercase();
        !granted.is_empty()
            && !OF_THE_SIGN_IN.contains(&scope.as_str())
            // Microsoft: everything that was agreed to before, under its own names.
            && !scope.ends_with("/.default")
            && !granted.iter().any(|one| is_same(&scope, one))
    })
}

/// Providers write a scope with and without what it is for (Microsoft, Google), and leave out what a greater one holds
/// (GitHub: `user:email` in `user`).
fn is_same(asked: &str, granted: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '.']))
    };
    let holds = asked
        .strip_prefix(granted)
        .is_some_and(|rest| rest.starts_with([':', '.', '/']));
    ends(asked, granted) || ends(granted, asked) || holds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(requested: &str, granted: &str, expect: &[&str]) {
        let missing: Vec<&str> = not_granted(requested.split(' '), granted).collect();
        assert_eq!(missing, expect, "{requested} / {granted}");
    }

    /// O-14: what is missing is named, and another way of writing is no lack.
    #[test]
    fn o14_what_was_not_granted_is_named() {
        check("read write", "read", &["write"]);
        check("read write", "write  READ", &[]);
        check("read write", "", &[]);
        check("repo x", "repo,user", &["x"]);
        check("openid email api", "api", &[]);
        check(
            "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Send",
            "User.Read profile",
            &["https://graph.microsoft.com/Mail.Send"],
        );
        check("https://graph.microsoft.com/.default", "User.Read", &[]);
        check("user.read", "https://graph.microsoft.com/User.Read", &[]);
        check("user:email repo", "user", &["repo"]);
        check("reader", "read", &["reader"]);
        check("read", "spread", &["read"]);
    }
}
