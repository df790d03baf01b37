//! What Microsoft Entra says by number (learn.microsoft.com, “Microsoft Entra authentication and authorization error codes”).

use super::{Evidence, Remedy, Rule, rule};

/// The number in full: AADSTS50173 is not AADSTS501731.
fn aadsts(e: &Evidence<'_>, numbers: &[&str]) -> bool {
    e.said
        .split("AADSTS")
        .skip(1)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
        })
        .any(|number| numbers.contains(&number))
}

fn is_microsoft(e: &Evidence<'_>) -> bool {
    e.is_at("microsoft", "login.microsoftonline.com")
        || e.is_at("outlook", "login.live.com")
        || e.provider
            .is_some_and(|provider| ["azure-devops", "dynamics"].contains(&provider))
}

pub(super) const RULES: &[Rule] = &[
    rule(
        "microsoft_password_changed",
        |e| aadsts(e, &["50173"]),
        "The account's password was changed",
        "AADSTS50173: Microsoft ends all grants of an account when its password is changed or an administrator ends its sessions.",
        "Connect it again with that account.",
        Remedy::Connect,
    ),
    rule(
        "microsoft_unused",
        |e| aadsts(e, &["700082", "70008"]),
        "The grant was not used for 90 days",
        "AADSTS700082: a refresh token of Microsoft ends when it was not used for 90 days; the machine was off or the vault locked for so long.",
        "Connect it again. A host that runs keeps it alive.",
        Remedy::Connect,
    ),
    rule(
        "microsoft_single_page",
        |e| aadsts(e, &["700084"]),
        "The app is registered as a single-page app",
        "AADSTS700084: refresh tokens of single-page apps end after 24 hours, whatever happens.",
        "Add the redirect address under “Mobile and desktop applications” instead of “Single-page application”, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "microsoft_sign_in_frequency",
        |e| aadsts(e, &["70043", "70044"]),
        "A policy limits how long a sign-in lasts",
        "AADSTS70043: Conditional Access of the organisation asks for a new sign-in after a set time.",
        "Connect it again; ask the administrator for an exception or use an app registration without a person where the service allows it.",
        Remedy::Connect,
    ),
    rule(
        "microsoft_second_factor",
        |e| aadsts(e, &["50076", "50079", "50072", "50074"]),
        "A second factor is asked for",
        "AADSTS50076: the organisation began to ask for multi-factor authentication, or the person moved to a place where it is asked for.",
        "Connect it again and give the second factor.",
        Remedy::Connect,
    ),
    rule(
        "microsoft_blocked",
        |e| aadsts(e, &["53003", "53000", "53001", "530032"]),
        "Conditional Access blocks it",
        "AADSTS53003: a policy of the organisation lets this account, device or place not in.",
        "Ask the administrator which policy it is; connecting again does not help until it changes.",
        Remedy::AtProvider,
    ),
    rule(
        "microsoft_no_consent",
        |e| aadsts(e, &["65001", "65004"]),
        "The consent is missing",
        "AADSTS65001: nobody consented to these permissions for this app, or the consent was taken back.",
        "Connect it again and agree.",
        Remedy::Connect,
    ),
    rule(
        "microsoft_admin_consent",
        |e| aadsts(e, &["90094", "90093", "50105"]),
        "An administrator must consent",
        "AADSTS90094: the permissions asked for are ones that only an administrator of the organisation can give.",
        "Send the administrator the app's id and the scopes; connect again afterwards.",
        Remedy::AtProvider,
    ),
    rule(
        "microsoft_secret_is_its_id",
        |e| aadsts(e, &["7000215"]),
        "The client secret is wrong",
        "AADSTS7000215: often the secret's id was copied in place of its value; the value is shown only once.",
        "Make a new client secret in the app registration, copy its value into the auth client, then refresh.",
        Remedy::EditAuthClient,
    ),
    rule(
        "microsoft_secret_expired",
        |e| aadsts(e, &["7000222"]),
        "The client secret ran out",
        "AADSTS7000222: client secrets of Microsoft end after at most two years.",
        "Make a new client secret in the app registration, store it in the auth client, then refresh. Nobody has to consent again.",
        Remedy::EditAuthClient,
    ),
    rule(
        "microsoft_app_unknown",
        |e| aadsts(e, &["700016", "90002"]),
        "The app is not known in this tenant",
        "AADSTS700016: the client id is wrong, the app was deleted, or the address names another tenant.",
        "Compare client id and tenant with the app registration. Where they differ, make another auth client (one in use keeps both), delete this connection and connect it through that one.",
        Remedy::EditAuthClient,
    ),
    rule(
        "microsoft_redirect",
        |e| aadsts(e, &["50011", "500113"]),
        "The redirect address is not registered",
        "AADSTS50011: Microsoft compares host and path; the port is free only for http://localhost under “Mobile and desktop applications”.",
        "Add the redirect address from the auth client's form there, then connect again.",
        Remedy::AtProvider,
    ),
    rule(
        "microsoft_single_tenant",
        |e| aadsts(e, &["50194", "50020", "700054"]),
        "The account or address is of another tenant",
        "AADSTS50194: an app of one tenant is asked through the address for all (common), or the account is not of its tenant.",
        "Sign in with an account of that tenant, or make an auth client with the tenant's id in its addresses and connect through that one.",
        Remedy::EditAuthClient,
    ),
    rule(
        "microsoft_account_disabled",
        |e| aadsts(e, &["50057", "50034"]),
        "The account is disabled or gone",
        "AADSTS50057: an administrator disabled the account, or it was deleted.",
        "Connect with another account, or ask the administrator.",
        Remedy::AtProvider,
    ),
    rule(
        "microsoft_public_client",
        |e| aadsts(e, &["7000218", "700025"]),
        "Public and confidential client are mixed up",
        "AADSTS7000218: the registration expects a client secret and none was sent; 700025: it is public and one was sent.",
        "Switch “Allow public client flows” in the app registration, or add or remove the client secret in the auth client.",
        Remedy::EditAuthClient,
    ),
    rule(
        "microsoft_offline_access",
        |e| is_microsoft(e) && e.lacks_refresh_token() && !e.has_scope("offline_access"),
        "The scope offline_access is missing",
        "Microsoft gives a refresh token only when the scope offline_access is asked for, at each consent.",
        "Add offline_access to the scopes and connect again.",
        Remedy::Connect,
    ),
];
