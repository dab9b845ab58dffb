//! Passwords: Argon2id with OWASP's figures (19 MiB, two passes, one lane; M62, ECOSYSTEM C2), a few at a time, never on the
//! threads that serve pages.

use crate::error::WebError;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The fewest characters of a password (NIST SP 800-63B-4 asks for 8 beside other protections; schools type on tablets).
pub const SHORTEST: usize = 10;
/// The most, so that nobody makes the server hash a novel.
pub const LONGEST: usize = 200;
/// Passwords checked at once: 19 MiB each, and two processors kept busy.
const AT_ONCE: usize = 2;
/// Checked in place of an account that is not there, so that the answer takes as long. No password has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YmVsaXNoYS1ub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords, a few at a time.
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    /// Hashes a password with a salt that is given. The result is a PHC string.
    ///
    /// # Errors
    /// `Fault` when hashing fails.
    pub async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, WebError> {
        let password = password.to_owned();
        self.in_turn(move || hash(&password, &salt)).await?
    }

    /// Whether a password belongs to a hash. Without one it takes as long, and says no.
    ///
    /// # Errors
    /// `Fault` when the check cannot be made.
    pub async fn check(&self, password: &str, hash: Option<&str>) -> Result<bool, WebError> {
        let known = hash.is_some();
        let (password, hash) = (password.to_owned(), hash.unwrap_or(NOBODY).to_owned());
        let matches = self
            .in_turn(move || {
                PasswordHash::new(&hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, WebError> {
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(WebError::fault)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| WebError::fault("a password could not be checked"))
    }
}

/// Hashes a password at once, on this thread: for commands and demonstration data.
///
/// # Errors
/// `Fault` when hashing fails.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, WebError> {
    let hash = argon2().hash_password_with_salt(password.as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|_| WebError::fault("a password could not be hashed"))
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = Hasher::default();
        let hash = hasher.hash("zebra crossing", [7; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.check("zebra crossing", Some(&hash)).await.unwrap());
        assert!(!hasher.check("Zebra crossing", Some(&hash)).await.unwrap());
        assert!(!hasher.check("zebra crossing", None).await.unwrap());
        assert!(PasswordHash::new(NOBODY).is_ok(), "the stand-in must really be hashed against");
    }
}
