//! What ends or hinders grants at Google (developers.google.com, “Using OAuth 2.0”, refresh token expiration).

use super::{Evidence, Remedy, Rule, rule};

fn is_google(e: &Evidence<'_>) -> bool {
    e.is_at("google", "googleapis.com") || e.is_at("google", "accounts.google.com")
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "google_testing_mode",
        |e| is_google(e) && e.is_dead() && e.days_lived().is_some_and(|days| (6..=8).contains(&days)),
        "The app is in testing mode at Google",
        "As long as the consent screen's publishing status is “Testing”, Google ends each grant seven days after the consent.",
        "Set the publishing status to “In production” (Google Auth Platform, Audience), then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "google_unused",
        |e| is_google(e) && e.is_dead() && e.days_unused().is_some_and(|days| days >= 180),
        "The grant was not used for six months",
        "Google ends a refresh token that was not used for six months.",
        "Connect it again. A host that runs keeps it alive.",
        Remedy::Connect,
    ),
    rule(
        "google_session_policy",
        |e| is_google(e) && (e.says("invalid_rapt") || e.says("rapt_required")),
        "The organisation limits sessions",
        "invalid_rapt: Google Workspace asks for a new sign-in after the session length that the administrator set for Google Cloud.",
        "Connect it again, or ask the administrator to trust the app.",
        Remedy::Connect,
    ),
    rule(
        "google_admin_policy",
        |e| is_google(e) && (e.code_is(&["admin_policy_enforced"]) || e.says("admin_policy_enforced")),
        "The administrator does not let this app in",
        "admin_policy_enforced: the Workspace administrator restricts which apps may use these scopes.",
        "Ask the administrator to trust the app's client id, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "google_internal_app",
        |e| is_google(e) && (e.code_is(&["org_internal"]) || e.says("org_internal")),
        "The app is internal to another organisation",
        "org_internal: only accounts of the Workspace that owns the app can consent.",
        "Sign in with an account of that organisation, or make the app external.",
        Remedy::AtProvider,
    ),
    rule(
        "google_deleted_client",
        |e| is_google(e) && (e.code_is(&["deleted_client", "disabled_client"]) || e.says("deleted_client")),
        "The app was deleted at Google",
        "The client id belonged to a project or a client that was deleted or disabled.",
        "Make a new OAuth client in the Google Auth Platform and a new auth client here.",
        Remedy::AtProvider,
    ),
    rule(
        "google_gmail_password",
        |e| {
            is_google(e)
                && e.is_dead()
                && (e.scopes.contains("mail.google.com") || e.scopes.contains("/auth/gmail"))
        },
        "The account's password may have been changed",
        "Google ends grants with Gmail scopes when the account's password is changed.",
        "Connect it again.",
        Remedy::Connect,
    ),
    rule(
        "google_too_many",
        |e| is_google(e) && e.is_dead(),
        "Too many grants of one account, or access was taken back",
        "Google keeps 100 refresh tokens for one account and one client id; the next one ends the oldest, without a word. An account can also take access back under “Third-party apps”.",
        "Connect it again, and keep one connection for one account instead of consenting anew each time.",
        Remedy::Connect,
    ),
    rule(
        "google_offline",
        |e| {
            is_google(e)
                && e.lacks_refresh_token()
                && !(e.has_param("access_type", "offline") && e.has_param("prompt", "consent"))
        },
        "Google was not asked for a refresh token",
        "Google gives one only with access_type=offline, and after the first consent only with prompt=consent.",
        "Add both parameters to the auth client and connect again.",
        Remedy::EditAuthClient,
    ),
];
