//! Passwords hashed by Argon2id, outside of any transaction, two at a time.
//! What a password may be is in `model::users`, where hashes rest in `store::users`.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::random::Random;
use crate::model::users::Password;

/// 19 MiB, 2 passes, one lane (OWASP Password Storage Cheat Sheet, Argon2id).
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;

/// How many are hashed at once: each takes [`MEMORY_KIB`] and a core.
const AT_ONCE: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// A place among those who hash; given back when dropped.
struct Place;

impl Place {
    fn take() -> Self {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        while *running >= AT_ONCE {
            running = ENDED.wait(running).unwrap_or_else(PoisonError::into_inner);
        }
        *running += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}

/// Hashing failed, which only wrong parameters can cause.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct NotHashed(String);

/// The hash as it is stored (PHC string format), with a salt of 16 random bytes. Takes about 20 ms; blocks while two others are at it.
pub fn hash(password: &Password, random: Random) -> Result<String, NotHashed> {
    let _place = Place::take();
    let failed = |error: &dyn std::fmt::Display| NotHashed(error.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| failed(&error))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2.hash_password_with_salt(password.expose(), &random.bytes::<16>()).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed. Without a hash the same time is spent and the answer is no, so that nobody can tell by a clock
/// whether there is such a user.
pub fn fits(password: &Password, hash: Option<&str>) -> bool {
    let _place = Place::take();
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let Some(expected) = parsed.as_ref().or_else(|| NOBODYS.as_ref()) else { return false };
    Argon2::default().verify_password(password.expose(), expected).is_ok() && parsed.is_some()
}

/// As [`fits`], on a thread that may take its time.
pub async fn fit(password: Password, hash: Option<String>) -> bool {
    tokio::task::spawn_blocking(move || fits(&password, hash.as_deref())).await.unwrap_or(false)
}

/// As [`hash`], on a thread that may take its time.
pub async fn hashed(password: Password, random: Random) -> Result<String, NotHashed> {
    tokio::task::spawn_blocking(move || hash(&password, random)).await.unwrap_or_else(|error| Err(NotHashed(error.to_string())))
}

/// A hash with the parameters of [`hash`] that nobody has.
static NOBODYS: LazyLock<Option<PasswordHash>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).ok()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_with_salt(b"nobody's", &[0; 16]).ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_never_repeats() {
        let password = Password::parse("correct horse battery staple".to_owned()).unwrap();
        let (first, second) = (hash(&password, Random::system()).unwrap(), hash(&password, Random::system()).unwrap());
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        let parsed = PasswordHash::new(&first).unwrap();
        assert!(Argon2::default().verify_password(password.expose(), &parsed).is_ok());
        assert!(fits(&password, Some(&first)) && fits(&password, Some(&second)));
        let other = Password::parse("correct horse".to_owned()).unwrap();
        assert!(!fits(&other, Some(&first)) && !fits(&password, None) && !fits(&password, Some("no hash")));
    }
}
