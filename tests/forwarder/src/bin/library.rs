//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    forwarder::library::run(&library_tools::SERVER)
}
