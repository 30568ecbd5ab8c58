//! What a project is: a code from which its tickets are named.
//! Its rules are in `domain::projects`.

use super::draft::{Field, Text};
use super::problems::Problem;

/// The noun of `Id<Project>`.
pub enum Project {}

/// `[A-Z][A-Z0-9]{1,9}`, taken in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The code that the text names, if it is one.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let sound = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && (1..=9).contains(&bytes.len())
            && bytes.all(|byte| byte.is_ascii_alphanumeric());
        sound.then(|| Self(text.to_ascii_uppercase()))
    }

    /// Reads what was sent.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        match field {
            Field::Absent | Field::Null => Err(Problem::Blank),
            Field::Value(Text::Unsound) => Err(Problem::Invalid),
            Field::Value(Text::Sound(text)) if text.trim().is_empty() => Err(Problem::Blank),
            Field::Value(Text::Sound(text)) => Self::from_text(text.trim()).ok_or(Problem::Invalid),
        }
    }

    /// The code itself, in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_two_to_ten_letters_and_digits() {
        assert_eq!(Code::from_text("web2").map(|code| code.0), Some("WEB2".to_owned()));
        for wrong in ["", "W", "2W", "WEB-1", "ABCDEFGHIJK", "WÉB", "W B"] {
            assert_eq!(Code::from_text(wrong), None, "{wrong}");
        }
    }
}
