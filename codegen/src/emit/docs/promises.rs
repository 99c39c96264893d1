//! The page of what the server does with requests that no good client sends.

use serde::Serialize;
use toolwright_core::promises::{Area, Only, Outcome, Promise, Row};

use super::{document, markdown, troubles};
use crate::{
    api::{Api, OwnPromise, Verify},
    emit::File,
};

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    areas: Vec<AreaSection>,
    own: Vec<OwnRow<'a>>,
}

#[derive(Serialize)]
struct AreaSection {
    title: &'static str,
    rows: Vec<PromiseRow>,
}

#[derive(Serialize)]
struct PromiseRow {
    sent: &'static str,
    /// Markdown.
    answer: String,
    promised: &'static str,
}

#[derive(Serialize)]
struct OwnRow<'a> {
    sent: &'a str,
    answer: &'a str,
    promised: &'a str,
}

pub(super) fn file(api: &Api) -> File {
    let areas = Area::ALL.into_iter().map(|area| AreaSection { title: area.title(), rows: rows(api, area) });
    let areas = areas.filter(|section| !section.rows.is_empty()).collect();
    let own = api.docs.promises.iter().map(own_row).collect();
    document(api, "promises.md", "docs/promises.md", &Page { title: &api.server.title, areas, own })
}

fn own_row(OwnPromise { sent, answer, promised }: &OwnPromise) -> OwnRow<'_> {
    OwnRow { sent, answer, promised }
}

fn rows(api: &Api, area: Area) -> Vec<PromiseRow> {
    let rows = Promise::ALL.iter().map(|promise| promise.row());
    let own = rows.filter(|row| row.area == area && is_made(api, row.only));
    own.map(|Row { sent, outcome, promised, .. }| PromiseRow { sent, answer: answer(outcome), promised }).collect()
}

/// Whether the server makes a promise that only some do.
fn is_made(api: &Api, only: Only) -> bool {
    let verify = &api.credential.verify;
    let confirms = || api.tools.iter().any(|tool| tool.confirmation.is_some());
    let asks_in_calls = || api.tools.iter().any(|tool| !tool.asks.is_empty());
    match only {
        Only::Every => true,
        Only::Tokens => matches!(verify, Verify::Tokens(_)),
        Only::Lifetimes => !matches!(verify, Verify::Upstream(_)),
        Only::Issued => api.credential.issuer().is_some(),
        Only::Signed => matches!(verify, Verify::Jwt(_)),
        Only::Unissued => api.credential.issuer().is_none(),
        Only::Forwarding => matches!(verify, Verify::Upstream(_)),
        Only::Limited => troubles::limits_calls(api),
        Only::Confirming => confirms(),
        Only::Asking => troubles::asks(api),
        Only::AskingInCalls => asks_in_calls(),
        Only::AskingInPrompts => api.prompts.iter().any(|prompt| !prompt.asks.is_empty()),
        Only::Resuming => confirms() || asks_in_calls(),
        Only::Resources => !api.resources.is_empty(),
        Only::Notifying => !api.server.notifies.is_empty() || api.resources.iter().any(|resource| resource.subscribe),
    }
}

/// How something is answered, in a cell of a table.
fn answer(outcome: Outcome) -> String {
    let status = outcome.status().map(|status| status.to_string());
    let code = outcome.json_rpc().map(|code| format!("({})", markdown::code(&code.to_string())));
    let name = outcome.entry().map(|entry| markdown::code(entry.name));
    match outcome {
        Outcome::Refused(_) | Outcome::RefusedOverStdio(_) | Outcome::Error { .. } | Outcome::Status(_) => {
            [status, name, code].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        Outcome::Ended(_) => {
            format!("the end of the stream, {} {}", name.unwrap_or_default(), code.unwrap_or_default())
        }
        Outcome::Failed(_) => format!("a tool's error, {}", name.unwrap_or_default()),
        Outcome::Served => "as ever".to_owned(),
        Outcome::Unanswered => "none".to_owned(),
        Outcome::NotBuilt => "never: there is no such server".to_owned(),
    }
}
