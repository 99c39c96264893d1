//! The server that believes for a second what its issuer says of a token.

use std::process::ExitCode;

use toolwright::{
    ServerSpec,
    contract::{CredentialSpec, IntrospectionSpec, VerifySpec},
};
use vault_tools::SERVER as DECLARED;

const DECLARED_INTROSPECTION: IntrospectionSpec = match DECLARED.credential.verify {
    VerifySpec::Introspection(introspection) => introspection,
    _ => panic!("the manifest declares introspection"),
};

static SERVER: ServerSpec = ServerSpec {
    credential: CredentialSpec {
        verify: VerifySpec::Introspection(IntrospectionSpec { cache_seconds: 1, ..DECLARED_INTROSPECTION }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    resource::vault::run(&SERVER)
}
