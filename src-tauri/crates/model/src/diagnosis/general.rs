//! Causes that are the same at every provider.

use super::{AUTH_CLIENT_CHANGED, Cause, Remedy, Renewal, Rule, SCOPES_NOT_GRANTED, rule};
use crate::connection::ConnectionState;

/// What Keyward knows for certain goes before anything a provider says.
pub(super) const FIRST: &[Rule] = &[
    rule(
        "not_connected_yet",
        |e| e.state == ConnectionState::AwaitingConsent && e.code.is_empty(),
        "Nobody has consented yet",
        "The connection is planned: its auth client and scopes are chosen, and no consent was given.",
        "Connect it in the browser.",
        Remedy::Connect,
    ),
    rule(
        "disconnected",
        |e| e.state == ConnectionState::Disconnected && e.code.is_empty(),
        "You disconnected it",
        "Its tokens were dropped here, and revoked where the provider has an address for that.",
        "Connect it when it is needed again.",
        Remedy::Connect,
    ),
    rule(
        "restored",
        |e| e.code_is(&["restored"]),
        "The vault was restored from a copy",
        "The provider may have given a newer refresh token after the copy was made; the one in the copy may have ended with that.",
        "Refresh it now. If the provider refuses, connect it again.",
        Remedy::Refresh,
    ),
    rule(
        "auth_client_changed",
        |e| e.code_is(&[AUTH_CLIENT_CHANGED]),
        "The auth client was changed",
        "The provider had refused it as it was before. Whether it is accepted now, the next refresh shows.",
        "Refresh it now, or leave it to Keyward: it asks when the token is due.",
        Remedy::Refresh,
    ),
    rule(
        "consent_ends",
        |e| {
            e.state == ConnectionState::Ready
                && (e.code.is_empty() || e.code_is(&[SCOPES_NOT_GRANTED]))
                && e.consent_ends_at.is_some()
        },
        "The consent ends soon",
        "The provider gave its refresh token an end that no use puts off. Until then tokens are kept fresh.",
        "Connect it again before that day.",
        Remedy::Connect,
    ),
    rule(
        "clock_is_wrong",
        |e| !e.code.is_empty() && e.skew.is_some_and(|seconds| seconds.abs() > 300),
        "The clock of this machine is wrong",
        "It differs from the provider's by more than five minutes. Providers refuse signed requests and codes for that, and lifetimes are counted wrongly by every program.",
        "Set the clock (on Linux: timedatectl set-ntp true), then refresh.",
        Remedy::Refresh,
    ),
];

pub(super) const RULES: &[Rule] = &[
    rule(
        "redirect_not_registered",
        |e| {
            e.code_is(&["redirect_uri_mismatch", "invalid_redirect_uri"])
                || e.says("redirect uri")
                || e.says("redirect_uri")
        },
        "The redirect address is not registered",
        "The provider compares the address that the browser comes back to with those of the app's registration, letter by letter; most leave out the port of 127.0.0.1 alone.",
        "Copy the redirect address from the auth client's form into the app's registration at the provider, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "client_secret_wrong",
        |e| e.code_is(&["invalid_client"]) && e.has_standing_grant(),
        "The client secret was rotated",
        "This auth client worked before. Somebody made a new client secret at the provider, or the old one ran out; the consent itself still stands.",
        "Store the new client secret in the auth client; the next refresh uses it. Nobody has to consent again.",
        Remedy::EditAuthClient,
    ),
    rule(
        "client_unknown",
        |e| e.code_is(&["invalid_client"]) && !e.has_standing_grant(),
        "Client id or client secret is wrong",
        "The provider does not know this pair, or wants it sent another way (in the header or in the body).",
        "Compare client id, client secret and the way of client authentication with the app's registration.",
        Remedy::EditAuthClient,
    ),
    rule(
        "grant_not_allowed",
        |e| {
            e.code_is(&[
                "unauthorized_client",
                "unsupported_grant_type",
                "unsupported_response_type",
            ])
        },
        "The app may not use this grant",
        "The registration exists, but not for this way of getting tokens: refresh tokens, device codes or client credentials are often switched on one by one.",
        "Switch the grant on in the app's registration at the provider, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "scope_refused",
        |e| e.code_is(&["invalid_scope"]),
        "A scope is unknown or not allowed",
        "One of the scopes that were asked for does not exist at this provider, is misspelt, or was not approved for the app.",
        "Compare the scopes that the connection asks for with those of the registration, and connect it again without the one that is refused.",
        Remedy::Connect,
    ),
    rule(
        "resource_refused",
        |e| e.code_is(&["invalid_target"]),
        "The resource is unknown",
        "The provider wants each token to be for a resource it knows (RFC 8707), and does not know the one that was named.",
        "Correct the resource of the auth client, then connect again.",
        Remedy::EditAuthClient,
    ),
    rule(
        "request_refused",
        |e| e.code_is(&["invalid_request", "unsupported_token_type", "bad_parameter"]),
        "The provider does not understand the request",
        "A parameter is missing, unknown or written another way than this provider wants.",
        "Compare the parameters of the auth client with the provider's documentation, then refresh.",
        Remedy::EditAuthClient,
    ),
    rule(
        "endpoint_moved",
        |e| e.code.starts_with("http_3"),
        "The token address moved",
        "The provider answers with a redirect. Keyward does not follow it: the client secret would go to an address that nobody registered.",
        "Make another auth client with the new token address (one in use keeps its own), delete this connection and connect it through that one.",
        Remedy::EditAuthClient,
    ),
    rule(
        "endpoint_gone",
        |e| e.code.starts_with("http_4"),
        "The token address is wrong",
        "There is no token endpoint at this address: it was mistyped, or an old version was switched off.",
        "Compare the token address with the provider's documentation, then refresh. Where it is wrong, make another auth client (one in use keeps its addresses), delete this connection and connect it through that one.",
        Remedy::EditAuthClient,
    ),
    rule(
        "endpoint_unacceptable",
        |e| e.code_is(&["bad_endpoint"]),
        "The token address cannot be used",
        "It is not https, or it is not a whole address. Tokens and client secrets are not sent there.",
        "Make another auth client with the right token address (one in use keeps its own), delete this connection and connect it through that one.",
        Remedy::EditAuthClient,
    ),
    rule(
        "own_request_refused",
        |e| e.renewal == Renewal::Client && e.is_refused(),
        "The provider refused the client's own request",
        "This client asks for tokens by its own key or client secret; no person consented, and there is no refresh token. The key was replaced or withdrawn, the account it stands for is gone, or it may not have these scopes.",
        "Compare the key and what the provider allows this client, then connect again: nobody is asked.",
        Remedy::AtProvider,
    ),
    rule(
        "reused",
        |e| e.is_dead() && (e.says("reuse") || e.says("already used") || e.says("already been used")),
        "The refresh token was used twice",
        "This provider ends a whole grant when one refresh token comes twice. Another program holds a copy of it, or a refresh broke off and its answer was lost.",
        "Connect it again, and let other programs ask Keyward for tokens instead of refreshing by themselves.",
        Remedy::Connect,
    ),
    rule(
        "interrupted",
        |e| e.is_dead() && e.says("interrupted"),
        "A refresh was interrupted",
        "The request was sent and no tokens arrived: the machine lost power or the network, or the provider failed in the middle. It had replaced the refresh token already.",
        "Connect it again.",
        Remedy::Connect,
    ),
    rule(
        "revoked",
        |e| e.is_dead() && e.provider_says("revoked"),
        "Access was taken back",
        "The account's owner or an administrator removed the app at the provider, or the password was changed.",
        "Ask who did, then connect it again.",
        Remedy::Connect,
    ),
    rule(
        "interaction_needed",
        |e| {
            e.code_is(&[
                "interaction_required",
                "login_required",
                "consent_required",
                "account_selection_required",
            ])
        },
        "The provider wants to see the person",
        "A policy of the provider ends sessions after a time, after a change of the account or of the app's permissions.",
        "Connect it again in the browser.",
        Remedy::Connect,
    ),
    rule(
        "said_no",
        |e| {
            e.code_is(&[
                "access_denied",
                "user_cancelled_login",
                "user_cancelled_authorize",
            ])
        },
        "Access was refused",
        "The person pressed No, or the organisation does not let this app in.",
        "Connect again and agree, or ask an administrator to admit the app.",
        Remedy::AtProvider,
    ),
    rule(
        "refresh_token_withheld",
        |e| e.lacks_refresh_token() && e.asks_offline(),
        "The provider gave no refresh token",
        "The access token works until its end and cannot be renewed. The scope offline_access was asked for, and the answer holds no refresh token: the provider does not give this app one, or not for this account.",
        "Allow refresh tokens for the app in its registration at the provider, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "no_refresh_token",
        |e| e.lacks_refresh_token() && !e.asks_offline(),
        "The provider gave no refresh token",
        "The access token works until its end and cannot be renewed: the consent did not ask for access while nobody is there.",
        "Connect again and ask for offline access: many providers want the scope offline_access or a parameter for it.",
        Remedy::Connect,
    ),
    rule(
        "scopes_not_granted",
        |e| e.lacks_scopes(),
        "Not all scopes were granted",
        "The provider granted less than was asked for: the person left something out, or the app or the account may not have it. It works, and requests that need more are refused.",
        "Compare the scope that was granted with those asked for, then connect again and agree to all.",
        Remedy::Connect,
    ),
    rule(
        "issuer_moved",
        |e| e.state == ConnectionState::Ready && e.code_is(&["issuer_moved"]),
        "The issuer names other addresses",
        "What the issuer says of itself differs from the addresses of the auth client. Nothing is sent to the new ones.",
        "If the provider announced the move, make a new auth client from the issuer; else ask the provider first.",
        Remedy::EditAuthClient,
    ),
    rule(
        "refused_without_reason",
        |e| e.code_is(&["temporary"]) && e.says("without giving a reason"),
        "The provider refused and gave no reason",
        "It answers HTTP 400, 401 or 403 with nothing in it. Some servers do that when a refresh token was revoked or has ended, or when the client secret is wrong; something in between may do it as well.",
        "Nothing was lost, and Keyward goes on trying. If it lasts, compare the client secret, and connect it again.",
        Remedy::Connect,
    ),
    rule(
        "captive_portal",
        |e| e.code_is(&["temporary"]) && e.says("in the provider's place"),
        "Something else answered",
        "A sign-in page of the network, a proxy or a firewall answered where the provider should have.",
        "Sign in to the network or ask who runs it; Keyward goes on trying, and nothing was lost.",
        Remedy::Wait,
    ),
    rule(
        "unreadable_answer",
        |e| e.code_is(&["temporary"]) && e.says("cannot be read"),
        "The answer cannot be read",
        "The provider answered, but not as the standard says. The answer is kept, sealed, since it may hold new tokens.",
        "Keyward asks once more by itself. If it stays so, compare the token address of the auth client.",
        Remedy::Wait,
    ),
    rule(
        "rate_limited",
        |e| {
            e.code_is(&["temporary"])
                && (e.says("HTTP 429")
                    || e.says("slow_down")
                    || e.says("rate_limit")
                    || e.says("too_many_requests"))
        },
        "Too many requests",
        "The provider limits how often tokens are asked for; other programs that use the same app count too.",
        "Wait; Keyward keeps to the pause that the provider names.",
        Remedy::Wait,
    ),
    rule(
        "tls_failed",
        |e| e.code_is(&["temporary"]) && (e.says("certificate") || e.says("TLS")),
        "The connection is not secure",
        "The certificate is not valid for the provider: it ran out, is of another name, or a proxy that opens connections stands between.",
        "Compare the date of this machine and ask who runs the network. Keyward sends nothing over such a connection.",
        Remedy::Wait,
    ),
    rule(
        "provider_down",
        |e| e.code_is(&["temporary"]) && e.says("HTTP 5"),
        "The provider has trouble",
        "It answers that it cannot answer now.",
        "Wait; Keyward tries again with growing pauses. Its status page may say more.",
        Remedy::Wait,
    ),
    rule(
        "offline",
        |e| e.code_is(&["temporary"]) && !e.says("HTTP ") && !e.says("cannot be read"),
        "The provider cannot be reached",
        "No connection came about: the machine is offline, the name cannot be resolved, or nobody answers.",
        "Nothing was lost. Keyward tries again by itself when the network is back.",
        Remedy::Wait,
    ),
    rule(
        "grant_ended",
        |e| e.is_dead(),
        "The provider no longer accepts the grant",
        "It was revoked, it ran out, or another program used its refresh token.",
        "Connect it again.",
        Remedy::Connect,
    ),
    rule(
        "healthy",
        |e| {
            e.state == ConnectionState::Ready
                && e.code.is_empty()
                && e.has_refresh_token
                && !e.lacks_scopes()
                && e.consent_ends_at.is_none()
        },
        "Nothing is wrong",
        "Its tokens are kept fresh.",
        "",
        Remedy::Nothing,
    ),
    rule(
        "healthy_without_end",
        |e| e.state == ConnectionState::Ready && e.code.is_empty() && e.renewal == Renewal::Never,
        "Nothing is wrong",
        "A token of OAuth 1.0a has no end and nothing renews it; Keyward asks the provider nothing about it. It works until the account's owner or an administrator takes access back.",
        "If the provider refuses it, access was taken back: connect it again then.",
        Remedy::Nothing,
    ),
];

/// What no rule knows.
pub(super) const UNKNOWN: Cause = Cause {
    id: "unknown",
    title: "The provider refused, and said no more",
    why: "Its answer names no cause that is known here; its own words stand in the connection's error.",
    fix: "Look the provider's words up in its documentation. Connecting again shows whether the consent or the auth client is at fault.",
    act: Remedy::Connect,
};
