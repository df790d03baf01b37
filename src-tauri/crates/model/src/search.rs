//! Instant search over metadata: every word must occur, case does not matter.

/// A search text, split into words and folded to lower case once.
pub struct Query(Vec<String>);

impl Query {
    /// Reads what a person typed; an empty text matches everything.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether each word occurs in at least one of `fields`.
    #[must_use]
    pub fn matches(&self, fields: &[&str]) -> bool {
        self.0.is_empty() || {
            let folded: Vec<String> = fields.iter().map(|field| field.to_lowercase()).collect();
            self.0
                .iter()
                .all(|word| folded.iter().any(|field| field.contains(word.as_str())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_occur_somewhere() {
        let fields = ["STRIPE_KEY", "Live payments"];
        assert!(Query::new("").matches(&fields));
        assert!(Query::new("stripe PAY").matches(&fields));
        assert!(!Query::new("stripe test").matches(&fields));
    }
}
