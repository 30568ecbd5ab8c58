//! Texts that people write, each with its limits: title, clause, notes, comment, name.
//! Lengths are Unicode scalar values after trimming; what is kept is trimmed, otherwise as sent.

use super::draft::{Field, Text};
use super::problems::Problem;
use super::visible::turns_text_round;

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

/// As [`parse`] for a text of one line: line breaks and tabs become a blank before it is trimmed, and `refused` are not taken.
fn parse_line(field: &Field<Text>, minimum: usize, maximum: usize, refused: fn(char) -> bool) -> Result<String, Problem> {
    let Field::Value(Text::Sound(text)) = field else { return parse(field, minimum, maximum) };
    let breaks = |c: char| matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let line = if text.contains(breaks) {
        parse(&Field::Value(text.replace("\r\n", " ").replace(breaks, " ").as_str().into()), minimum, maximum)
    } else {
        parse(field, minimum, maximum)
    };
    line.and_then(|line| if line.contains(refused) { Err(Problem::Invalid) } else { Ok(line) })
}

/// What acts where a name is shown: controls, and what turns text round.
fn acts(c: char) -> bool {
    c.is_control() || turns_text_round(c)
}

/// A name that comes from another tracker, made fit to be one: what a name may not hold is left out. Nothing, where nothing is left.
pub fn name_from_elsewhere(text: &str) -> Option<String> {
    let line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !acts(*c)).collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// As [`name_from_elsewhere`] for a title.
pub fn title_from_elsewhere(text: &str) -> String {
    let line: String = text.chars().map(|c| if matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    let line = line.replace(turns_text_round, "").trim().to_owned();
    if line.is_empty() { "\u{fffd}".to_owned() } else { line }
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
    ($(#[$doc:meta])* $name:ident, $minimum:literal ..= $maximum:literal $(, one line without $refused:path)?) => {
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
                text!(@parse field, $minimum, $maximum $(, $refused)?).map(Self)
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
    (@parse $field:ident, $minimum:literal, $maximum:literal) => { parse($field, $minimum, $maximum) };
    (@parse $field:ident, $minimum:literal, $maximum:literal, $refused:path) => { parse_line($field, $minimum, $maximum, $refused) };
}

text!(
    /// A ticket's title.
    Title, 1..=200, one line without turns_text_round
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
    Name, 1..=80, one line without acts
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
    fn names_and_titles_are_one_line_in_which_nothing_acts() {
        // Finding 10: names are printed on terminals, and stand in lists.
        assert_eq!(Name::parse(&field(" Ada\r\nof\tLondon\u{2028} ")).map(Name::into_string), Ok("Ada of London".to_owned()));
        assert_eq!(Title::parse(&field("a\nb\u{b}")).map(Title::into_string), Ok("a b".to_owned()));
        for turned in ["a\u{202a}b", "a\u{202e}b", "a\u{2066}b", "a\u{2069}b"] {
            assert_eq!(Name::parse(&field(turned)), Err(Problem::Invalid));
            assert_eq!(Title::parse(&field(turned)), Err(Problem::Invalid));
            assert_eq!(Clause::parse(&field(&format!("{turned} and more"))).map(|clause| clause.0.len()), Ok(14));
        }
        for acting in ["a\u{1b}]52;c;eA==\u{7}", "a\u{8}", "a\u{7f}", "a\u{9b}2J"] {
            assert_eq!(Name::parse(&field(acting)), Err(Problem::Invalid));
            assert!(Title::parse(&field(acting)).is_ok());
        }
        assert_eq!(Name::parse(&field("\r\n\t")), Err(Problem::Blank));
        assert_eq!(Name::parse(&field(&format!("{}\n", "x".repeat(80)))).map(|name| name.0.len()), Ok(80));
        assert_eq!(name_from_elsewhere("A\u{1b}[31mda\nL\u{202e}"), Some("A[31mda L".to_owned()));
        assert_eq!((name_from_elsewhere("\u{7}"), title_from_elsewhere("\u{202e}a\tb")), (None, "a b".to_owned()));
    }

    #[test]
    fn what_no_text_can_hold_is_invalid() {
        assert_eq!(Title::parse(&field("a\0b")), Err(Problem::Invalid));
        assert_eq!(Title::parse(&Field::Value(Text::Unsound)), Err(Problem::Invalid));
        assert_eq!(Notes::parse(&Field::Value(Text::Unsound)), Err(Problem::Invalid));
    }
}
