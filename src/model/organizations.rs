//! What an organization is: a name and a slug, under which its projects and members are found.
//! Its rules are in `domain::organizations`.

use super::draft::{Field, Text};
use super::problems::Problem;

/// The noun of `Id<Organization>`.
pub enum Organization {}

/// `[a-z0-9]+(-[a-z0-9]+)*`, at most 40 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// The most characters.
    pub const MAXIMUM: usize = 40;

    /// Reads what was sent.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        let text = match field {
            Field::Absent | Field::Null => return Err(Problem::Blank),
            Field::Value(Text::Unsound) => return Err(Problem::Invalid),
            Field::Value(Text::Sound(text)) => text.trim(),
        };
        if text.is_empty() {
            return Err(Problem::Blank);
        }
        let sound =
            text.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        if !sound {
            return Err(Problem::Invalid);
        }
        if text.len() > Self::MAXIMUM { Err(Problem::TooLong(Self::MAXIMUM)) } else { Ok(Self(text.to_owned())) }
    }

    /// A slug made from a name: letters and digits of ASCII, the rest hyphens; `fallback` (itself a slug) when nothing is left.
    pub fn from_name(name: &str, fallback: &str) -> Self {
        let mut slug = String::new();
        for c in name.chars().map(|c| c.to_ascii_lowercase()) {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(Self::MAXIMUM);
        let slug = slug.trim_matches('-');
        Self(if slug.is_empty() { fallback } else { slug }.to_owned())
    }

    /// The slug itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_small_letters_digits_and_single_hyphens() {
        let parse = |text: &str| Slug::parse(&Field::Value(text.into()));
        assert!(parse("web-2").is_ok());
        assert_eq!(parse(&"a".repeat(41)), Err(Problem::TooLong(40)));
        for wrong in ["-a", "a-", "a--b", "A", "a_b", "ä"] {
            assert_eq!(parse(wrong), Err(Problem::Invalid), "{wrong}");
        }
        assert_eq!(Slug::from_name("  Web & App (2)", "x").as_str(), "web-app-2");
        assert_eq!(Slug::from_name("日本", "project").as_str(), "project");
    }
}
