//! What becomes of runs, and the only code that writes them.
//!
//! ```text
//! pending ───────────→ running      the worker starts it
//! running ───────────→ completed    all is done
//! running ───────────→ failed       it could not be done, or the server stopped
//! pending, running ──→ cancelled    cancel_job
//! ```
//!
//! Nothing leads back: a retry is a new run. Each transition is one transaction. Those out of `running`
//! name the attempt that they end, so that what comes late of a cancelled run changes nothing.
//!
//! A run that a stopped server leaves running has failed, and is not done again by itself. Its rows and its
//! status are in two databases: when the server dies between the destination's commit and ours, nothing
//! tells whether the rows are there, and to append them twice is worse than to say so.

mod caller;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use caller::NewRun;
pub(in crate::store) use caller::insert;
pub(crate) use worker::{Claim, Ended};
