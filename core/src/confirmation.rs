//! What is said of confirmations in schemas and documents, and held to by the runtime.

/// The argument that a client who cannot ask a person says with that one was asked. Every tool that is
/// confirmed takes it, and no handler sees it.
pub const ARGUMENT: &str = "confirmation";

/// How long a confirmation holds, in seconds.
pub const LIFETIME_SECONDS: u64 = 600;

/// Most characters of a confirmation.
pub const LONGEST: usize = 200;
