//! The environment variables that a manifest names.

use toolwright_core::environment::is_read;

use super::Faults;
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::Name,
};

/// Each is a name, and means one thing.
pub(crate) fn check(declared: &Declared, faults: &mut Faults) {
    let server = declared.manifest.server.as_ref().and_then(|section| section.good());
    let credential = declared.manifest.credential.as_ref().and_then(|section| section.good());
    let upstream = credential.and_then(|credential| credential.upstream.as_ref()).map(|upstream| &upstream.env);
    let oauth = credential.and_then(|credential| credential.oauth.as_ref());
    let issuer = oauth.map(|oauth| &oauth.env);
    let introspection = oauth.and_then(|oauth| oauth.introspection.as_ref());
    let client_id = introspection.map(|introspection| &introspection.client_id_env);
    let client_secret = introspection.map(|introspection| &introspection.client_secret_env);
    let credential = credential.map(|credential| &credential.env);
    let gateway = server.and_then(|server| server.stdio.gateway.as_ref()).map(|gateway| &gateway.env);
    let name = server.map(|server| server.name.as_str());
    if let Some(env) = credential {
        check_variable(env, name, Code::InvalidCredential, "ACME_TOKEN", faults);
    }
    if let Some(env) = gateway {
        check_variable(env, name, Code::InvalidServer, "ACME_GATEWAY_URL", faults);
    }
    if let Some(env) = upstream {
        check_variable(env, name, Code::InvalidUpstream, "ACME_BASE_URL", faults);
    }
    for (env, example) in
        [(issuer, "ACME_ISSUER"), (client_id, "ACME_CLIENT_ID"), (client_secret, "ACME_CLIENT_SECRET")]
    {
        if let Some(env) = env {
            check_variable(env, name, Code::InvalidIssuer, example, faults);
        }
    }
    let variables = [
        (credential, "the credential"),
        (gateway, "the address of a gateway"),
        (upstream, "the origin of an upstream"),
        (issuer, "an issuer"),
        (client_id, "the server's name at an issuer"),
        (client_secret, "the server's secret at an issuer"),
    ];
    let variables: Vec<_> = variables.into_iter().filter_map(|(env, of)| Some((env?, of))).collect();
    for (place, (env, of)) in variables.iter().enumerate() {
        if let Some((first, before)) = variables[..place].iter().find(|(first, _)| first.value == env.value) {
            let title = format!("{} would be both {before} and {of}", quoted(env));
            faults.push(
                Diagnostic::new(Code::NameCollision, env.at, title)
                    .and(first.at, format!("the variable of {before}"))
                    .help("use two variables"),
            );
        }
    }
}

fn check_variable(env: &Name, server: Option<&str>, malformed: Code, example: &str, faults: &mut Faults) {
    let upper = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
    if !env.starts_with(|first: char| first.is_ascii_uppercase()) || !env.chars().all(upper) {
        let title = format!("{} is not a name for an environment variable", quoted(env));
        let help = format!("use capital letters, digits and underscores, as `{example}`");
        faults.push(Diagnostic::new(malformed, env.at, title).help(help));
    } else if server.is_some_and(|server| is_read(server, env)) {
        let title = format!("{} is a variable that every server's program reads for itself", quoted(env));
        faults.push(Diagnostic::new(Code::ReservedName, env.at, title).help(format!("use another, as `{example}`")));
    }
}
