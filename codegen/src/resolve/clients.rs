//! What the declared clients cut off or drop without a word.

use serde_json::Value;

use super::{Called, Faults, tools::ResolvedTool};
use crate::{
    api::ClientKind,
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    manifest::server::Client,
    source::Place,
};

/// Most characters of a server's key and a tool's name together in Cursor.
const CURSOR_NAMES: usize = 60;

/// Most characters of a schema in Claude.ai; it drops tools whose schema is larger.
const CLAUDE_AI_SCHEMA: usize = 16_384;

/// The clients, and whether every tool fits them.
pub(crate) fn resolve(
    declared: &Declared,
    called: Option<&Called>,
    tools: &[ResolvedTool<'_>],
    faults: &mut Faults,
) -> Option<Vec<ClientKind>> {
    let clients = &declared.manifest.clients.as_ref()?.good()?.0;
    faults.check_once(clients.iter().map(|client| (client.value.as_str(), client.at)));
    let mut kinds = Vec::new();
    for client in clients {
        let kind = match client.value {
            Client::ClaudeCode => ClientKind::ClaudeCode,
            Client::Cursor => ClientKind::Cursor,
            Client::ClaudeAi => ClientKind::ClaudeAi,
            Client::Stdio => ClientKind::Stdio,
            Client::ClaudeDesktop => ClientKind::ClaudeDesktop,
            Client::Inspector => ClientKind::Inspector,
            Client::Other => ClientKind::Other,
        };
        match kind {
            ClientKind::Cursor => check_names(client.at, called, tools, faults),
            ClientKind::ClaudeAi => check_schemas(client.at, tools, faults),
            ClientKind::ClaudeCode
            | ClientKind::Stdio
            | ClientKind::ClaudeDesktop
            | ClientKind::Inspector
            | ClientKind::Other => {}
        }
        kinds.push(kind);
    }
    Some(kinds)
}

fn check_names(client: Place, called: Option<&Called>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    let Some(Called { key, .. }) = called else { return };
    for tool in tools {
        let length = key.chars().count() + tool.name.chars().count();
        if length > CURSOR_NAMES {
            let title = format!(
                "Cursor drops the tool {}: with the server's key its name has {length} characters",
                quoted(tool.name)
            );
            faults.push(
                Diagnostic::new(Code::ClientLimit, tool.name.at, title)
                    .and(key.at, "the server's key")
                    .and(client, "the client")
                    .help(format!("shorten the name or the key to {CURSOR_NAMES} characters together")),
            );
        }
    }
}

fn check_schemas(client: Place, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    for tool in tools {
        for (what, schema) in [("input", &tool.api.input_schema), ("output", &tool.api.output_schema)] {
            let length = characters(schema);
            if length > CLAUDE_AI_SCHEMA {
                let title = format!(
                    "Claude.ai drops the tool {}: the schema of its {what} has {length} characters",
                    quoted(tool.name)
                );
                faults.push(
                    Diagnostic::new(Code::ClientLimit, tool.name.at, title)
                        .and(client, "the client")
                        .help(format!("shorten descriptions, or split the tool: {CLAUDE_AI_SCHEMA} are the most")),
                );
            }
        }
    }
}

fn characters(schema: &Value) -> usize {
    schema.to_string().chars().count()
}
