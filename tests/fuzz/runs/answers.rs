//! Runs over what providers send.

use super::fuzz;
use crate::answers;

#[test]
fn r40_callback() {
    fuzz(
        "callback",
        answers::callback,
        &[
            "GET ",
            "HEAD ",
            "/callback",
            "?",
            "&",
            "code=",
            "state=",
            "STATE",
            "error=",
            "access_denied",
            "iss=",
            "%00",
            "%2",
            "%zz",
            "+",
            " HTTP/1.1\r\n",
            "Host: 127.0.0.1:50123\r\n",
            "Origin: null\r\n",
            "Sec-Fetch-Mode: navigate\r\n",
            "Content-Length: 1\r\n",
            "\r\n\r\n",
            "http://127.0.0.1:50123",
        ],
    );
}

#[test]
fn r40_token_response() {
    fuzz(
        "token_response",
        answers::token_response,
        &[
            "\"access_token\":",
            "\"refresh_token\":",
            "\"expires_in\":",
            "\"token_type\":",
            "\"scope\":",
            "\"error\":",
            "\"error_description\":",
            "\"id_token\":",
            "null",
            "true",
            "-1",
            "1e18",
            "3600",
            "\"3600\"",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\"Bearer\"",
            "\"\"",
            "\\u0000",
            "\\ud800",
            "invalid_grant",
            "eyJhbGciOiJub25lIn0.e30.",
        ],
    );
}

#[test]
fn r40_metadata() {
    fuzz(
        "metadata",
        answers::metadata,
        &[
            "\"issuer\":",
            "https://as.example",
            "http://127.0.0.1",
            "https://localhost",
            "\"authorization_endpoint\":",
            "\"token_endpoint\":",
            "\"jwks_uri\":",
            "\"registration_endpoint\":",
            "\"token_endpoint_auth_methods_supported\":",
            "private_key_jwt",
            "S256",
            "null",
            "true",
            "[",
            "]",
            "{",
            "}",
            ",",
            "#",
            "@",
            "\\u0000",
            "\\ud800",
        ],
    );
}

#[test]
fn r40_device_answer() {
    fuzz(
        "device_answer",
        answers::device_answer,
        &[
            "\"device_code\":",
            "\"user_code\":",
            "\"verification_uri\":",
            "\"verification_url\":",
            "\"verification_uri_complete\":",
            "\"expires_in\":",
            "\"interval\":",
            "https://as.example/device",
            "http://127.0.0.1",
            "javascript:",
            "-1",
            "1e300",
            "null",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\n",
            "#",
            "@",
        ],
    );
}

#[test]
fn r40_introspection_answer() {
    fuzz(
        "introspection_answer",
        answers::introspection_answer,
        &[
            "\"active\":",
            "true",
            "false",
            "\"scope\":",
            "\"username\":",
            "\"sub\":",
            "\"exp\":",
            "-1",
            "1e300",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\u202e",
        ],
    );
}

#[test]
fn r40_userinfo_answer() {
    fuzz(
        "userinfo_answer",
        answers::userinfo_answer,
        &[
            "\"sub\":",
            "\"248289761001\"",
            "\"somebody else\"",
            "\"email\":",
            "\"preferred_username\":",
            "\"name\":",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
            "\\u0073ub",
            "\\u202e",
        ],
    );
}

#[test]
fn r40_registration_answer() {
    fuzz(
        "registration_answer",
        answers::registration_answer,
        &[
            "\"client_id\":",
            "\"client_secret\":",
            "\"client_secret_expires_at\":",
            "\"token_endpoint_auth_method\":",
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "none",
            "tls_client_auth",
            "-1",
            "0",
            "1e300",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\\u0000",
            "\\ud800",
        ],
    );
}

#[test]
fn r40_oauth1_answer() {
    fuzz(
        "oauth1_answer",
        answers::oauth1_answer,
        &[
            "oauth_token=",
            "oauth_token_secret=",
            "oauth_callback_confirmed=true",
            "oauth_problem=",
            "screen_name=",
            "&",
            "=",
            "%00",
            "%0a",
            "%zz",
            "+",
            "token_rejected",
            "oauth_token",
            "{\"a\":1}",
        ],
    );
}

#[test]
fn r40_id_token() {
    fuzz(
        "id_token",
        answers::id_token,
        &[
            "\"alg\":",
            "\"EdDSA\"",
            "\"none\"",
            "\"HS256\"",
            "\"kid\":",
            "\"crit\":",
            "\"iss\":",
            "\"sub\":",
            "\"aud\":",
            "\"azp\":",
            "\"exp\":",
            "\"iat\":",
            "\"at_hash\":",
            "\"client-1\"",
            "\"client-2\"",
            "1800000000",
            "1e300",
            "-1",
            "null",
            "[",
            "]",
            "{",
            "}",
            ",",
            "\n",
            ".",
        ],
    );
}
