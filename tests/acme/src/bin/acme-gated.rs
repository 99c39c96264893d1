//! The server with `listing: gated`.

use std::process::ExitCode;

use toolwright::{Listing, ServerSpec};

static SERVER: ServerSpec = ServerSpec { listing: Listing::Gated, ..acme_tools::SERVER };

fn main() -> ExitCode {
    acme::run(&SERVER)
}
