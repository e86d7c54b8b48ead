//! Identifiers: the authority's own, cheap to copy about, impossible to mix up.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the identifier as the authority writes it, surrounding space removed.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref().trim()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// An area of the authority: the units of one area manager.
    AreaId
}
id! {
    /// A person, by the authority's own identifier (never a personal identity number).
    PersonId
}
id! {
    /// A measure, by the identifier of the system it is written in.
    MeasureId
}
id! {
    /// Any other fixed point of the year.
    ActivityId
}

/// A school unit code of the national register: eight digits, kept as text.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct UnitCode(Arc<str>);

/// Why a text is no school unit code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a school unit code: write eight digits, such as 12345678")]
pub struct UnitCodeFault(pub String);

impl UnitCode {
    /// Reads a code. A spreadsheet may have dropped leading zeros: five to seven digits are
    /// filled up from the left.
    ///
    /// # Errors
    /// Anything but five to eight digits.
    pub fn parse(text: &str) -> Result<Self, UnitCodeFault> {
        let digits = text.trim();
        let plausible =
            (5..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if plausible {
            Ok(Self(Arc::from(format!("{digits:0>8}"))))
        } else {
            Err(UnitCodeFault(digits.to_owned()))
        }
    }

    /// The eight digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_regains_the_zeros_a_spreadsheet_dropped() {
        assert_eq!(UnitCode::parse(" 1234567 ").unwrap().as_str(), "01234567");
        assert_eq!(UnitCode::parse("12345678").unwrap().as_str(), "12345678");
    }

    #[test]
    fn what_is_not_digits_is_refused_with_the_remedy() {
        for text in ["", "1234", "123456789", "1234567a", "1,23E+07"] {
            let fault = UnitCode::parse(text).unwrap_err();
            assert!(fault.to_string().contains("eight digits"), "{fault}");
        }
    }
}
