//! The OAuth protocols on the wire: authorization code with PKCE, device code, client credentials, assertions and
//! refresh; pushed requests, revocation, introspection, discovery, registration and ID tokens; OAuth 1.0a.
//!
//! This crate is *not* a store, a scheduler or a browser opener: it keeps nothing, reads no clock (`now` is
//! passed in), decides no retry and starts no program. What a failure means is said by the variant of
//! [`error::Error`]; what is done about it is the engine's.
//!
//! Invariants (ids are those of SECURITY.md)
//! - A consent in the browser is authorization code with PKCE S256; there is no code for the implicit grant, and a
//!   password travels only for a registration that says so (O-01, O-02). PKCE is left out for a registration that says
//!   so, because its provider refuses it, and for no other.
//! - An assertion names one audience, the issuer (O-46); an ID token is for showing whose account it is (O-48).
//! - Whether a callback is ours is decided by one pure function, [`callback::judge`], for the listener and for
//!   a pasted address alike (O-36). The state is compared before anything else of the query is looked at (O-23).
//! - A forged request neither finishes nor aborts a consent, and a genuine one is taken once, through
//!   whichever door it came (O-23, O-24).
//! - A [`authorize::Pending`] is bound to the registration, redirect URI and token endpoint it was begun with;
//!   its code goes nowhere else (O-13, O-42).
//! - Endpoints are https, or http on loopback, without userinfo and fragment, checked at every use (O-12).
//! - No redirect is followed, nothing is sent twice, no answer is decompressed or read beyond 1 MiB (O-45, O-73).
//! - Pages shown to the browser are constant bytes; nothing that was received is reflected (O-31, O-34).
//! - No error text holds a value, a token, a code or a body. A 2xx answer that cannot be read is handed to the
//!   caller as it came, in [`error::Error::BadResponse`] (O-53).
//! - The HTTP client and its TLS roots are made at the first request, not before.
//!
//! Copies of codes, tokens and client secrets inside the HTTP and TLS libraries are not wiped.

pub mod error;

#[cfg(test)]
mod fixture;

mod text;

mod json;

pub mod endpoint;

pub mod http;

mod refusal;

pub mod sign;

pub mod callback;

pub mod redirect;

pub mod authorize;

mod page;

pub mod certificate;

pub mod loopback;

mod dialect;

pub mod behaviour;

mod answer;

mod assertion;

pub mod token;

mod form;

pub mod grants;

pub mod device;

pub mod push;

pub mod revoke;

pub mod introspect;

pub mod jwks;

pub mod id_token;

pub mod userinfo;

pub mod registration;

pub mod discovery;

pub mod oauth1;

pub mod catalogue;

pub use answer::header_scheme;
pub use error::Error;
pub use http::Http;
