//! The manifest of a bundle for Claude Desktop (MCPB). `npx @anthropic-ai/mcpb pack` makes a file of it that people open with a double
//! click: Claude Desktop then asks for the credential, and keeps it where the system keeps secrets.

use serde_json::{Map, Value, json};
use toolwright_core::client::{ClientKind, Connection, Secret, desktop_server};

use super::connected;
use crate::{
    api::{Account, Api, Binding, Server},
    emit::File,
};

/// Where it is, in a folder of its own: a bundle is a folder.
const FILE: &str = "clients/claude-desktop/manifest.json";

/// The version of the format.
const FORMAT: &str = "0.3";

/// What Claude Desktop puts what it is told in the place of.
const CREDENTIAL: &str = "${user_config.credential}";
const ACCOUNT: &str = "${user_config.account}";

/// The manifest, where the documentation explains Claude Desktop.
pub(super) fn file(api: &Api) -> Option<File> {
    if !api.clients.contains(&ClientKind::ClaudeDesktop) {
        return None;
    }
    let Server { key, title, version, description, endpoint, .. } = &api.server;
    let mut asked = Map::new();
    let mut url = endpoint.clone();
    if let Some((Binding { description, .. }, Account { placeholder, .. })) = api.server.account() {
        url = url.replace(placeholder, ACCOUNT);
        let question = json!({"type": "string", "title": "Account", "description": description, "required": true});
        asked.insert("account".into(), question);
    }
    let server = connected(api, key, |connection| {
        let secret = match connection.secret {
            Secret::SignIn { .. } => connection.secret,
            Secret::Referred { .. } | Secret::Literal(_) => Secret::Literal(CREDENTIAL),
        };
        desktop_server(&Connection { secret, url: &url, ..*connection })
    });
    if api.credential.issuer().is_none() {
        let create = format!("You create one in {}.", api.credential.create_at);
        let question = json!({
            "type": "string", "title": api.credential.name, "description": create, "sensitive": true, "required": true,
        });
        asked.insert("credential".into(), question);
    }
    let mut manifest = json!({
        "manifest_version": FORMAT,
        "name": key,
        "display_name": title,
        "version": version,
        "description": description,
        "author": {"name": title},
        // A bundle has to name a file of its own, and this one has no other: what is run is the command.
        "server": {"type": "node", "entry_point": "manifest.json", "mcp_config": server},
        "tools_generated": true,
    });
    if !asked.is_empty() {
        manifest["user_config"] = Value::Object(asked);
    }
    Some(File::new(FILE, format!("{manifest:#}\n")))
}
