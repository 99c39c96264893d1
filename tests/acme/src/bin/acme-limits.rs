//! The server with few calls for each key, and without resources and news.

use std::{num::NonZeroU32, process::ExitCode};

use acme_tools::SERVER as DECLARED;
use toolwright::{ServerSpec, contract::LimitsSpec};

static SERVER: ServerSpec = ServerSpec {
    limits: LimitsSpec {
        calls_per_minute: NonZeroU32::new(12),
        calls_in_flight: NonZeroU32::new(2),
        ..DECLARED.limits
    },
    notifies: &[],
    resources: &[],
    resource_list: "[]",
    resource_template_list: "[]",
    ..DECLARED
};

fn main() -> ExitCode {
    acme::run(&SERVER)
}
