//! The server with an audit log.

use std::process::ExitCode;

use forwarder_tools::SERVER as DECLARED;
use toolwright::{ServerSpec, contract::AuditSpec};

static SERVER: ServerSpec =
    ServerSpec { audit: Some(AuditSpec { keep_seconds: 86_400, arguments: false }), ..DECLARED };

fn main() -> ExitCode {
    forwarder::run(&SERVER)
}
