//! The first start: from nothing to a connected client.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;

use super::token::explain;
use crate::{
    ServerSpec,
    credential::{CreateError, NewToken, Tokens},
};

/// On an empty database, makes the first token and tells how to connect with it: to whoever sits
/// at this machine. Where others can listen, they are told how to make one themselves.
pub(super) async fn welcome(spec: &ServerSpec, tokens: &Tokens, address: SocketAddr, url: &str) -> anyhow::Result<()> {
    if !tokens.is_empty().await.context("the token database does not answer")? {
        return Ok(());
    }
    let name = spec.name;
    if !address.ip().is_loopback() {
        hint(spec);
        return Ok(());
    }
    let created = tokens
        .create(NewToken {
            name: "first",
            subject: "local",
            scopes: spec.scopes().all(),
            lifetime: Duration::from_secs(spec.credential.lifetime_seconds),
        })
        .await;
    let token = match created {
        Ok(token) => token,
        // Another process starts on the same database, and is the one that prints it.
        Err(CreateError::NameTaken) => return Ok(()),
        Err(error) => return Err(explain(error, "first", spec)),
    };
    eprintln!(
        "{name}: the first {}, with every scope; it is shown only now:\n\n    {}\n",
        spec.credential.name,
        token.expose()
    );
    if let Some(client) = spec.clients.first() {
        let base = format!("http://{address}");
        let snippet =
            client.snippet.replace("{{url}}", url).replace("{{base}}", &base).replace("{{token}}", token.expose());
        eprintln!("To connect {}:\n\n{}\n", client.title, indented(&snippet));
    }
    Ok(())
}

/// On an empty database, tells whoever runs the server over stdio how to make a token.
pub(super) async fn remind(spec: &ServerSpec, tokens: &Tokens) -> anyhow::Result<()> {
    if tokens.is_empty().await.context("the token database does not answer")? {
        hint(spec);
    }
    Ok(())
}

fn hint(spec: &ServerSpec) {
    let (name, credential) = (spec.name, spec.credential.name);
    eprintln!("{name}: there is no {credential} yet. Make one: {name} token create --name NAME --scope SCOPE…");
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
