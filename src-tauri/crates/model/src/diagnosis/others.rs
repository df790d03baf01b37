//! What other providers do their own way; each from its documentation (PROVIDERS: refresh semantics).

use super::{Evidence, Remedy, Rule, rule};

/// A grant that ended after a refresh token lay unused for `days`.
fn unused(e: &Evidence<'_>, days: i64) -> bool {
    e.is_dead() && e.days_unused().is_some_and(|unused| unused >= days)
}

/// No refresh token, and this scope was not asked for.
fn without_scope(e: &Evidence<'_>, scope: &str) -> bool {
    e.lacks_refresh_token() && !e.has_scope(scope)
}

/// One sign-in for all of its products; the catalogue has an entry for each.
fn is_atlassian(e: &Evidence<'_>) -> bool {
    e.is_at("jira", "auth.atlassian.com") || e.is_at("confluence", "auth.atlassian.com")
}

/// It has a host in each country.
fn is_exact(e: &Evidence<'_>) -> bool {
    e.provider == Some("exact-online") || e.token_uri.starts_with("https://start.exactonline.")
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "github_unused",
        |e| e.is_at("github", "github.com") && (e.code_is(&["bad_refresh_token"]) || unused(e, 180)),
        "GitHub no longer knows the refresh token",
        "Refresh tokens of GitHub end after six months, and each refresh replaces the one before; one that was used elsewhere is gone.",
        "Connect it again.",
        Remedy::Connect,
    ),
    rule(
        "github_no_expiry",
        |e| e.is_at("github", "github.com") && e.lacks_refresh_token(),
        "This GitHub app gives tokens that do not end",
        "GitHub gives refresh tokens only to apps whose tokens expire, a setting of the app. Without it the token works until somebody revokes it.",
        "Nothing must be done. For tokens that end, switch “Expire user authorization tokens” on and connect again.",
        Remedy::Nothing,
    ),
    rule(
        "atlassian_unused",
        |e| is_atlassian(e) && unused(e, 90),
        "The grant was not used for 90 days",
        "Atlassian ends refresh tokens when the account was inactive for 90 days, and each one 365 days after it was given.",
        "Connect it again. A host that runs keeps it alive.",
        Remedy::Connect,
    ),
    rule(
        "atlassian_offline",
        |e| is_atlassian(e) && without_scope(e, "offline_access"),
        "The scope offline_access is missing",
        "Atlassian gives a refresh token only when the scope offline_access is asked for.",
        "Add offline_access to the scopes and connect again.",
        Remedy::Connect,
    ),
    rule(
        "xero_unused",
        |e| e.is_at("xero", "identity.xero.com") && unused(e, 60),
        "The grant was not used for 60 days",
        "Xero ends refresh tokens after 60 days without use.",
        "Connect it again. A host that runs keeps it alive.",
        Remedy::Connect,
    ),
    rule(
        "xero_offline",
        |e| e.is_at("xero", "identity.xero.com") && without_scope(e, "offline_access"),
        "The scope offline_access is missing",
        "Xero gives a refresh token only when the scope offline_access is asked for.",
        "Add offline_access to the scopes and connect again.",
        Remedy::Connect,
    ),
    rule(
        "box_used_up",
        |e| e.is_at("box", "api.box.com") && e.is_dead(),
        "The refresh token was used or lay for 60 days",
        "Each refresh token of Box works once and ends after 60 days.",
        "Connect it again, and let other programs ask Keyward instead of refreshing by themselves.",
        Remedy::Connect,
    ),
    rule(
        "quickbooks_unused",
        |e| e.is_at("quickbooks", "oauth.platform.intuit.com") && unused(e, 100),
        "The grant was not used for 100 days",
        "Intuit ends refresh tokens 100 days after their last use, and every grant after five years.",
        "Connect it again. A host that runs keeps it alive.",
        Remedy::Connect,
    ),
    rule(
        "salesforce_limit",
        |e| e.is_at("salesforce", "salesforce.com") && e.is_dead(),
        "Salesforce ended the session or the grant",
        "A connected app has a policy for refresh tokens (until revoked, or a time), and an account keeps five grants of one app: the next one ends the oldest. A frozen account and an IP restriction end them too.",
        "Look at the refresh token policy of the connected app (Setup, App Manager), then connect again.",
        Remedy::Connect,
    ),
    rule(
        "salesforce_scope",
        |e| {
            e.is_at("salesforce", "salesforce.com")
                && e.lacks_refresh_token()
                && !e.has_scope("refresh_token")
                && !e.has_scope("offline_access")
        },
        "The scope refresh_token is missing",
        "Salesforce gives a refresh token only with the scope refresh_token or offline_access; the scope “full” does not include it.",
        "Add refresh_token to the scopes and connect again.",
        Remedy::Connect,
    ),
    rule(
        "slack_rotation",
        |e| {
            e.is_at("slack", "slack.com")
                && (e.says("invalid_refresh_token")
                    || e.code_is(&["token_expired", "token_revoked"])
                    || e.is_dead())
        },
        "Slack replaced the token elsewhere",
        "With token rotation each refresh replaces both tokens after 12 hours; whoever refreshed last holds the ones that work. Removing the app from the workspace ends them too.",
        "Connect it again, and let other programs ask Keyward for tokens.",
        Remedy::Connect,
    ),
    rule(
        "slack_no_rotation",
        |e| e.is_at("slack", "slack.com") && e.lacks_refresh_token(),
        "This Slack app's tokens do not end",
        "Without token rotation Slack gives tokens that work until they are revoked, and no refresh token.",
        "Nothing must be done. Rotation is a setting of the app, and cannot be switched off again.",
        Remedy::Nothing,
    ),
    rule(
        "zoho_too_many",
        |e| e.is_at("zoho", "accounts.zoho.com") && e.is_dead(),
        "Too many grants of one account",
        "Zoho keeps 20 refresh tokens for one account and app; the next consent ends the oldest.",
        "Connect it again, and keep one connection for one account.",
        Remedy::Connect,
    ),
    rule(
        "zoho_limit",
        |e| e.is_at("zoho", "accounts.zoho.com") && (e.says("Access Denied") || e.says("too many requests")),
        "Zoho's limit of refreshes",
        "Zoho allows ten access tokens in ten minutes for one refresh token.",
        "Wait ten minutes; other programs that refresh with the same grant count too.",
        Remedy::Wait,
    ),
    rule(
        "exact_too_early",
        |e| is_exact(e) && e.says("not expired"),
        "Exact Online was asked too early",
        "Exact Online refuses a refresh earlier than 30 seconds before the token ends.",
        "Set the refresh window of the auth client to 30 seconds.",
        Remedy::EditAuthClient,
    ),
    rule(
        "twitter_offline",
        |e| {
            (e.is_at("x", "api.twitter.com") || e.is_at("x", "api.x.com"))
                && without_scope(e, "offline.access")
        },
        "The scope offline.access is missing",
        "X gives a refresh token only with the scope offline.access, with a dot.",
        "Add offline.access to the scopes and connect again.",
        Remedy::Connect,
    ),
    rule(
        "dropbox_offline",
        |e| {
            // Dropbox Sign is another service, with another sign-in.
            e.is_at("dropbox", "api.dropboxapi.com")
                && e.provider != Some("dropbox-sign")
                && e.lacks_refresh_token()
                && !e.has_param("token_access_type", "offline")
        },
        "Dropbox was not asked for a refresh token",
        "Dropbox gives one only with the parameter token_access_type=offline.",
        "Add the parameter to the auth client and connect again.",
        Remedy::EditAuthClient,
    ),
    rule(
        "reddit_permanent",
        |e| {
            e.is_at("reddit", "reddit.com")
                && e.lacks_refresh_token()
                && !e.has_param("duration", "permanent")
        },
        "Reddit was asked for a temporary token",
        "Reddit gives a refresh token only with the parameter duration=permanent.",
        "Add the parameter to the auth client and connect again.",
        Remedy::EditAuthClient,
    ),
    rule(
        "linkedin_programme",
        |e| e.is_at("linkedin", "linkedin.com") && e.lacks_refresh_token(),
        "LinkedIn gives this app no refresh tokens",
        "Refresh tokens of LinkedIn are for approved partners; other apps consent anew every 60 days.",
        "Connect it again before it ends, or apply for programmatic refresh tokens at LinkedIn.",
        Remedy::Connect,
    ),
    rule(
        "typeform_offline",
        |e| e.is_at("typeform", "api.typeform.com") && without_scope(e, "offline"),
        "The scope offline is missing",
        "Typeform gives a refresh token only with the scope offline.",
        "Add offline to the scopes and connect again.",
        Remedy::Connect,
    ),
];
