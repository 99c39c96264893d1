//! Ids of what the API makes.

use rand::RngExt as _;

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How many random characters an id has.
const LENGTH: usize = 12;

/// A new id of a kind, as `proj_k3x09…`.
pub(crate) fn new(kind: &str) -> String {
    let mut rng = rand::rng();
    let random = (0..LENGTH).map(|_| char::from(ALPHABET[rng.random_range(..ALPHABET.len())]));
    format!("{kind}_{}", random.collect::<String>())
}
