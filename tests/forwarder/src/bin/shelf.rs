//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    forwarder::shelf::run(&shelf_tools::SERVER)
}
