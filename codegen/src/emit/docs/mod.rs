//! The documentation: a page for everyone who connects, a page of reference for each group of
//! tools, one for the named types, one for whoever runs the server, and one of what it promises.

mod curl;
mod grant;
mod operations;
mod page;
mod promises;
mod reference;
mod resources;
mod troubles;

use serde::Serialize;
use toolwright_core::{Access, Requirement, Scopes};

use super::{File, markdown, notice, template, wording};
use crate::api::{Api, Group, Tool};

pub(super) fn files(api: &Api) -> Vec<File> {
    let mut files = vec![page::file(api)];
    files.extend(api.groups.iter().enumerate().map(|(place, group)| reference::group(api, place, group)));
    files.extend(reference::types(api));
    files.push(operations::file(api));
    files.push(promises::file(api));
    files
}

/// Where the reference of a group is, below `docs/`.
fn path_of(group: &Group) -> String {
    format!("tools/{}.md", group.name)
}

/// A file of the documentation, rendered from its template.
fn document(api: &Api, path: &str, template: &str, context: &impl Serialize) -> File {
    #[derive(Serialize)]
    struct Page<'a, T> {
        notice: String,
        /// The credential as every page speaks of it.
        credential: &'a str,
        #[serde(flatten)]
        rest: &'a T,
    }
    let page = Page { notice: notice(api), credential: &api.credential.name, rest: context };
    File::new(format!("docs/{path}"), template::render(template, &page))
}

/// What a caller must hold, for a cell of a table, as Markdown.
fn scope_cell(scopes: Scopes<'_>, requirement: &Requirement) -> String {
    if requirement.is_session() {
        return "none".to_owned();
    }
    let clauses: Vec<String> = requirement
        .clauses()
        .iter()
        .map(|clause| {
            let names = clause.alternatives().iter().map(|id| markdown::code(&scopes.get(*id).name));
            wording::list(&names.collect::<Vec<_>>(), "or")
        })
        .collect();
    wording::list(&clauses, "and")
}

/// The access of a tool as the documentation calls it.
fn access_in_words(tool: &Tool) -> &'static str {
    match tool.access {
        Access::Read if tool.leaves_no_trace() => "read-only",
        Access::Read => "read-only, leaves a record",
        Access::Write => "write",
        Access::Destructive => "destructive",
    }
}

/// What an access means to somebody who lets a model use the tool.
fn access_meaning(tool: &Tool) -> &'static str {
    match tool.access {
        Access::Read if tool.leaves_no_trace() => "leaves no trace",
        Access::Read => "changes nothing, and each call leaves a record",
        Access::Write => "creates or changes something",
        Access::Destructive => "stops, deletes or overwrites something that cannot be had back",
    }
}
