//! The server as its manifest declares it.

use std::process::ExitCode;

fn main() -> ExitCode {
    resource::vault::run(&vault_tools::SERVER)
}
