//! Declarations in words, for every output that people read.

use toolwright_core::{Requirement, Scopes};

/// What a caller must hold, as a sentence; scopes are code.
pub(super) fn needs(scopes: Scopes<'_>, requirement: &Requirement) -> String {
    if requirement.is_session() {
        return "Needs no scope: to be signed in is enough.".to_owned();
    }
    let clauses: Vec<String> = requirement
        .clauses()
        .iter()
        .map(|clause| {
            let names: Vec<_> = clause.alternatives().iter().map(|id| format!("`{}`", scopes.get(*id).name)).collect();
            match names.as_slice() {
                [name] => name.clone(),
                names => format!("one of {}", list(names, "or")),
            }
        })
        .collect();
    format!("Needs {}.", list(&clauses, "and"))
}

/// What the generated constructor is for, by the stores that it takes.
pub(super) fn handlers(stores: impl Iterator<Item = &'static str>) -> &'static str {
    match stores.collect::<Vec<_>>().as_slice() {
        ["read"] => "Every handler of the server, on the store that reads.",
        ["write"] => "Every handler of the server, on the store that writes.",
        _ => "Every handler of the server: of the tools that read on one store, of those that write on the other.",
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// `1 tool`, `2 tools`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A time in the largest unit that measures it exactly: `90 days`.
pub(super) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds.is_multiple_of(*size)).unwrap_or((1, "second"));
    let number = seconds / size;
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A size in the largest unit that measures it exactly, and in bytes: `64 KiB (65536 bytes)`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size));
    unit.map_or_else(|| format!("{bytes} bytes"), |(size, unit)| format!("{} {unit} ({bytes} bytes)", bytes / size))
}
