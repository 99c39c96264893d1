//! What the declared clients cut off or drop without a word.

use serde_json::Value;
use toolwright_core::ClientKind;

use super::{Called, Faults, tools::ResolvedTool};
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    load::Declared,
    source::Place,
};

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
    let clients: Vec<(ClientKind, Place)> = clients.iter().map(|client| (client.value.into(), client.at)).collect();
    faults.check_once(clients.iter().map(|(kind, at)| (kind.as_str(), *at)));
    for (kind, at) in &clients {
        if let Some(longest) = kind.longest_names() {
            check_names(*kind, longest, *at, called, tools, faults);
        }
        if *kind == ClientKind::ClaudeAi {
            check_schemas(*at, tools, faults);
        }
    }
    Some(clients.into_iter().map(|(kind, _)| kind).collect())
}

fn check_names(
    kind: ClientKind,
    longest: usize,
    client: Place,
    called: Option<&Called>,
    tools: &[ResolvedTool<'_>],
    faults: &mut Faults,
) {
    let Some(Called { key, .. }) = called else { return };
    for tool in tools {
        let length = key.chars().count() + tool.name.chars().count();
        if length > longest {
            let title = format!(
                "{} drops the tool {}: with the server's key its name has {length} characters",
                kind.title(),
                quoted(tool.name)
            );
            faults.push(
                Diagnostic::new(Code::ClientLimit, tool.name.at, title)
                    .and(key.at, "the server's key")
                    .and(client, "the client")
                    .help(format!("shorten the name or the key to {longest} characters together")),
            );
        }
    }
}

fn check_schemas(client: Place, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    for tool in tools {
        let output = tool.api.output_schema.iter().map(|schema| ("output", schema));
        for (what, schema) in [("input", &tool.api.input_schema)].into_iter().chain(output) {
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
