//! Declarations in words, for every output that people read.

use std::borrow::Cow;

use toolwright_core::{Requirement, Scopes};

use crate::api::{AskKind, Confirmation, ContentKind, Tool};

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

/// What a model is told of a tool: its description, what a call costs, what to ask the user first, and what not to ask
/// them, since the tool does.
pub(super) fn described(tool: &Tool) -> Cow<'_, str> {
    let costs = tool.costs.as_ref().map(|costs| format!("Costs {costs}."));
    let confirmed = tool.confirmation.as_ref().map(|Confirmation { about, .. }| {
        let about: Vec<String> = about.iter().map(|name| format!("`{name}`")).collect();
        let what = if about.is_empty() { "the call".to_owned() } else { list(&about, "and") };
        format!("Confirm {what} with the user first.")
    });
    let mut sentences: Vec<Cow<'_, str>> = vec![tool.description.as_str().into()];
    let asked: Vec<String> = asked(tool).map(|name| format!("`{name}`")).collect();
    let asked = (!asked.is_empty()).then(|| format!("Asks the user for {} itself.", list(&asked, "and")));
    sentences.extend([costs, confirmed, asked].into_iter().flatten().map(Cow::from));
    match sentences.as_slice() {
        [_] => tool.description.as_str().into(),
        _ => sentences.join(" ").into(),
    }
}

/// What a person is asked for while a tool runs.
fn asked(tool: &Tool) -> impl Iterator<Item = &str> {
    let forms = tool.asks.iter().filter_map(|ask| match &ask.kind {
        AskKind::Elicit { message: _, form } => form.schema["properties"].as_object(),
        AskKind::Sample { .. } | AskKind::Roots => None,
    });
    forms.flatten().map(|(name, _)| name.as_str())
}

/// A kind of content as a reader sees it.
pub(super) fn content(kind: ContentKind) -> &'static str {
    match kind {
        ContentKind::Text => "text",
        ContentKind::Image => "pictures",
        ContentKind::Audio => "sounds",
        ContentKind::Resource => "resources with what they hold",
        ContentKind::ResourceLink => "addresses of resources",
    }
}

/// What the generated constructor is for, by the stores that it takes.
pub(super) fn handlers(stores: &[&str]) -> String {
    match stores {
        [only] => format!("Every handler of the server, on the store that {only}s."),
        [one, other] => format!(
            "Every handler of the server: of the tools that {one} on one store, of those that {other} on the other."
        ),
        stores => {
            let stores: Vec<_> = stores.iter().map(|store| format!("the one that {store}s")).collect();
            format!("Every handler of the server, each on the store of its tool: {}.", list(&stores, "and"))
        }
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

/// A time in the largest unit that measures it exactly: `90 days`. A year is one of 365 days, as it is where a credential is created.
pub(super) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_536_000, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = UNITS.into_iter().find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size));
    let (size, unit) = unit.unwrap_or((1, "second"));
    let number = seconds / size;
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// A size in the largest unit that measures it exactly, and in bytes: `64 KiB (65536 bytes)`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size));
    unit.map_or_else(|| format!("{bytes} bytes"), |(size, unit)| format!("{} {unit} ({bytes} bytes)", bytes / size))
}

#[cfg(test)]
mod tests {
    use toolwright_core::{Access, Clause, Scope, ScopeId, ScopeSet};

    use super::*;

    #[test]
    fn requirements_are_sentences() {
        let scope = |name: &'static str| Scope {
            name: name.into(),
            access: Access::Read,
            grants: "".into(),
            implies: ScopeSet::EMPTY,
        };
        let scopes = [scope("a:b"), scope("c:d"), scope("e:f")];
        let cases: [(&[&[u8]], &str); 5] = [
            (&[], "Needs no scope: to be signed in is enough."),
            (&[&[0]], "Needs `a:b`."),
            (&[&[0], &[2]], "Needs `a:b` and `e:f`."),
            (&[&[2, 1]], "Needs one of `e:f` or `c:d`."),
            (&[&[0], &[1], &[2, 0]], "Needs `a:b`, `c:d` and one of `e:f` or `a:b`."),
        ];
        for (clauses, expected) in cases {
            let clause = |ids: &&[u8]| Clause::from_alternatives(ids.iter().copied().map(ScopeId).collect());
            let requirement = Requirement::from_clauses(clauses.iter().map(clause).collect());
            assert_eq!(needs(Scopes(&scopes), &requirement), expected);
        }
    }

    #[test]
    fn quantities_are_exact() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (3_600, "1 hour"),
            (129_600, "36 hours"),
            (86_400, "1 day"),
            (31_536_000, "1 year"),
            (34_560_000, "400 days"),
            (315_360_000, "10 years"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1_000, "1000 bytes"),
            (65_536, "64 KiB (65536 bytes)"),
            (1_048_576, "1 MiB (1048576 bytes)"),
            (1_500_000, "1500000 bytes"),
        ] {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!([0, 1, 2].map(|number| count(number, "tool")), ["0 tools", "1 tool", "2 tools"]);
    }
}
