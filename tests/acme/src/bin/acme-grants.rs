//! The server with tokens for passwords.

use std::process::ExitCode;

use acme_tools::SERVER as DECLARED;
use toolwright::{
    ServerSpec,
    contract::{CredentialSpec, PasswordGrantSpec, ScopeId, ScopeSet},
};

/// `notes:write`, and with it `notes:read`.
const SCOPES: ScopeSet = ScopeSet::of(&[ScopeId(1), ScopeId(3)]);

static SERVER: ServerSpec = ServerSpec {
    credential: CredentialSpec {
        password_grant: Some(PasswordGrantSpec { path: "/oauth/token", lifetime_seconds: 7_200, scopes: SCOPES }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    acme::run(&SERVER)
}
