//! Ids of what the API makes, and what tells texts apart.

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How many random characters an id has.
const LENGTH: usize = 12;

/// A new id of a kind, as `proj_k3x09…`.
pub(crate) fn new(kind: &str) -> String {
    let mut rng = rand::rng();
    let random = (0..LENGTH).map(|_| char::from(ALPHABET[rng.random_range(..ALPHABET.len())]));
    format!("{kind}_{}", random.collect::<String>())
}

/// A digest of a text, of 32 hexadecimal digits: the same just when the text is the same.
pub(crate) fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text);
    let (half, _) = digest.split_at(16);
    half.iter().fold(String::with_capacity(32), |mut digits, byte| {
        digits.extend([byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
        digits
    })
}
