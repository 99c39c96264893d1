//! The server whose calls are about projects: the API says which of them a key reaches, and with what.

use std::process::ExitCode;

use forwarder_tools::SERVER as DECLARED;
use toolwright::{
    ServerSpec,
    contract::{AnswerGrantsSpec, AnswerSpec, BindingSource, BindingSpec, CredentialSpec, UpstreamSpec, VerifySpec},
};

const DECLARED_UPSTREAM: UpstreamSpec = match DECLARED.credential.verify {
    VerifySpec::Upstream(upstream) => upstream,
    _ => panic!("the manifest declares an upstream"),
};

const ANSWER: AnswerSpec = AnswerSpec {
    grants: AnswerGrantsSpec::Bound {
        each: &["reach", "projects"],
        id: &["project", "id"],
        name: Some(&["project", "name"]),
        scopes: &["permissions"],
        default: Some(&["default_project"]),
    },
    ..DECLARED_UPSTREAM.answer
};

static SERVER: ServerSpec = ServerSpec {
    binding: Some(BindingSpec {
        name: "project",
        description: "The project's id or name.",
        from: BindingSource::Argument,
    }),
    credential: CredentialSpec {
        verify: VerifySpec::Upstream(UpstreamSpec { answer: ANSWER, ..DECLARED_UPSTREAM }),
        ..DECLARED.credential
    },
    ..DECLARED
};

fn main() -> ExitCode {
    forwarder::run(&SERVER)
}
