//! The harness that the tests of every toolwright package share.
//!
//! A test starts the real binary of its package and talks to it as a client would:
//!
//! ```no_run
//! # async fn test() -> anyhow::Result<()> {
//! use toolwright_tests::{Launch, Revision};
//!
//! // In a test of the package `acme`: Launch::new(env!("CARGO_BIN_EXE_acme"))
//! let server = Launch::new("target/debug/acme").start().await?;
//! let client = server.client(&server.first_token(), Revision::V2025_11_25).await?;
//! let answer = client.call("list_notes", serde_json::json!({})).await?;
//! assert_eq!(answer.structured()["notes"], serde_json::json!([]));
//! # Ok(())
//! # }
//! ```
//!
//! - [`Launch`] and [`Server`]: the process, in a folder of its own, with its log and its tokens.
//! - [`Client`]: one caller over HTTP, in each [`Revision`] of the protocol.
//! - [`Stdio`]: the same over standard input and output.
//! - [`raw`]: bytes on a connection, for what no HTTP library would send.
//! - [`skipped`]: for a test that cannot run on this machine.

mod client;
pub mod raw;
mod server;
mod stdio;

pub use client::{Answer, Client, Revision};
pub use server::{Launch, Ran, Server};
pub use stdio::Stdio;

/// Says why a test does not run here. Where `CI` is `true`, nothing may be missing: it panics.
///
/// # Panics
/// In CI.
pub fn skipped(reason: &str) {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(!in_ci, "a test was skipped in CI: {reason}");
    eprintln!("skipped: {reason}");
}
