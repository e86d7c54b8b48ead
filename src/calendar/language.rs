//! The two languages people are written to in.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The language of a mail.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub enum Language {
    /// Swedish, the first.
    #[default]
    #[serde(rename = "sv")]
    Swedish,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// A word that names neither language.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a language; write sv or en")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_lowercase().as_str() {
            "sv" | "svenska" => Ok(Self::Swedish),
            "en" | "engelska" | "english" => Ok(Self::English),
            _ => Err(UnknownLanguage(text.trim().to_owned())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Swedish => "sv",
            Self::English => "en",
        })
    }
}
