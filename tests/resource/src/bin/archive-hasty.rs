//! The server that uses the keys of its issuer for a second before it asks for them again.

use std::process::ExitCode;

use archive_tools::SERVER as DECLARED;
use toolwright::{
    ServerSpec,
    contract::{CredentialSpec, JwtSpec, VerifySpec},
};

const DECLARED_JWT: JwtSpec = match DECLARED.credential.verify {
    VerifySpec::Jwt(jwt) => jwt,
    _ => panic!("the manifest declares signed tokens"),
};

static SERVER: ServerSpec = ServerSpec {
    credential: CredentialSpec {
        verify: VerifySpec::Jwt(JwtSpec { cache_seconds: 1, ..DECLARED_JWT }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    resource::run(&SERVER)
}
