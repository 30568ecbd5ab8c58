//! What a user is: an e-mail address that is theirs alone, and a password that never shows itself.
//! Hashing lives in `app::passwords`, sign-in in the domain.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::draft::{Field, Text};
use super::problems::Problem;
use super::visible::is_unseen;

/// The noun of `Id<User>`.
pub enum User {}

/// An e-mail address: as it was typed, and the forms by which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
    plain: String,
}

impl Email {
    /// The most characters (RFC 5321 §4.5.3.1.3, less the angle brackets).
    pub const MAXIMUM: usize = 254;

    /// Reads an address that somebody is to have from now on: one `@` with something on both sides, a dot-free host is fine, no white space, and
    /// nothing that cannot be seen or that a reader takes for something else: no controls or format characters, no empty part of the host's name,
    /// no host that no name can be (UTS 46).
    pub fn parse(field: &Field<Text>) -> Result<Self, Problem> {
        let email = Self::typed(field)?;
        let host = email.typed.split_once('@').and_then(|(_, host)| ascii(host));
        let sound = host.is_some_and(|host| host.split('.').all(|label| !label.is_empty()));
        let one_at = email.key.split('@').filter(|side| !side.is_empty()).count() == 2 && email.key.matches('@').count() == 1;
        if !sound || !one_at || email.typed.chars().any(is_unseen) || email.key.chars().any(char::is_whitespace) {
            return Err(Problem::Invalid);
        }
        Ok(email)
    }

    /// Reads an address that somebody may have had for long, from before there were such rules: to sign in, to be looked up.
    pub fn typed(field: &Field<Text>) -> Result<Self, Problem> {
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
        Ok(Self { key: key(text), plain: text.to_lowercase(), typed: text.to_owned() })
    }

    /// As its owner typed it.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form by which two are the same: compatibility characters, case and the host's spelling make no difference.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The form by which earlier releases compared: without case, and nothing else.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// Whether two texts are one address.
    pub fn are_same(one: &str, other: &str) -> bool {
        key(one) == key(other)
    }
}

/// NFKC (UAX 15) and lower case; the host as the name system has it (UTS 46), as far as it can be one.
fn key(text: &str) -> String {
    if text.is_ascii() {
        return text.trim_end_matches('.').to_ascii_lowercase();
    }
    // A sigma at a word's end is the same letter: which of both a lower case has depends on what stands beside it.
    let lower = text.nfkc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    let folded: String = lower.nfkc().collect();
    match folded.rsplit_once('@') {
        Some((local, host)) => format!("{local}@{}", ascii(host).as_deref().unwrap_or(host).trim_end_matches('.')),
        None => folded,
    }
}

/// The host's name in ASCII.
fn ascii(host: &str) -> Option<String> {
    if host.is_ascii() {
        return Some(host.to_ascii_lowercase());
    }
    idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::EMPTY).ok().map(std::borrow::Cow::into_owned)
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

    fn email(text: &str) -> Result<Email, Problem> {
        Email::parse(&Field::Value(text.into()))
    }

    // Finding 17.
    #[test]
    fn an_address_is_compared_by_what_a_reader_sees() {
        let same = |one: &str, other: &str| assert_eq!(email(one).unwrap().key(), email(other).unwrap().key(), "{one} {other}");
        same("Mia@Example.com", "mia@example.com");
        same("ｍｉａ@ｅｘａｍｐｌｅ.com", "mia@example.com");
        same("mia@example。com", "mia@example.com");
        same("mia@müller.example", "MIA@xn--mller-kva.example");
        same("jo\u{308}rg@example.com", "jörg@example.com");
        assert!(Email::are_same("ﬁona@x", "FIONA@x") && !Email::are_same("fiona@x", "fiona@y"));
        same("ΝΙΚΟΣ@x.gr", "νικος@x.gr");
        // Characters of other scripts that look alike stay what they are: there is no rule that all readers would share.
        assert!(!Email::are_same("mia@example.com", "mіa@example.com"));
    }

    #[test]
    fn an_address_holds_nothing_unseen() {
        for bad in [
            "mi\u{200b}a@example.com",
            "mia@exam\u{ad}ple.com",
            "mia\u{200d}@example.com",
            "mia@example.com\u{feff}",
            "\u{202e}mia@example.com",
            "mi\u{fe0f}a@example.com",
            "mi\u{3164}a@example.com",
            "mia@example.com.",
            "mia@.example.com",
            "mia@example..com",
            "mia@example.com。",
            "mia＠x@example.com",
            "mia\u{a8}@example.com",
            "mia@exa\u{fffd}mple.com",
            "mia",
            "@x",
            "mia@",
            "a@b@c",
        ] {
            assert_eq!(email(bad), Err(Problem::Invalid), "{bad:?}");
        }
        for good in ["mia@localhost", "mia+bugs@example.com", "o'hara@example.com", "用户@例子.公司", "mia@[192.0.2.1]", "a_b@c_d.example"]
        {
            assert!(email(good).is_ok(), "{good}");
        }
        // Who has one from before can still be found by it.
        let old = Email::typed(&Field::Value("mi\u{200b}a@Example.com.".into())).unwrap();
        assert_eq!(old.plain(), "mi\u{200b}a@example.com.");
    }

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
