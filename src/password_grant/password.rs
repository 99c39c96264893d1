//! Passwords: what they must be, and how they are kept.

use std::{sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};
use unicode_normalization::UnicodeNormalization as _;

/// The longest password, in bytes.
pub(crate) const LONGEST: usize = 1024;

/// The fewest characters of a password that is all that a user signs in with (NIST SP 800-63B-4,
/// section 3.1.1.2).
pub(crate) const FEWEST: usize = 15;

/// Memory in KiB, passes and lanes: the least that OWASP recommends for Argon2id.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What a password is held against when there is nothing to hold it against, so that the time of the
/// answer is the same. Nothing has this hash.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How many requests wait for a check. A check takes tens of milliseconds.
const WAITING: usize = 64;

/// Checks passwords, a few at a time: each takes a processor and 19 MiB.
#[derive(Debug)]
pub(super) struct Checks {
    places: Semaphore,
    slots: Arc<Semaphore>,
}

/// The right to check one password.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Checks {
    pub(super) fn new() -> Self {
        // Half of the processors stay with those who have a token.
        let slots = thread::available_parallelism().map_or(1, |processors| processors.get() / 2).max(1);
        Self { places: Semaphore::new(WAITING), slots: Arc::new(Semaphore::new(slots)) }
    }

    /// Waits until a password can be checked; nothing when too many wait already.
    pub(super) async fn slot(&self) -> Option<Slot> {
        let _place = self.places.try_acquire().ok()?;
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        Some(Slot { _permit: permit })
    }
}

impl Slot {
    /// Whether this is the password; takes as long when there is none. The slot comes back, so that
    /// nobody else has it before the outcome is counted; the thread has it, should the caller go away.
    ///
    /// # Errors
    /// When the stored hash is none.
    pub(super) async fn check(
        self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<(bool, Self), password_hash::Error> {
        let checked = task::spawn_blocking(move || {
            let right = verify(&password, hash.as_deref().unwrap_or(NOBODY))?;
            Ok((right && hash.is_some(), self))
        });
        // A check does not panic, and is not cancelled.
        checked.await.unwrap_or(Err(password_hash::Error::Crypto))
    }
}

/// What is stored of a password, as a PHC string.
///
/// # Errors
/// When the operating system has no randomness.
pub(crate) fn hash(password: &SecretString) -> Result<String, password_hash::Error> {
    Ok(argon2()?.hash_password(normal(password).expose_secret().as_bytes())?.to_string())
}

fn verify(password: &SecretString, hash: &str) -> Result<bool, password_hash::Error> {
    let hash = PasswordHash::new(hash).map_err(|_| password_hash::Error::EncodingInvalid)?;
    match argon2()?.verify_password(normal(password).expose_secret().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

fn argon2() -> Result<Argon2<'static>, password_hash::Error> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| password_hash::Error::ParamsInvalid)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The same characters as the same bytes, on whatever keyboard they were typed.
fn normal(password: &SecretString) -> SecretString {
    password.expose_secret().nfc().collect::<String>().into()
}

/// # Errors
/// Why a user cannot have this password, as the rest of a sentence about it.
pub(crate) fn check(password: &SecretString, email: &str) -> Result<(), String> {
    let password = password.expose_secret();
    let mut characters = password.chars();
    let first = characters.next();
    if password.chars().count() < FEWEST {
        return Err(format!("has at least {FEWEST} characters; a few words with spaces between them will do"));
    }
    if password.len() > LONGEST {
        return Err(format!("has at most {LONGEST} bytes"));
    }
    if password.eq_ignore_ascii_case(email) || characters.all(|character| Some(character) == first) {
        return Err("is neither the email address nor one character again and again".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{NOBODY, check, hash, verify};

    #[test]
    fn a_password_is_kept_as_argon2id_with_the_parameters_of_owasp() {
        let kept = hash(&"correct horse battery".into()).expect("a hash");
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(parameters(&kept).as_deref(), Some("$argon2id$v=19$m=19456,t=2,p=1"));
        assert_eq!(parameters(NOBODY), parameters(&kept));
        assert_ne!(kept, hash(&"correct horse battery".into()).expect("a hash"), "the salt is new");
        for (password, stored, expected) in [
            ("correct horse battery", kept.as_str(), true),
            ("correct horse battery ", &kept, false),
            ("", &kept, false),
            ("correct horse battery", NOBODY, false),
        ] {
            assert_eq!(verify(&password.into(), stored), Ok(expected), "{password:?}");
        }
        assert!(verify(&"x".into(), "no hash").is_err());
    }

    #[test]
    fn the_same_characters_are_the_same_password() {
        let kept = hash(&"un café à la crème".into()).expect("a hash");
        assert_eq!(verify(&"un cafe\u{301} a\u{300} la cre\u{300}me".into(), &kept), Ok(true));
    }

    #[test]
    fn a_password_is_long_enough_to_stand_alone() {
        let longest = "ab".repeat(512);
        for (password, expected) in [
            ("correct horse battery", true),
            ("fifteen letters", true),
            ("fourteen chars", false),
            ("ééééééééééééééé", false),
            ("日本語日本語日本語日本語日本語", true),
            ("aaaaaaaaaaaaaaaaaaaa", false),
            ("Somebody@Example.com", false),
            (&longest, true),
            (&format!("{longest}c"), false),
        ] {
            assert_eq!(check(&password.into(), "somebody@example.com").is_ok(), expected, "{password}");
        }
    }
}
