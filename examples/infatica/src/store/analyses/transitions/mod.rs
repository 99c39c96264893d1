//! The state machine of analyses and comparisons, and the only code that writes them.
//!
//! ```text
//! queued ──→ running      the analyst starts an attempt
//! running ─→ completed    its result is stored, in the same transaction
//! running ─→ failed       a fault that stays, or one too many
//! running ─→ queued       a fault that may pass, or the server stopped
//! failed ──→ queued       retry_comparison
//! ```
//!
//! Every attempt leaves a row in the log. Transitions out of `running` name the attempt that they
//! end, so that the late answer of an attempt that was put back changes nothing.

mod analyst;
mod caller;

pub(crate) use analyst::{Asked, Claim, Found, Outcome, Task};
pub(crate) use caller::Wish;
