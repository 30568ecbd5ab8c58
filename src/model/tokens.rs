//! The token format: prefix, 32 random base62 characters, and a CRC-32 that lets junk die before any storage is touched.
//! A token is two types, [`PlainToken`] (shown once) and [`HashedToken`] (stored); neither prints itself.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The noun of `Id<Token>`.
pub enum Token {}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `pk_`: reaches all organizations of its user.
    Personal,
    /// `proj_`: reaches one project.
    Project,
}

impl TokenKind {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Project => "project",
        }
    }

    /// What every token of this kind begins with; `bt1` says whose token it is and which format.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "pk_bt1",
            Self::Project => "proj_bt1",
        }
    }
}

super::tickets::words! {
    /// By whom a token was revoked.
    RevokedHow {
        /// By the token itself.
        Itself = "itself",
        /// By its user.
        Owner = "owner",
        /// By an admin in settings.
        Admin = "admin",
        /// By an `admin` command.
        Command = "command",
        /// By whoever found it.
        Finder = "finder",
        /// By a restore that took it over from the database it replaced.
        Restore = "restore",
    }
}

super::tickets::words! {
    /// What the owner of a token has to look at, until they have said that they did.
    AlertKind {
        /// It had stopped, and somebody found it: whoever had it before may have rotated it.
        Found = "found",
        /// It was tried after it had stopped.
        Tried = "tried",
        /// It has rotated itself, over the API.
        Rotated = "rotated",
    }
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 32;
const CHECKSUM: usize = 6;

/// A token in clear. Its `Debug` shows the prefix alone, it has no `Display` and no `Serialize`, and it is wiped when dropped.
pub struct PlainToken {
    text: Zeroizing<String>,
    kind: TokenKind,
}

/// The SHA-256 digest of a token: enough for 190 random bits, so a slow hash would buy nothing (ASVS v5.0.0-11.4.2 is about passwords).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HashedToken([u8; 32]);

impl PlainToken {
    /// The token whose random part is these base62 digits (values 0 to 61).
    fn from_digits(kind: TokenKind, digits: impl Iterator<Item = u8>) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(kind.prefix().len() + RANDOM + CHECKSUM));
        text.push_str(kind.prefix());
        text.extend(digits.map(|digit| char::from(ALPHABET[usize::from(digit) % 62])));
        let checksum = checksum(&text);
        for digit in checksum {
            text.push(char::from(digit));
        }
        Self { text, kind }
    }

    /// A new token from random bytes, which come from the operating system's generator. Bytes from 248 up are passed over, so that all
    /// 62 digits are equally likely; `None` when fewer than 32 bytes remain (out of 64, once in 10²⁰ times).
    pub fn from_random(kind: TokenKind, random: &[u8; 64]) -> Option<Self> {
        let digits: Zeroizing<Vec<u8>> =
            random.iter().filter(|byte| **byte < 248).map(|byte| byte % 62).take(RANDOM).collect::<Vec<_>>().into();
        (digits.len() == RANDOM).then(|| Self::from_digits(kind, digits.iter().copied()))
    }

    /// Reads a token as sent. `None` for whatever has not exactly the format, its checksum included.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = [TokenKind::Personal, TokenKind::Project].into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let body = &text.as_bytes()[kind.prefix().len()..];
        if body.len() != RANDOM + CHECKSUM || !body.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let (checked, sum) = text.split_at(text.len() - CHECKSUM);
        (checksum(checked) == sum.as_bytes()).then(|| Self { text: Zeroizing::new(text.to_owned()), kind })
    }

    /// Whose token it is.
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The form that is stored.
    pub fn hashed(&self) -> HashedToken {
        HashedToken(Sha256::digest(self.text.as_bytes()).into())
    }

    /// The last four characters, for display.
    pub fn last_four(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }

    /// The clear text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The successor of a rotated token: base62 of HMAC-SHA256(key = this token, message = `rotate` ‖ `salt` ‖ `idempotency_key`).
    ///
    /// The same holder with the same key is told the same token again, while nothing at rest reveals it. The digest is read as one number,
    /// and its 32 lowest base62 digits are the random part, most significant first.
    #[must_use]
    pub fn successor(&self, salt: &[u8; 16], idempotency_key: &[u8]) -> Self {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.text.as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(b"rotate");
        mac.update(salt);
        mac.update(idempotency_key);
        let mut number: Zeroizing<[u8; 32]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let mut digits = Zeroizing::new([0_u8; RANDOM]);
        for digit in digits.iter_mut().rev() {
            let mut rest = 0_u16;
            for byte in number.iter_mut() {
                let value = rest << 8 | u16::from(*byte);
                *byte = (value / 62).to_be_bytes()[1];
                rest = value % 62;
            }
            *digit = rest.to_be_bytes()[1];
        }
        Self::from_digits(self.kind, digits.iter().copied())
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.kind.prefix())
    }
}

impl HashedToken {
    /// The digest as it rests in the store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest read from the store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for HashedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hashed token]")
    }
}

/// CRC-32 (IEEE) in base62, most significant first, zero-padded.
fn checksum(text: &str) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VECTOR: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

    fn any_token() -> impl Strategy<Value = PlainToken> {
        (prop::sample::select(vec![TokenKind::Personal, TokenKind::Project]), prop::array::uniform32(0_u8..62))
            .prop_map(|(kind, digits)| PlainToken::from_digits(kind, digits.into_iter()))
    }

    #[test]
    fn the_contracts_vectors_hold() {
        assert!(PlainToken::parse(&format!("pk_bt1{VECTOR}1j1k79")).is_some_and(|token| token.kind() == TokenKind::Personal));
        assert!(PlainToken::parse(&format!("proj_bt1{VECTOR}0ZJ1Ts")).is_some_and(|token| token.kind() == TokenKind::Project));
    }

    #[test]
    fn neither_form_prints_itself() {
        let token = PlainToken::parse(&format!("pk_bt1{VECTOR}1j1k79")).unwrap();
        assert_eq!(format!("{token:?}"), "pk_bt1…");
        assert_eq!(format!("{:?}", token.hashed()), "[hashed token]");
    }

    #[test]
    fn a_successor_depends_on_token_salt_and_key() {
        let token = PlainToken::parse(&format!("pk_bt1{VECTOR}1j1k79")).unwrap();
        let successor = token.successor(&[7; 16], b"key");
        assert_eq!(successor.expose(), token.successor(&[7; 16], b"key").expose());
        assert!(PlainToken::parse(successor.expose()).is_some());
        assert_ne!(successor.expose(), token.successor(&[8; 16], b"key").expose());
        assert_ne!(successor.expose(), token.successor(&[7; 16], b"kez").expose());
        assert_ne!(successor.expose(), successor.successor(&[7; 16], b"key").expose());
    }

    #[test]
    fn too_few_even_bytes_make_no_token() {
        assert!(PlainToken::from_random(TokenKind::Personal, &[255; 64]).is_none());
        assert!(PlainToken::from_random(TokenKind::Personal, &[1; 64]).is_some());
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(token in any_token()) {
            let read = PlainToken::parse(token.expose()).unwrap();
            prop_assert_eq!(read.hashed(), token.hashed());
        }

        #[test]
        fn any_mutation_is_refused(token in any_token(), at in any::<prop::sample::Index>(), c in any::<char>()) {
            let text: Vec<char> = token.expose().chars().collect();
            let at = at.index(text.len());
            prop_assume!(text[at] != c);
            let mut changed = text.clone();
            changed[at] = c;
            prop_assert!(PlainToken::parse(&changed.iter().collect::<String>()).is_none());
            let mut longer = text.clone();
            longer.insert(at, c);
            prop_assert!(PlainToken::parse(&longer.iter().collect::<String>()).is_none());
            let mut shorter = text.clone();
            shorter.remove(at);
            prop_assert!(PlainToken::parse(&shorter.iter().collect::<String>()).is_none());
            if at + 1 < text.len() && text[at] != text[at + 1] {
                let mut swapped = text;
                swapped.swap(at, at + 1);
                prop_assert!(PlainToken::parse(&swapped.iter().collect::<String>()).is_none());
            }
        }
    }
}
