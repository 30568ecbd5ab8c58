//! Secrets of browsers and links (sessions, devices, invitations, password resets) and the code of the first run.
//! Each is two types, one that is shown once and one that is stored; API tokens have a format of their own, in `tokens`.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How many random bytes a secret has: 192 bits, so that a plain digest of it is enough at rest.
pub const LENGTH: usize = 24;

/// A secret in clear: 48 hexadecimal digits. It prints as `[secret]` and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// The SHA-256 digest of a secret, as it rests in the store.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HashedSecret([u8; 32]);

impl Secret {
    /// The secret that these bytes of the system's generator make.
    pub fn from_random(random: &[u8; LENGTH]) -> Self {
        use fmt::Write;
        let mut text = Zeroizing::new(String::with_capacity(2 * LENGTH));
        for byte in random {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Reads a secret as it came back. `None` for whatever has not exactly the form.
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == 2 * LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The form that is stored.
    pub fn hashed(&self) -> HashedSecret {
        HashedSecret(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The clear text, for the one answer that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl HashedSecret {
    /// The digest as it rests in the store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest read from the store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for HashedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hashed secret]")
    }
}

/// Letters and digits that people do not mistake for each other (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code that `serve` prints while there is no user: 80 bits in four groups, for people to type.
#[derive(Clone)]
pub struct SetupCode(Zeroizing<String>);

impl SetupCode {
    /// The code that these bytes of the system's generator make.
    pub fn from_random(random: &[u8; 16]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(19));
        for (at, byte) in random.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        Self(text)
    }

    /// As it is printed: `7F3K-…`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form that is stored, of a code as somebody typed it: in any case, with or without its hyphens, `O` for `0`, `I` and `L` for `1`.
    pub fn hashed(typed: &str) -> HashedSecret {
        let plain: Zeroizing<String> = Zeroizing::new(
            typed
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| match c.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    other => other,
                })
                .collect(),
        );
        HashedSecret(Sha256::digest(plain.as_bytes()).into())
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[setup code]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_made_and_prints_nothing() {
        let secret = Secret::from_random(&[0xab; LENGTH]);
        let read = Secret::parse(secret.expose()).unwrap();
        assert_eq!(read.hashed(), secret.hashed());
        assert_eq!(format!("{secret:?} {:?}", secret.hashed()), "[secret] [hashed secret]");
        for wrong in ["", "ab", &secret.expose()[1..], &secret.expose().to_uppercase(), &format!("{}0", secret.expose())] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_code_may_be_typed_as_people_type() {
        let code = SetupCode::from_random(&[0, 1, 17, 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(code.expose(), "01HZ-0123-4567-89AB");
        for typed in ["01HZ-0123-4567-89AB", "01hz0123456789ab", " O1HZ OI23 4567 89AB "] {
            assert_eq!(SetupCode::hashed(typed), SetupCode::hashed(code.expose()), "{typed}");
        }
        assert_ne!(SetupCode::hashed("01HZ-0123-4567-89AC"), SetupCode::hashed(code.expose()));
    }
}
