//! `tools.json`: the list that `tools/list` is made from, as the protocol wants it.

use serde_json::{Value, json};
use toolwright_core::Access;

use super::{File, wording};
use crate::api::{Api, Tool};

pub(super) fn file(api: &Api) -> File {
    let tools: Value = api.tools.iter().map(tool).collect();
    File::new("tools.json", format!("{tools:#}\n"))
}

fn tool(tool: &Tool) -> Value {
    let Tool {
        name,
        module: _,
        title,
        description: _,
        group: _,
        access,
        records: _,
        costs: _,
        confirmation: _,
        idempotent,
        open_world,
        requirement: _,
        scope_note: _,
        input: _,
        bound: _,
        input_schema,
        output: _,
        output_schema,
        logs: _,
        asks: _,
        examples: _,
    } = tool;
    let mut shown = json!({
        "name": name,
        "title": title,
        "description": wording::described(tool),
        "inputSchema": input_schema,
    });
    if let Some(output_schema) = output_schema {
        shown["outputSchema"] = output_schema.clone();
    }
    // All four hints, always: what a client assumes in place of an absent one is the worst case.
    shown["annotations"] = json!({
        "title": title,
        "readOnlyHint": *access == Access::Read,
        "destructiveHint": *access == Access::Destructive,
        "idempotentHint": idempotent,
        "openWorldHint": open_world,
    });
    shown
}
