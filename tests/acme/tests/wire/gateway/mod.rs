//! Stdio that forwards to a server: what it sends and where it sends nothing, and what it makes of what
//! comes back.

mod answers;
mod listening;
mod requests;
mod script;
mod start;
mod tls;

use toolwright_tests::StdioPipe;

use crate::ACME;

/// A credential that no server knows, but that could be one.
const TOKEN: &str = "acme_0123456789abcdefghijABCDEFGHIJ0123456789";

/// A process that forwards to an address.
fn forwarding_to(address: &str) -> StdioPipe {
    StdioPipe::alone(ACME, &[("ACME_KEY", TOKEN), ("NOTES_GATEWAY", address)])
}
