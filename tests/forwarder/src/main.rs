//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    forwarder::run(&forwarder_tools::SERVER)
}
