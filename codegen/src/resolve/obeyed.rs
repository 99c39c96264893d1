//! What the grammar has and this version does not obey. A field that is silently ignored would be a
//! promise that nobody keeps, so each is a fault; to obey one is to delete its row.

use super::{Faults, declared::Sections};
use crate::{
    diagnostic::{Code, Diagnostic},
    load::Declared,
    manifest::{Entries, server::Verify},
    source::Place,
};

/// A part of the grammar without effect.
struct Row {
    /// What it is called.
    what: &'static str,
    /// Where it is used.
    find: fn(&Declared, &Sections<'_>) -> Vec<Place>,
    /// What to do.
    help: &'static str,
}

const NOT_OBEYED: &[Row] = &[
    Row {
        what: "bindings",
        find: |declared, _| declared.manifest.bindings.good().map(keys).unwrap_or_default(),
        help: "leave the section out; a tool takes what it is about as an argument",
    },
    Row { what: "a placeholder in the endpoint", find: placeholders, help: "use one endpoint for every account" },
    Row {
        what: "another verifier than `tokens`",
        find: |declared, _| {
            let credential = declared.manifest.credential.as_ref().and_then(|section| section.good());
            let verify = credential.map(|credential| &credential.verify);
            verify.filter(|verify| verify.value != Verify::Tokens).map(|verify| verify.at).into_iter().collect()
        },
        help: "use `verify: tokens`: the server creates, stores and checks its own credentials",
    },
    Row {
        what: "`calls_in_flight`",
        find: |declared, _| {
            limits(declared).and_then(|limits| limits.calls_in_flight.as_ref()).map(|at| at.at).into_iter().collect()
        },
        help: "leave it out; limit calls in front of the server",
    },
    Row {
        what: "`calls_per_minute`",
        find: |declared, _| {
            limits(declared).and_then(|limits| limits.calls_per_minute.as_ref()).map(|at| at.at).into_iter().collect()
        },
        help: "leave it out; limit calls in front of the server",
    },
];

/// What is not obeyed, and what to do instead.
pub(crate) fn not_obeyed() -> impl Iterator<Item = (&'static str, &'static str)> {
    NOT_OBEYED.iter().map(|row| (row.what, row.help))
}

/// A fault for every use of what is not obeyed.
pub(crate) fn check(declared: &Declared, sections: &Sections<'_>, faults: &mut Faults) {
    for row in NOT_OBEYED {
        for at in (row.find)(declared, sections) {
            faults.push(
                Diagnostic::new(Code::NotObeyedYet, at, format!("this version does not obey {} yet", row.what))
                    .label("has no effect")
                    .help(row.help),
            );
        }
    }
}

fn keys<T>(entries: &Entries<T>) -> Vec<Place> {
    entries.iter().map(|(name, _)| name.at).collect()
}

fn limits(declared: &Declared) -> Option<&crate::manifest::Limits> {
    Some(&declared.manifest.server.as_ref()?.good()?.limits)
}

/// Whether an endpoint has a placeholder.
pub(super) fn has_placeholder(endpoint: &str) -> bool {
    endpoint.contains(['{', '}'])
}

fn placeholders(declared: &Declared, _: &Sections<'_>) -> Vec<Place> {
    let server = declared.manifest.server.as_ref().and_then(|section| section.good());
    let endpoint = server.map(|server| &server.endpoint).filter(|endpoint| has_placeholder(&endpoint.value));
    endpoint.map(|endpoint| endpoint.at).into_iter().collect()
}
