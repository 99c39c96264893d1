//! Calls of tools without a client, as commands of a shell.

use serde::Serialize;
use serde_json::json;
use toolwright_core::shell::word;

use super::{markdown, path_of};
use crate::{
    api::{Api, Example, Output, Tool},
    names,
};

/// A call to copy into a terminal.
#[derive(Serialize)]
pub(super) struct Call<'a> {
    /// What it shows.
    title: &'a str,
    tool: &'a str,
    path: String,
    anchor: String,
    /// Whether it answers with content in the place of properties.
    content: bool,
    /// Markdown: the command as a block of code.
    command: String,
}

/// The first example of each tool that the manifest names.
pub(super) fn calls(api: &Api) -> Vec<Call<'_>> {
    let tools = api.docs.curl.iter().map(|place| &api.tools[*place]);
    tools.filter_map(|tool| tool.examples.first().map(|example| call(api, tool, example))).collect()
}

fn call<'a>(api: &'a Api, tool: &'a Tool, example: &'a Example) -> Call<'a> {
    Call {
        title: &example.title,
        tool: &tool.name,
        path: path_of(&api.groups[tool.group]),
        anchor: names::anchor(&tool.name),
        content: matches!(tool.output, Output::Content(_)),
        command: markdown::block("sh", &command(api, tool, example)),
    }
}

fn command(api: &Api, tool: &Tool, Example { title: _, input }: &Example) -> String {
    let params = json!({"name": tool.name, "arguments": input});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    // No string of JSON has a line break in it, so that only the space between is made wider.
    let body = format!("{body:#}").replace('\n', "\n  ");
    format!(
        "curl {} \\\n  -H \"Authorization: Bearer ${}\" \\\n  -H {} \\\n  -d {}",
        word(&api.server.endpoint),
        api.credential.env,
        word("Content-Type: application/json"),
        word(&body),
    )
}
