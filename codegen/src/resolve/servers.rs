//! What several servers of a workspace cannot share.

use super::Called;
use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    manifest::Name,
};

/// The faults between servers.
pub(crate) fn servers(servers: &[Called]) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (at, server) in servers.iter().enumerate() {
        let earlier = &servers[..at];
        if let Some(first) = earlier.iter().find(|first| first.name.value == server.name.value) {
            faults.push(twice("are named", &first.name, &server.name));
        } else if let Some(first) = earlier.iter().find(|first| first.key.value == server.key.value) {
            faults.push(twice("have the key", &first.key, &server.key));
        }
    }
    faults
}

fn twice(what: &str, first: &Name, again: &Name) -> Diagnostic {
    Diagnostic::new(Code::DuplicateDeclaration, again.at, format!("two servers {what} {}", quoted(again)))
        .label("again")
        .and(first.at, "first here")
        .help("give each server a name and a key of its own")
}
