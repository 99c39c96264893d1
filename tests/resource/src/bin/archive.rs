//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    resource::run(&archive_tools::SERVER)
}
