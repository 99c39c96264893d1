//! The server with tokens for passwords.

use std::process::ExitCode;

use acme_tools::SERVER as DECLARED;
use toolwright::{
    ServerSpec,
    contract::{CredentialSpec, FormSpec, PasswordGrantSpec, ScopeId, ScopeSet, TokensSpec, VerifySpec},
};

/// `notes:write`, and with it `notes:read`.
const SCOPES: ScopeSet = ScopeSet::of(&[ScopeId(1), ScopeId(3)]);

static SERVER: ServerSpec = ServerSpec {
    credential: CredentialSpec {
        verify: VerifySpec::Tokens(TokensSpec {
            form: FormSpec { prefix: "acme_", length: 40 },
            lifetime_seconds: 90 * 86_400,
            password_grant: Some(PasswordGrantSpec { path: "/oauth/token", lifetime_seconds: 7_200, scopes: SCOPES }),
        }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    acme::run(&SERVER)
}
