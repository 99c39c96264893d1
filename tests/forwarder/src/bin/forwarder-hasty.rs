//! The server that believes an answer for a second, and waits no longer for one.

use std::process::ExitCode;

use forwarder_tools::SERVER as DECLARED;
use toolwright::{
    ServerSpec,
    contract::{CredentialSpec, LimitsSpec, UpstreamSpec, VerifySpec},
};

const DECLARED_UPSTREAM: UpstreamSpec = match DECLARED.credential.verify {
    VerifySpec::Upstream(upstream) => upstream,
    _ => panic!("the manifest declares an upstream"),
};

static SERVER: ServerSpec = ServerSpec {
    limits: LimitsSpec { call_seconds: 1, ..DECLARED.limits },
    credential: CredentialSpec {
        verify: VerifySpec::Upstream(UpstreamSpec { cache_seconds: 1, ..DECLARED_UPSTREAM }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    forwarder::run(&SERVER)
}
