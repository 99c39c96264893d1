//! The same server, where a team that is not the caller's looks like one that does not exist.

use std::process::ExitCode;

use tenants_tools::SERVER;
use toolwright::{
    ServerSpec,
    contract::{AccountSpec, BindingSource, BindingSpec},
};

static HIDDEN: ServerSpec = ServerSpec {
    binding: match SERVER.binding {
        Some(binding) => Some(BindingSpec { from: hidden(binding.from), ..binding }),
        None => None,
    },
    ..SERVER
};

const fn hidden(from: BindingSource) -> BindingSource {
    match from {
        BindingSource::Path(account) => BindingSource::Path(AccountSpec { hides_foreign: true, ..account }),
        other => other,
    }
}

fn main() -> ExitCode {
    tenants::run(&HIDDEN)
}
