//! Plain words for why the system refused a file or a socket.

use std::io::ErrorKind;

/// What this kind of error means, as the end of a sentence. The standard library's words, but for two that speak of an
/// “entity”, which nobody named.
#[must_use]
pub fn why(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "not found".to_owned(),
        ErrorKind::AlreadyExists => "exists already".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entity_is_shown_to_people() {
        assert_eq!(why(ErrorKind::NotFound), "not found");
        assert_eq!(why(ErrorKind::AlreadyExists), "exists already");
        assert_eq!(why(ErrorKind::PermissionDenied), "permission denied");
    }
}
