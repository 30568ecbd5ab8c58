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

    /// Takes a new password as it was typed, untrimmed: any characters, but none that everybody tries first (NIST SP 800-63B §3.1.1.2).
    pub fn parse(typed: String) -> Result<Self, Problem> {
        let typed = Zeroizing::new(typed);
        match typed.chars().count() {
            0 => Err(Problem::Blank),
            length if length < Self::MINIMUM => Err(Problem::TooShort(Self::MINIMUM)),
            length if length > Self::MAXIMUM => Err(Problem::TooLong(Self::MAXIMUM)),
            _ if is_common(&typed) => Err(Problem::TooCommon),
            _ => Ok(Self(typed)),
        }
    }

    /// Takes what somebody gives as the password that they have. `None` for what no password can be.
    pub fn typed(typed: String) -> Option<Self> {
        let typed = Zeroizing::new(typed);
        (1..=Self::MAXIMUM).contains(&typed.chars().count()).then_some(Self(typed))
    }

    /// The bytes to hash.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Passwords of eight characters and more that everybody tries first, one a line and sorted; from Django's list of the 20,000 commonest
/// (BSD-3-Clause, <https://github.com/django/django>), which was made from leaked ones.
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether the password is one of the commonest, in any case.
fn is_common(typed: &str) -> bool {
    let lower = Zeroizing::new(typed.to_lowercase());
    // 80 kB, once when a password is set.
    COMMON.lines().any(|line| line == lower.as_str())
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_enough_and_not_what_everybody_has() {
        let parse = |text: &str| Password::parse(text.to_owned()).map(|_| ());
        assert_eq!(parse(""), Err(Problem::Blank));
        assert_eq!(parse("short"), Err(Problem::TooShort(8)));
        for common in ["password1", "PassWord1", "qwertyuiop"] {
            assert_eq!(parse(common), Err(Problem::TooCommon), "{common}");
        }
        for good in ["correct horse", "        x", "pässwörter", "日本語のパスワード"] {
            assert_eq!(parse(good), Ok(()), "{good}");
        }
        assert_eq!(parse(&"x".repeat(256)), Ok(()));
        assert!(Password::typed("password1".to_owned()).is_some() && Password::typed(String::new()).is_none());
    }
}
