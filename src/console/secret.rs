//! What a browser keeps, and what a one-time link has in it: random, and stored as a digest only.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use rand::{
    TryRng as _,
    rngs::{SysError, SysRng},
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// How many random bytes it has.
const LENGTH: usize = 32;

/// A random text in clear.
#[derive(Clone)]
pub(super) struct Secret(SecretString);

impl Secret {
    /// A new one, from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system has none.
    pub(super) fn generate() -> Result<Self, SysError> {
        let mut bytes = [0; LENGTH];
        SysRng.try_fill_bytes(&mut bytes)?;
        Ok(Self(SecretString::from(BASE64.encode(bytes))))
    }

    /// The one that a request presents, if it could be one at all.
    pub(super) fn presented(text: &str) -> Option<Self> {
        let is_one = BASE64.decode(text).is_ok_and(|bytes| bytes.len() == LENGTH);
        is_one.then(|| Self(SecretString::from(text)))
    }

    /// The clear text, for the one who is to have it.
    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it. It is random and long, so that a plain digest cannot be guessed back.
    pub(super) fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.expose()).to_vec()
    }

    /// Another text that follows from it, for one purpose, and from which it does not follow.
    pub(super) fn derived(&self, purpose: &str) -> String {
        BASE64.encode(Sha256::new().chain_update(purpose).chain_update([0]).chain_update(self.expose()).finalize())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
