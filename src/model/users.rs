//! What a user is: an e-mail address that is theirs alone, and a password that never shows itself.
//! Hashing lives in `app::passwords`, sign-in in the domain.

use std::fmt;

use zeroize::Zeroizing;

use super::draft::{Field, Text};
use super::problems::Problem;

/// The noun of `Id<User>`.
pub enum User {}

/// An e-mail address: as it was typed, and the form by which it is compared (without case).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
}

impl Email {
    /// The most characters (RFC 5321 §4.5.3.1.3, less the angle brackets).
    pub const MAXIMUM: usize = 254;

    /// Reads an address: one `@` with something on both sides, a dot-free host is fine, no white space or control characters.
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        let text = match field {
            Field::Absent | Field::Null => return Err(Problem::Blank),
            Field::Value(Text::Unsound) => return Err(Problem::Invalid),
            Field::Value(Text::Sound(text)) => text.trim(),
        };
        if text.is_empty() {
            return Err(Problem::Blank);
        }
        if text.chars().count() > Self::MAXIMUM {
            return Err(Problem::TooLong(Self::MAXIMUM));
        }
        let sides = text.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
        if !sides || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Problem::Invalid);
        }
        Ok(Self { typed: text.to_owned(), key: text.to_lowercase() })
    }

    /// As its owner typed it.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form by which two are the same.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A password in clear, between the door and the hash. It prints as `[password]` and is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The fewest characters that a password may have.
    pub const MINIMUM: usize = 8;
    /// The most characters that a password may have; a bound for the hash, far over what people type.
    pub const MAXIMUM: usize = 1_024;

    /// Takes what was typed, untrimmed: any characters (NIST SP 800-63B §3.1.1.2).
    pub fn parse(typed: String) -> Result<Self, Problem> {
        let typed = Zeroizing::new(typed);
        match typed.chars().count() {
            0 => Err(Problem::Blank),
            length if length < Self::MINIMUM => Err(Problem::TooShort(Self::MINIMUM)),
            length if length > Self::MAXIMUM => Err(Problem::TooLong(Self::MAXIMUM)),
            _ => Ok(Self(typed)),
        }
    }

    /// The bytes to hash.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}
