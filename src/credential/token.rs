//! The text of a token: random, and stored as a digest only.

use std::fmt;

use rand::{
    TryRng as _,
    rngs::{SysError, SysRng},
};
use sha2::{Digest as _, Sha256};

use crate::spec::FormSpec;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token in clear text, which nothing prints by accident.
pub(crate) struct Secret(String);

impl Secret {
    /// A new token of the declared form, from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system has none.
    pub(crate) fn generate(form: FormSpec) -> Result<Self, SysError> {
        Ok(Self(format!("{}{}", form.prefix, random_text(form.length)?)))
    }

    /// The clear text, for the one time that it is shown.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A token's SHA-256.
pub(crate) type Digest = [u8; 32];

/// What is stored of a token. It is random and long, so that a plain digest cannot be guessed
/// back; and a look-up by digest tells nothing by the time that it takes.
pub(crate) fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether the text could be one of the server's tokens at all.
pub(crate) fn well_formed(text: &str, form: FormSpec) -> bool {
    text.strip_prefix(form.prefix).is_some_and(|random| is_random_text(random, form.length))
}

/// Whether [`random_text`] could have drawn it.
pub(crate) fn is_random_text(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Random characters of the alphabet, each equally likely.
pub(crate) fn random_text(length: usize) -> Result<String, SysError> {
    // Bytes from 248 on would make the first characters likelier than the others.
    const FAIR: u8 = 248;
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        SysRng.try_fill_bytes(&mut bytes)?;
        let fair = bytes.iter().filter(|byte| **byte < FAIR);
        text.extend(fair.map(|byte| char::from(ALPHABET[usize::from(byte % 62)])).take(length - text.len()));
    }
    Ok(text)
}
