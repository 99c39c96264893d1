//! The server that the official conformance suite is run against.

mod answers;
mod asks;
mod changes;

use std::process::ExitCode;

use conformance_tools::*;
use toolwright::{Context, ReadStore};

/// There is nothing to keep.
#[derive(ReadStore)]
struct Checks;

fn main() -> ExitCode {
    toolwright::serve(&SERVER, async |_: Context<()>| Ok(handlers(Checks)))
}
