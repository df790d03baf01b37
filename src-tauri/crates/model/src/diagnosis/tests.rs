//! OA10: every cause is recognized from what is there when it happens, and before any that is less precise.
//! A long file: one line a cause.

use std::collections::BTreeSet;

use super::*;
use crate::connection::ConnectionState::{AwaitingConsent, Disconnected, Error, NeedsConsent, Ready};

const NOW: i64 = 1_800_000_000;

/// One that is in order, of a provider that nobody knows.
fn evidence() -> Evidence<'static> {
    Evidence {
        provider: None,
        token_uri: "https://as.example/token",
        state: Ready,
        code: "",
        said: "",
        renewal: Renewal::Consent,
        has_refresh_token: true,
        scopes: "read",
        requested: "read",
        params: &[],
        consented_at: Some(Timestamp(NOW - 30 * DAY)),
        obtained_at: Some(Timestamp(NOW - 3_600)),
        expires_at: Some(Timestamp(NOW)),
        consent_ends_at: None,
        failed_at: Timestamp(NOW),
        skew: Some(1),
        now: Timestamp(NOW),
    }
}

/// A grant that the provider called ended.
fn dead(token_uri: &'static str) -> Evidence<'static> {
    Evidence {
        token_uri,
        state: NeedsConsent,
        code: "invalid_grant",
        said: "The provider no longer accepts the refresh token: invalid_grant.",
        ..evidence()
    }
}

/// A refusal that is not about the grant.
fn refused(code: &'static str, said: &'static str) -> Evidence<'static> {
    Evidence {
        state: Error,
        code,
        said,
        ..evidence()
    }
}

/// Something that passes.
fn temporary(said: &'static str) -> Evidence<'static> {
    Evidence {
        code: "temporary",
        said,
        ..evidence()
    }
}

/// Connected without a refresh token.
fn short(token_uri: &'static str) -> Evidence<'static> {
    Evidence {
        token_uri,
        code: "no_refresh_token",
        has_refresh_token: false,
        ..evidence()
    }
}

/// Of OAuth 1.0a: no end, no refresh token, and neither is amiss.
fn endless() -> Evidence<'static> {
    Evidence {
        token_uri: "",
        renewal: Renewal::Never,
        has_refresh_token: false,
        obtained_at: None,
        expires_at: None,
        ..evidence()
    }
}

fn days_ago(days: i64) -> Option<Timestamp> {
    Some(Timestamp(NOW - days * DAY))
}

const GOOGLE: &str = "https://oauth2.googleapis.com/token";
const MICROSOFT: &str = "https://login.microsoftonline.com/common/oauth2/v2.0/token";
const GITHUB: &str = "https://github.com/login/oauth/access_token";
const SALESFORCE: &str = "https://acme.my.salesforce.com/services/oauth2/token";
const SLACK: &str = "https://slack.com/api/oauth.v2.access";

/// By Microsoft's number, wherever it stands in the text.
fn aadsts(said: &'static str) -> Evidence<'static> {
    Evidence {
        said,
        ..dead(MICROSOFT)
    }
}

fn cases() -> Vec<(&'static str, Evidence<'static>)> {
    let unused = |token_uri, days| Evidence {
        obtained_at: days_ago(days),
        consented_at: days_ago(days + 400),
        ..dead(token_uri)
    };
    vec![
        ("healthy", evidence()),
        ("healthy_without_end", endless()),
        (
            "own_request_refused",
            Evidence {
                renewal: Renewal::Client,
                said: "invalid_grant (Token has been revoked.)",
                ..dead(GOOGLE)
            },
        ),
        (
            "not_connected_yet",
            Evidence {
                state: AwaitingConsent,
                ..evidence()
            },
        ),
        (
            "disconnected",
            Evidence {
                state: Disconnected,
                ..evidence()
            },
        ),
        (
            "restored",
            Evidence {
                code: "restored",
                ..evidence()
            },
        ),
        (
            "auth_client_changed",
            Evidence {
                code: AUTH_CLIENT_CHANGED,
                said: "Before that: The provider refuses the auth client: invalid_client.",
                ..evidence()
            },
        ),
        (
            "consent_ends",
            Evidence {
                consent_ends_at: Some(Timestamp(NOW + 3 * DAY)),
                ..evidence()
            },
        ),
        (
            "clock_is_wrong",
            Evidence {
                skew: Some(-4_000),
                ..dead(GOOGLE)
            },
        ),
        ("redirect_not_registered", refused("redirect_uri_mismatch", "")),
        (
            "redirect_not_registered",
            refused("invalid_request", "The redirect_uri is not valid"),
        ),
        ("client_secret_wrong", refused("invalid_client", "")),
        (
            "client_unknown",
            Evidence {
                obtained_at: None,
                ..refused("invalid_client", "")
            },
        ),
        ("grant_not_allowed", refused("unauthorized_client", "")),
        ("scope_refused", refused("invalid_scope", "")),
        ("resource_refused", refused("invalid_target", "")),
        ("request_refused", refused("invalid_request", "")),
        ("endpoint_moved", refused("http_308", "")),
        ("endpoint_gone", refused("http_404", "")),
        ("endpoint_unacceptable", refused("bad_endpoint", "")),
        (
            "reused",
            Evidence {
                said: "invalid_grant (Refresh token reuse detected)",
                ..dead("https://as.example/token")
            },
        ),
        (
            "interrupted",
            Evidence {
                said: "Probably an earlier refresh was interrupted",
                ..dead("https://as.example/token")
            },
        ),
        (
            "revoked",
            Evidence {
                said: "invalid_grant (Token has been revoked.)",
                ..dead("https://as.example/token")
            },
        ),
        (
            "interaction_needed",
            Evidence {
                code: "login_required",
                ..dead("https://as.example/token")
            },
        ),
        (
            "said_no",
            Evidence {
                code: "access_denied",
                ..dead("https://as.example/token")
            },
        ),
        ("no_refresh_token", short("https://as.example/token")),
        (
            "refresh_token_withheld",
            Evidence {
                requested: "openid offline_access",
                ..short("https://as.example/token")
            },
        ),
        (
            "scopes_not_granted",
            Evidence {
                requested: "read write",
                ..evidence()
            },
        ),
        (
            "issuer_moved",
            Evidence {
                code: "issuer_moved",
                ..evidence()
            },
        ),
        (
            "refused_without_reason",
            temporary("the provider refused without giving a reason (HTTP 400)"),
        ),
        (
            "captive_portal",
            temporary("something answered in the provider's place (HTTP 403)"),
        ),
        (
            "unreadable_answer",
            temporary("The provider's answer cannot be read: it is not a JSON object."),
        ),
        (
            "rate_limited",
            temporary("the provider cannot answer now (HTTP 429)"),
        ),
        ("tls_failed", temporary("invalid peer certificate: Expired")),
        (
            "provider_down",
            temporary("the provider cannot answer now (HTTP 503)"),
        ),
        ("offline", temporary("no connection: the name cannot be resolved")),
        ("grant_ended", dead("https://as.example/token")),
        ("unknown", refused("unknown_error", "")),
        (
            "microsoft_password_changed",
            aadsts("invalid_grant (AADSTS50173: The provided grant has expired)"),
        ),
        ("microsoft_unused", aadsts("(AADSTS700082: inactive)")),
        (
            "microsoft_single_page",
            aadsts("AADSTS700084: issued to a single page app"),
        ),
        ("microsoft_sign_in_frequency", aadsts("AADSTS70043.")),
        (
            "microsoft_second_factor",
            aadsts("AADSTS50076: Due to a configuration change"),
        ),
        ("microsoft_blocked", aadsts("AADSTS53003")),
        ("microsoft_no_consent", aadsts("AADSTS65001")),
        ("microsoft_admin_consent", aadsts("AADSTS90094")),
        (
            "microsoft_secret_is_its_id",
            aadsts("AADSTS7000215: Invalid client secret provided"),
        ),
        ("microsoft_secret_expired", aadsts("AADSTS7000222")),
        ("microsoft_app_unknown", aadsts("AADSTS700016")),
        ("microsoft_redirect", aadsts("AADSTS50011: The redirect URI …")),
        ("microsoft_single_tenant", aadsts("AADSTS50194")),
        ("microsoft_account_disabled", aadsts("AADSTS50057")),
        ("microsoft_public_client", aadsts("AADSTS7000218")),
        ("microsoft_offline_access", short(MICROSOFT)),
        (
            "google_testing_mode",
            Evidence {
                consented_at: days_ago(7),
                ..dead(GOOGLE)
            },
        ),
        ("google_unused", unused(GOOGLE, 200)),
        (
            "google_session_policy",
            Evidence {
                said: "invalid_grant (reauth related error (invalid_rapt))",
                ..dead(GOOGLE)
            },
        ),
        (
            "google_admin_policy",
            Evidence {
                token_uri: GOOGLE,
                ..refused("admin_policy_enforced", "")
            },
        ),
        (
            "google_internal_app",
            Evidence {
                token_uri: GOOGLE,
                ..refused("org_internal", "")
            },
        ),
        (
            "google_deleted_client",
            Evidence {
                token_uri: GOOGLE,
                ..refused("deleted_client", "")
            },
        ),
        (
            "google_gmail_password",
            Evidence {
                scopes: "https://mail.google.com/",
                ..dead(GOOGLE)
            },
        ),
        ("google_too_many", dead(GOOGLE)),
        ("google_offline", short(GOOGLE)),
        (
            "github_unused",
            Evidence {
                code: "bad_refresh_token",
                ..dead(GITHUB)
            },
        ),
        ("github_no_expiry", short(GITHUB)),
        (
            "atlassian_unused",
            unused("https://auth.atlassian.com/oauth/token", 91),
        ),
        (
            "atlassian_offline",
            short("https://auth.atlassian.com/oauth/token"),
        ),
        (
            "xero_unused",
            unused("https://identity.xero.com/connect/token", 61),
        ),
        ("xero_offline", short("https://identity.xero.com/connect/token")),
        ("box_used_up", dead("https://api.box.com/oauth2/token")),
        (
            "quickbooks_unused",
            unused("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", 101),
        ),
        ("salesforce_limit", dead(SALESFORCE)),
        ("salesforce_scope", short(SALESFORCE)),
        ("slack_rotation", dead(SLACK)),
        ("slack_no_rotation", short(SLACK)),
        ("zoho_too_many", dead("https://accounts.zoho.com/oauth/v2/token")),
        (
            "zoho_limit",
            Evidence {
                token_uri: "https://accounts.zoho.com/oauth/v2/token",
                ..refused("unknown_error", "Access Denied")
            },
        ),
        (
            "exact_too_early",
            Evidence {
                token_uri: "https://start.exactonline.nl/api/oauth2/token",
                ..refused("invalid_request", "Rate limit exceeded: access_token not expired")
            },
        ),
        ("twitter_offline", short("https://api.x.com/2/oauth2/token")),
        (
            "dropbox_offline",
            short("https://api.dropboxapi.com/oauth2/token"),
        ),
        (
            "reddit_permanent",
            short("https://www.reddit.com/api/v1/access_token"),
        ),
        (
            "linkedin_programme",
            short("https://www.linkedin.com/oauth/v2/accessToken"),
        ),
        ("typeform_offline", short("https://api.typeform.com/oauth/token")),
    ]
}

#[test]
fn oa10_each_cause_is_recognized_first() {
    for (expect, evidence) in cases() {
        let causes = diagnose(&evidence);
        assert_eq!(causes[0].id, expect, "{evidence:?} gives {causes:?}");
    }
}

#[test]
fn oa10_no_cause_is_without_a_test() {
    let tested: BTreeSet<_> = cases().into_iter().map(|(id, _)| id).collect();
    let there: BTreeSet<_> = ids().collect();
    assert_eq!(tested, there);
    assert!(there.len() >= 25, "{}", there.len());
}

/// A number inside another number, a name inside another name, a parameter that is there: none misleads.
#[test]
fn oa10_what_only_looks_alike_is_not_taken_for_it() {
    let not = |id: &str, evidence: Evidence<'_>| {
        let causes = diagnose(&evidence);
        assert!(causes.iter().all(|cause| cause.id != id), "{id}: {causes:?}");
    };
    not(
        "microsoft_password_changed",
        aadsts("AADSTS501731: something else"),
    );
    not(
        "google_too_many",
        dead("https://oauth2.googleapis.com.evil.example/token"),
    );
    not("google_too_many", dead("https://notgoogleapis.com/token"));
    let guess = "invalid_grant. Probably the grant was revoked, expired, or used by another program.";
    not(
        "revoked",
        Evidence {
            said: guess,
            ..dead("https://as.example/token")
        },
    );
    not(
        "google_testing_mode",
        Evidence {
            consented_at: days_ago(12),
            ..dead(GOOGLE)
        },
    );
    let params = [
        ("access_type".to_owned(), "offline".to_owned()),
        ("prompt".to_owned(), "consent".to_owned()),
    ];
    not(
        "google_offline",
        Evidence {
            params: &params,
            ..short(GOOGLE)
        },
    );
    let several = [
        ("access_type".to_owned(), "offline".to_owned()),
        ("prompt".to_owned(), "select_account consent".to_owned()),
    ];
    not(
        "google_offline",
        Evidence {
            params: &several,
            ..short(GOOGLE)
        },
    );
    let ending = Evidence {
        consent_ends_at: Some(Timestamp(NOW + 3 * DAY)),
        ..evidence()
    };
    not("healthy", ending);
    for id in ["no_refresh_token", "unknown"] {
        not(id, endless());
    }
    not(
        "microsoft_offline_access",
        Evidence {
            scopes: "openid offline_access",
            ..short(MICROSOFT)
        },
    );
    not(
        "github_unused",
        Evidence {
            provider: Some("gitlab"),
            ..unused_elsewhere()
        },
    );
}

fn unused_elsewhere() -> Evidence<'static> {
    Evidence {
        obtained_at: days_ago(300),
        ..dead("https://gitlab.com/oauth/token")
    }
}

/// OA10: each act has a word of its own in documents.
#[test]
fn oa10_words_of_the_acts() {
    let words = [
        (Remedy::Nothing, "nothing"),
        (Remedy::Wait, "wait"),
        (Remedy::Refresh, "refresh"),
        (Remedy::Connect, "connect"),
        (Remedy::EditAuthClient, "edit_auth_client"),
        (Remedy::AtProvider, "at_provider"),
    ];
    for (act, word) in words {
        assert_eq!(act.as_str(), word);
    }
}

/// A catalogue entry says which provider it is, whatever the host: self-hosted ones too, and variants of an entry.
#[test]
fn oa10_the_catalogue_names_the_provider() {
    let at = |provider| Evidence {
        provider: Some(provider),
        ..dead("https://login.internal.example/token")
    };
    for provider in ["salesforce", "salesforce-sandbox"] {
        assert_eq!(diagnose(&at(provider))[0].id, "salesforce_limit");
    }
    assert_eq!(diagnose(&at("salesforcelike"))[0].id, "grant_ended");
    // One sign-in, an entry of the catalogue for each product.
    for provider in ["jira", "confluence"] {
        let unused = Evidence {
            obtained_at: days_ago(100),
            ..at(provider)
        };
        assert_eq!(diagnose(&unused)[0].id, "atlassian_unused");
    }
    // The same company, another sign-in.
    let short = |provider| Evidence {
        provider: Some(provider),
        ..short("https://login.internal.example/token")
    };
    assert_eq!(diagnose(&short("dropbox"))[0].id, "dropbox_offline");
    assert_ne!(diagnose(&short("dropbox-sign"))[0].id, "dropbox_offline");
}

/// OA10: what failed at a consent is the cause, although nobody has consented yet; and what mends it there needs no
/// refresh, no Connection and no grant that stands.
#[test]
fn oa10_a_failed_consent_has_its_cause() {
    let planned = |code, said| Evidence {
        state: AwaitingConsent,
        has_refresh_token: false,
        obtained_at: None,
        expires_at: None,
        consented_at: None,
        code,
        said,
        ..evidence()
    };
    for (code, said, expect) in [
        ("", "", "not_connected_yet"),
        ("redirect_uri_mismatch", "", "redirect_not_registered"),
        ("invalid_client", "", "client_unknown"),
        (
            "invalid_client",
            "invalid_client (AADSTS7000215: Invalid client secret provided)",
            "microsoft_secret_is_its_id",
        ),
        ("access_denied", "", "said_no"),
        ("user_cancelled_login", "", "said_no"),
        ("application_suspended", "", "unknown"),
    ] {
        assert_eq!(diagnose(&planned(code, said))[0].id, expect, "{code} {said}");
    }
    let dead = Evidence {
        state: NeedsConsent,
        code: "invalid_client",
        ..evidence()
    };
    assert_eq!(
        diagnose(&dead)[0].id,
        "client_unknown",
        "nothing goes on with a new secret"
    );
    for (_, evidence) in cases() {
        for cause in diagnose(&evidence) {
            let fix = cause.fix_at_consent();
            assert!(
                !fix.contains("then refresh") && !fix.contains("delete this"),
                "{fix}"
            );
        }
    }
}
