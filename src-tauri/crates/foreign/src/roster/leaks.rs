//! What looks like a secret in a roster, by the name it stands under or by its form: better one refused too many than
//! one that travels in a file that is sent round.

/// Whether what stands under such a name would be a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    const PARTS: [&str; 13] = [
        "secret",
        "password",
        "passwd",
        "passphrase",
        "privatekey",
        "apikey",
        "assertion",
        "accesstoken",
        "refreshtoken",
        "idtoken",
        "bearer",
        "credential",
        "jwt",
    ];
    let joined: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    joined.ends_with("token") || PARTS.iter().any(|part| joined.contains(part))
}

/// Whether a value is one by its form: a private key, a signed token, what well-known providers begin theirs with, or
/// an address that carries one.
pub(super) fn is_secret_value(value: &str) -> bool {
    const BEGINNINGS: [&str; 14] = [
        "-----BEGIN",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "GOCSPX-",
        "ya29.",
        "sk_live_",
        "sk-ant-",
    ];
    let is_signed = value.starts_with("eyJ") && value.matches('.').count() >= 2;
    let carries = ["client_secret=", "access_token=", "refresh_token=", "password="];
    is_signed
        || BEGINNINGS.iter().any(|start| value.starts_with(start))
        || carries.iter().any(|part| value.contains(part))
}
