use argon2::password_hash::PasswordVerifier as _;
use argon2::{Argon2, PasswordHash};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

/// Checks that run at once; each takes some 19 MiB.
const AT_ONCE: usize = 2;
/// Bytes of a password that are looked at.
const LONGEST: usize = 1024;

/// Compares passwords with the configured hash.
pub(super) struct Passwords {
    hash: SecretString,
    permits: Semaphore,
}

impl Passwords {
    pub(super) fn new(hash: SecretString) -> Self {
        Self { hash, permits: Semaphore::new(AT_ONCE) }
    }

    /// There is no password: nobody can log in.
    pub(super) fn switched_off(&self) -> bool {
        self.hash.expose_secret().trim().is_empty()
    }

    /// Takes the same time for every password that is wrong, away from the threads that serve.
    pub(super) async fn is_right(&self, password: SecretString) -> bool {
        let Ok(_permit) = self.permits.acquire().await else { return false };
        let hash = self.hash.clone();
        let checked = tokio::task::spawn_blocking(move || {
            let Ok(hash) = PasswordHash::new(hash.expose_secret().trim()) else { return false };
            let bytes = password.expose_secret().as_bytes();
            let right = Argon2::default().verify_password(bytes.get(..LONGEST).unwrap_or(bytes), &hash).is_ok();
            right && bytes.len() <= LONGEST
        });
        checked.await.unwrap_or(false)
    }
}
