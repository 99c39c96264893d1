//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tenants::run(&tenants_tools::SERVER)
}
