//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    acme::run(&acme_tools::SERVER)
}
