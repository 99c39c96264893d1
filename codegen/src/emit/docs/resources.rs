//! What the page for everyone says of resources, and of what clients are told of.

use serde::Serialize;
use toolwright_core::Scopes;

use super::scope_cell;
use crate::api::{Api, ArgumentValues, NotifiedList, Resource, ResourceContent, ResourceVariable};

/// The resources of a server.
#[derive(Serialize)]
pub(super) struct Section<'a> {
    rows: Vec<Row<'a>>,
    variables: Vec<VariableRow<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    uri: &'a str,
    name: &'a str,
    description: &'a str,
    media_type: &'a str,
    /// The tool that answers.
    tool: Option<&'a str>,
    /// Markdown.
    scope: String,
    note: Option<&'a str>,
    subscribe: bool,
}

#[derive(Serialize)]
struct VariableRow<'a> {
    resource: &'a str,
    name: &'a str,
    words: &'a [String],
    is_integer: bool,
    /// The tool whose result clients suggest values from.
    suggested_from: Option<&'a str>,
    description: &'a str,
}

pub(super) fn section(api: &Api) -> Section<'_> {
    Section {
        rows: api.resources.iter().map(|resource| row(api, resource)).collect(),
        variables: api.resources.iter().flat_map(|resource| variable_rows(api, resource)).collect(),
    }
}

/// The lists that can change, in words.
pub(super) fn notified(api: &Api) -> Vec<String> {
    let list = |list: &NotifiedList| match list {
        NotifiedList::Tools => "tools/list",
        NotifiedList::Prompts => "prompts/list",
        NotifiedList::Resources => "resources/list",
    };
    api.server.notifies.iter().map(|notified| list(notified).to_owned()).collect()
}

fn row<'a>(api: &'a Api, resource: &'a Resource) -> Row<'a> {
    let Resource { name, uri, title: _, description, media_type, requirement, scope_note, content, subscribe } =
        resource;
    Row {
        uri,
        name,
        description,
        media_type,
        tool: match content {
            ResourceContent::Text(_) | ResourceContent::Bytes(_) => None,
            ResourceContent::Tool { tool, .. } => Some(&api.tools[*tool].name),
        },
        scope: scope_cell(Scopes(&api.scopes), requirement),
        note: scope_note.as_deref(),
        subscribe: *subscribe,
    }
}

fn variable_rows<'a>(api: &'a Api, resource: &'a Resource) -> impl Iterator<Item = VariableRow<'a>> {
    resource.variables().iter().map(|ResourceVariable { name, description, is_integer, values }| VariableRow {
        resource: &resource.name,
        name,
        words: values.words(),
        is_integer: *is_integer,
        suggested_from: match values {
            ArgumentValues::Listed(completion) => Some(&api.tools[completion.tool].name),
            ArgumentValues::Text | ArgumentValues::Words(_) => None,
        },
        description,
    })
}
