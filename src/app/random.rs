//! Randomness from the operating system's generator, as bytes and as base62 characters.
//! What is made of it (tokens, ids) lives on the floors below.

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroize;

/// The operating system's generator; nothing is kept in the process, so nothing can be read out of its memory or doubled by a fork.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random(());

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The largest multiple of 62 that fits a byte: what lies at or above it would make the first characters likelier.
const FAIR: u8 = 248;

impl Random {
    /// The operating system's generator.
    pub const fn system() -> Self {
        Self(())
    }

    /// Fills `bytes`. Costs a system call, so about a microsecond.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: no secret may then be made at all.
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made, and no caller could do better than stop")]
    pub fn fill(self, bytes: &mut [u8]) {
        SysRng.try_fill_bytes(bytes).expect("the operating system gives random bytes");
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// As [`Random::fill`].
    pub fn bytes<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `N` characters of `0-9A-Za-z` in ASCII, each as likely as any other (5.95 bits each).
    ///
    /// # Panics
    /// As [`Random::fill`].
    pub fn base62<const N: usize>(self) -> [u8; N] {
        let mut text = [0; N];
        let mut pool = [0; 64];
        let mut filled = 0;
        while filled < N {
            self.fill(&mut pool);
            for byte in pool.iter().filter(|byte| **byte < FAIR).take(N - filled) {
                text[filled] = BASE62[usize::from(byte % 62)];
                filled += 1;
            }
        }
        pool.zeroize();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base62_character_is_as_likely_as_any_other() {
        let mut counts = [0_u32; 256];
        for _ in 0..620 {
            for byte in Random::system().base62::<100>() {
                counts[usize::from(byte)] += 1;
            }
        }
        for (byte, count) in (0_u8..=255).zip(counts) {
            if BASE62.contains(&byte) {
                // 1000 expected; 200 is more than six standard deviations away.
                assert!((800..1200).contains(&count), "{} came {count} times", char::from(byte));
            } else {
                assert_eq!(count, 0);
            }
        }
    }

    #[test]
    fn no_two_fillings_are_alike() {
        assert_ne!(Random::system().bytes::<32>(), Random::system().bytes::<32>());
        assert_ne!(Random::system().base62::<32>(), Random::system().base62::<32>());
    }
}
