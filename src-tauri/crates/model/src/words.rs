//! Words for the choices of an enum.

/// Names of an enum in documents, both ways.
macro_rules! words {
    ($kind:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $kind {
            /// All there are, with the word for each in documents.
            pub const WORDS: &[(Self, &str)] = &[$((Self::$variant, $word)),+];

            /// The word for it in documents.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// The one that a word stands for.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(_, own)| *own == word).map(|(kind, _)| *kind)
            }
        }
    };
}

pub(crate) use words;
