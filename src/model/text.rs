//! Texts that people write, each with its limits: title, clause, notes, comment, name.
//! Lengths are Unicode scalar values after trimming; what is kept is trimmed, otherwise as sent.

use super::draft::{Field, Text};
use super::problems::Problem;

/// Trims and checks: blank before all else, then NUL, then the length.
fn parse(field: &Field<Text>, minimum: usize, maximum: usize) -> Result<String, Problem> {
    let text = match field {
        Field::Absent | Field::Null => return Err(Problem::Blank),
        Field::Value(Text::Unsound) => return Err(Problem::Invalid),
        Field::Value(Text::Sound(text)) => text.trim(),
    };
    if text.is_empty() {
        return Err(Problem::Blank);
    }
    if text.contains('\0') {
        return Err(Problem::Invalid);
    }
    // Bytes bound characters from above and a quarter of them from below, so that most texts need no count.
    let shortest = text.len() / 4;
    if shortest < minimum || text.len() > maximum {
        let length = text.chars().count();
        if length < minimum {
            return Err(Problem::TooShort(minimum));
        }
        if length > maximum {
            return Err(Problem::TooLong(maximum));
        }
    }
    Ok(text.to_owned())
}

/// As [`parse`], but blank is nothing at all.
fn parse_optional(field: &Field<Text>, maximum: usize) -> Result<Option<String>, Problem> {
    match parse(field, 0, maximum) {
        Ok(text) => Ok(Some(text)),
        Err(Problem::Blank) => Ok(None),
        Err(problem) => Err(problem),
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $minimum:literal ..= $maximum:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The fewest characters that it may have.
            pub const MINIMUM: usize = $minimum;
            /// The most characters that it may have.
            pub const MAXIMUM: usize = $maximum;

            /// Reads what was sent; the problem is in the contract's words.
            pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
                parse(field, $minimum, $maximum).map(Self)
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, given away.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    };
}

text!(
    /// A ticket's title.
    Title, 1..=200
);
text!(
    /// A given, a when or a then.
    Clause, 10..=10_000
);
text!(
    /// What a comment says.
    Content, 1..=50_000
);
text!(
    /// The name of a person, a token, an organization or a project.
    Name, 1..=80
);

/// A ticket's notes: nothing, or up to [`Notes::MAXIMUM`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes(Option<String>);

impl Notes {
    /// The most characters that notes may have.
    pub const MAXIMUM: usize = 50_000;

    /// Reads what was sent; blank notes are none.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        parse_optional(field, Self::MAXIMUM).map(Self)
    }

    /// The text, if there is any.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, if there is any, given away.
    pub fn into_option(self) -> Option<String> {
        self.0
    }
}

/// Why a token was revoked: nothing, or up to [`Reason::MAXIMUM`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason(Option<String>);

impl Reason {
    /// The most characters that a reason may have.
    pub const MAXIMUM: usize = 200;

    /// Reads what was sent; a blank reason is none.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        parse_optional(field, Self::MAXIMUM).map(Self)
    }

    /// The text, if there is any.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// A project's description: nothing, or up to [`Description::MAXIMUM`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(Option<String>);

impl Description {
    /// The most characters that a description may have.
    pub const MAXIMUM: usize = 2_000;

    /// Reads what was sent; a blank description is none.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        parse_optional(field, Self::MAXIMUM).map(Self)
    }

    /// The text, if there is any.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Field<Text> {
        Field::Value(text.into())
    }

    #[test]
    fn a_blank_text_is_blank_alone() {
        for blank in ["", " ", "\t\n\u{2003}"] {
            assert_eq!(Clause::parse(&field(blank)), Err(Problem::Blank));
            assert_eq!(Notes::parse(&field(blank)), Ok(Notes(None)));
        }
        assert_eq!(Title::parse(&Field::Absent), Err(Problem::Blank));
        assert_eq!(Title::parse(&Field::Null), Err(Problem::Blank));
    }

    #[test]
    fn lengths_are_characters_after_trimming() {
        assert_eq!(Title::parse(&field(&format!(" {} ", "ü".repeat(200)))).map(|title| title.0.chars().count()), Ok(200));
        assert_eq!(Title::parse(&field(&"😀".repeat(200))).map(|title| title.0.len()), Ok(800));
        assert_eq!(Title::parse(&field(&"ü".repeat(201))), Err(Problem::TooLong(200)));
        assert_eq!(Clause::parse(&field("  123456789  ")), Err(Problem::TooShort(10)));
        assert_eq!(Clause::parse(&field("😀😀😀😀😀😀😀😀😀")), Err(Problem::TooShort(10)));
        assert_eq!(Clause::parse(&field("1234567890")).map(Clause::into_string), Ok("1234567890".to_owned()));
        assert_eq!(Notes::parse(&field(&"n".repeat(50_001))), Err(Problem::TooLong(50_000)));
    }

    #[test]
    fn what_no_text_can_hold_is_invalid() {
        assert_eq!(Title::parse(&field("a\0b")), Err(Problem::Invalid));
        assert_eq!(Title::parse(&Field::Value(Text::Unsound)), Err(Problem::Invalid));
        assert_eq!(Notes::parse(&Field::Value(Text::Unsound)), Err(Problem::Invalid));
    }
}
