//! The server as its pages show it: what generated code declares, in the terms of `toolwright-pages`.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use toolwright_pages::{Account, Credential, Gateway, Group, Server, Tool, arguments};

use crate::{ServerSpec, spec::TokensSpec};

/// What the list of tools has of each, beside what the declaration has.
#[derive(Deserialize)]
struct Listed {
    name: String,
    title: String,
    description: String,
    #[serde(rename = "inputSchema")]
    input: Value,
}

/// A server, as clients reach it at `url`.
///
/// # Errors
/// When the generated list is not of this version.
pub(super) fn server(spec: &ServerSpec, declared: &TokensSpec, url: &str, base: &str) -> anyhow::Result<Server> {
    let placeholder = spec.account().map(|(_, account)| account.placeholder).unwrap_or_default();
    let listed: Vec<Listed> = serde_json::from_str(spec.tool_list).context("the generated list of tools is broken")?;
    let tools = listed.into_iter().map(|listed| tool(spec, listed)).collect::<anyhow::Result<_>>()?;
    let credential = &spec.credential;
    Ok(Server {
        name: spec.name.to_owned(),
        key: spec.key.to_owned(),
        title: spec.title.to_owned(),
        description: spec.description.to_owned(),
        version: spec.version.to_owned(),
        endpoint: spec.url_of(url, placeholder),
        path: spec.url_of(spec.route, placeholder),
        account: spec.account().map(|(binding, account)| Account {
            name: binding.words(),
            placeholder: account.placeholder.to_owned(),
            description: binding.description.to_owned(),
        }),
        gateway: spec.gateway.map(|gateway| Gateway { env: gateway.env.to_owned(), address: base.to_owned() }),
        credential: Credential {
            name: credential.name.to_owned(),
            abbreviation: credential.abbreviation.to_owned(),
            placeholder: credential.placeholder(),
            env: credential.env.to_owned(),
            create_at: credential.create_at.to_owned(),
            signs_in: false,
            lifetime_seconds: declared.lifetime_seconds,
        },
        scopes: spec.scopes.to_vec(),
        groups: spec.groups.iter().map(|group| Group { title: group.title.to_owned(), description: None }).collect(),
        tools,
        clients: spec.clients.to_vec(),
    })
}

fn tool(spec: &ServerSpec, listed: Listed) -> anyhow::Result<Tool> {
    let Listed { name, title, description, input } = listed;
    let declared = spec.tool(&name).with_context(|| format!("the generated list has a tool `{name}` of its own"))?;
    let group = spec.groups.iter().position(|group| group.name == declared.group);
    Ok(Tool {
        name,
        title,
        description,
        group: group.with_context(|| format!("there is no group `{}`", declared.group))?,
        access: declared.access,
        records: declared.records,
        requirement: declared.requirement.clone(),
        arguments: arguments(&input),
    })
}
