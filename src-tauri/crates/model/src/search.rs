//! Instant search over metadata: every word must occur, case does not matter.

/// A search text, split into words and folded to lower case once.
pub struct Query(Vec<String>);

impl Query {
    /// Reads what a person typed; an empty text matches everything.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each word occurs in at least one of `fields`.
    #[must_use]
    pub fn matches(&self, fields: &[&str]) -> bool {
        self.is_empty() || self.matches_folded(&[&folded(fields)])
    }

    /// As [`Query::matches`], for texts that [`folded`] made before.
    #[must_use]
    pub fn matches_folded(&self, texts: &[&str]) -> bool {
        self.0
            .iter()
            .all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    }
}

/// Several fields as one text in lower case, to be searched often. No word reaches over two fields: it has no line end in
/// it.
#[must_use]
pub fn folded(fields: &[&str]) -> String {
    fields.join("\n").to_lowercase()
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
