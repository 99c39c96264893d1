//! The server with `listing: all`.

use std::process::ExitCode;

use toolwright::{Listing, ServerSpec};

static SERVER: ServerSpec = ServerSpec { listing: Listing::All, ..acme_tools::SERVER };

fn main() -> ExitCode {
    acme::run(&SERVER)
}
