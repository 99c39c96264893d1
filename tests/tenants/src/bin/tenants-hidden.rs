//! The same server, where a team that is not the caller's looks like one that does not exist.

use std::process::ExitCode;

use tenants_tools::SERVER;
use toolwright::{ServerSpec, contract::BindingSpec};

static HIDDEN: ServerSpec = ServerSpec {
    binding: match SERVER.binding {
        Some(binding) => Some(BindingSpec { hides_foreign: true, ..binding }),
        None => None,
    },
    ..SERVER
};

fn main() -> ExitCode {
    tenants::run(&HIDDEN)
}
