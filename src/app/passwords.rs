//! Passwords hashed by Argon2id in memory that is used again and again, outside of any transaction.
//! Who waits for whom is in `queue`; what a password may be is in `model::users`, where hashes rest in `store::users`.

mod queue;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::random::Random;
use crate::model::users::Password;
pub use queue::{Passwords, Refused, THREADS, WAITING, WAITING_KNOWN, Whose};

/// 19 MiB, 2 passes, one lane (OWASP Password Storage Cheat Sheet, Argon2id).
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;

/// Hashing failed, which only wrong parameters can cause.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct NotHashed(String);

impl NotHashed {
    fn because(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The hash as it is stored (PHC string format), with a salt of 16 random bytes, worked out by whoever calls. For commands, which hash one and end;
/// a server's are hashed by [`Passwords`].
pub fn hash(password: &Password, random: Random) -> Result<String, NotHashed> {
    Memory::new().hash(password, &random.bytes::<16>())
}

/// The memory of one hash at a time: [`MEMORY_KIB`], taken once and kept, since the allocator gives back what it pleases.
struct Memory(Vec<Block>);

impl Memory {
    fn new() -> Self {
        Self(vec![Block::new(); MEMORY_KIB as usize])
    }

    /// Nothing of the last password stays behind: its first blocks would tell a guess from the password without the work that the hash demands.
    fn wipe(&mut self) {
        // The vector's own would empty it.
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }

    /// Takes some 20 ms.
    fn hash(&mut self, password: &Password, salt: &[u8; 16]) -> Result<String, NotHashed> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(NotHashed::because)?;
        let mut digest = [0; Params::DEFAULT_OUTPUT_LEN];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        argon2.hash_password_into_with_memory(password.expose(), salt, &mut digest, &mut self.0).map_err(NotHashed::because)?;
        let hash = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(NotHashed::because)?,
            salt: Some(Salt::new(salt).map_err(NotHashed::because)?),
            hash: Some(Output::new(&digest).map_err(NotHashed::because)?),
        };
        Ok(hash.to_string())
    }

    /// Whether the password is the one that was hashed. Without a hash the same time is spent and the answer is no, so that nobody can tell by a
    /// clock whether there is such a user.
    fn fits(&mut self, password: &Password, hash: Option<&str>) -> bool {
        let Some(expected) = hash.and_then(|hash| PasswordHash::new(hash).ok()) else {
            let _ = self.hash(password, &[0; 16]);
            return false;
        };
        self.matches(password, &expected).unwrap_or(false)
    }

    /// `None` for a hash that is none of ours: of another kind, or made with more memory than there is.
    fn matches(&mut self, password: &Password, expected: &PasswordHash) -> Option<bool> {
        let algorithm = Algorithm::new(expected.algorithm).ok()?;
        let version = Version::try_from(expected.version?).ok()?;
        let params = Params::try_from(expected).ok()?;
        let (salt, digest) = (expected.salt?, expected.hash?);
        let mut found = [0; Output::MAX_LENGTH];
        let found = found.get_mut(..digest.as_bytes().len())?;
        Argon2::new(algorithm, version, params).hash_password_into_with_memory(password.expose(), &salt, found, &mut self.0).ok()?;
        Some(found.ct_eq(digest.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_never_repeats() {
        let password = Password::parse("correct horse battery staple".to_owned()).unwrap();
        let (first, second) = (hash(&password, Random::system()).unwrap(), hash(&password, Random::system()).unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        // The library's own judgement: what was stored before is read, and what is stored now is no invention of ours.
        let parsed = PasswordHash::new(&first).unwrap();
        assert!(Argon2::default().verify_password(password.expose(), &parsed).is_ok());
        let mut memory = Memory::new();
        assert!(memory.fits(&password, Some(&first)) && memory.fits(&password, Some(&second)));
        let other = Password::parse("correct horse".to_owned()).unwrap();
        assert!(!memory.fits(&other, Some(&first)) && !memory.fits(&password, None) && !memory.fits(&password, Some("no hash")));
        // What stands in the memory makes no difference, and nothing is left in it.
        memory.wipe();
        assert_eq!(memory.0.len(), MEMORY_KIB as usize);
        assert!(memory.0.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        assert!(memory.fits(&password, Some(&first)) && !memory.fits(&other, Some(&first)));
    }

    #[test]
    fn a_hash_that_asks_for_more_memory_than_there_is_fits_nobody() {
        let password = Password::parse("correct horse battery staple".to_owned()).unwrap();
        let greedy = hash(&password, Random::system()).unwrap().replace("m=19456", "m=4194304");
        assert!(!Memory::new().fits(&password, Some(&greedy)));
    }
}
