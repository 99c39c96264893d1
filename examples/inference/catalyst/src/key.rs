//! The text of a key: random, and stored as a digest only.

use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

const PREFIX: &str = "sk-inference-";

/// How many random characters follow the prefix.
const LENGTH: usize = 40;

/// A new key.
pub(crate) fn generate() -> SecretString {
    format!("{PREFIX}{}", Alphanumeric.sample_string(&mut rand::rng(), LENGTH)).into()
}

/// What is stored of a key, unless the text cannot be one. A key is random and long, so that a plain digest cannot be
/// guessed back.
pub(crate) fn digest(text: &str) -> Option<Vec<u8>> {
    let random = text.strip_prefix(PREFIX)?;
    let is_key = random.len() == LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_key.then(|| Sha256::digest(text.as_bytes()).to_vec())
}
