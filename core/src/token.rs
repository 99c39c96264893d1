//! What bounds the tokens that a server makes, wherever somebody asks for one.

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 64;

/// The longest life, in seconds: a century is far beyond any use, and far within what a database and dates can hold.
pub const LONGEST_LIFETIME: u64 = 100 * 365 * 24 * 60 * 60;
