//! Fixed vocabularies: one macro gives a set of choices its stored words and its Swedish ones.

use thiserror::Error;

/// A word that is none of the choices offered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{word}\" is not one of: {choices}")]
pub struct UnknownChoice {
    /// The word as written.
    pub word: String,
    /// Every accepted word, comma separated: the stored ones, then the Swedish ones.
    pub choices: String,
}

/// Defines an enum whose variants are stored under one English word and read under that word or
/// a Swedish one, letter case and surrounding space aside.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal | $swedish:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every choice, in the order it is declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word it is stored and exported under.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The Swedish word, accepted in import files and shown to Swedish readers.
            pub const fn swedish(self) -> &'static str {
                match self { $(Self::$variant => $swedish),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::follow_up::UnknownChoice;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let asked = text.trim().to_lowercase();
                Self::ALL
                    .iter()
                    .copied()
                    .find(|choice| choice.word() == asked || choice.swedish().to_lowercase() == asked)
                    .ok_or_else(|| crate::follow_up::UnknownChoice {
                        word: text.trim().to_owned(),
                        choices: Self::ALL
                            .iter()
                            .map(|choice| choice.word())
                            .chain(Self::ALL.iter().map(|choice| choice.swedish()))
                            .collect::<Vec<_>>()
                            .join(", "),
                    })
            }
        }
    };
}

pub(crate) use choice;
