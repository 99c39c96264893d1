//! Where `secret: redact` can stand, at a text of a result, and `secret: omit`, at what has texts in an argument.

use std::collections::BTreeSet;

use super::{Faults, fields::ResolvedField, tools::ResolvedTool, types::ResolvedTypes};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{Field, Name, fields::Secret},
};

/// A handler has to read its arguments, whatever they are.
pub(crate) fn check(types: &ResolvedTypes<'_>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    let mut reached = BTreeSet::new();
    for tool in tools {
        tool.input.iter().for_each(|field| refuse(field, None, faults));
        reached.extend(types.reached(&tool.input));
    }
    for named in reached.into_iter().filter_map(|at| types.list.get(at)) {
        for field in named.shape.objects().into_iter().flatten() {
            refuse(field, Some(named.name), faults);
        }
    }
}

fn refuse(field: &ResolvedField<'_>, of: Option<&Name>, faults: &mut Faults) {
    let Some(secret) = field.declared.secret.as_ref().filter(|secret| secret.value == Secret::Redact) else { return };
    let title = format!("`secret: redact` is about results, and {} is an argument", quoted(field.name));
    let fault = Diagnostic::new(Code::MisplacedConstraint, secret.at, title)
        .help("use `secret: omit`, which keeps it out of every record; for a type of both sides, declare two types");
    faults.push(match of {
        Some(name) => fault.and(name.at, "an argument has this type"),
        None => fault,
    });
}

/// What a handler answers with is told to whoever asks.
pub(super) fn check_result(field: &ResolvedField<'_>, of: Option<&Name>, faults: &mut Faults) {
    let Some(secret) = field.declared.secret.as_ref().filter(|secret| secret.value == Secret::Omit) else { return };
    let title = format!("`secret: omit` is about arguments, and {} is in a result", quoted(field.name));
    let fault = Diagnostic::new(Code::MisplacedConstraint, secret.at, title)
        .help("use `secret: redact`, which shows that there is one; for a type of both sides, declare two types");
    faults.push(match of {
        Some(name) => fault.and(name.at, "a result has this type"),
        None => fault,
    });
}

/// Whether nobody but the handler is given the value, which then has to be text: numbers stand in messages in other ways too.
pub(super) fn is_omitted(name: &Name, field: &Field, of: &Type, faults: &mut Faults) -> bool {
    let Some(secret) = field.secret.as_ref().filter(|secret| secret.value == Secret::Omit) else { return false };
    if !is_of_texts(of) {
        let title = format!("{} has no text, which `secret: omit` could keep", quoted(name));
        faults.push(
            Diagnostic::new(Code::MisplacedConstraint, secret.at, title).and(field.of.at, "the type is another").help(
                "use `type: string`, a list or a map of them, or `json`; in a named type, say it of the properties that are secret",
            ),
        );
    }
    true
}

fn is_of_texts(of: &Type) -> bool {
    match of {
        Type::String | Type::Redacted | Type::Json => true,
        Type::Array(of) | Type::Map(of) => is_of_texts(of),
        Type::Integer | Type::Number | Type::Boolean | Type::Named(_) => false,
    }
}

/// The type of a field whose value is kept back.
pub(crate) fn redacted(name: &Name, field: &Field, of: Type, faults: &mut Faults) -> Type {
    match &field.secret {
        None => of,
        Some(secret) if secret.value == Secret::Omit => of,
        Some(_) if of == Type::String => Type::Redacted,
        Some(secret) => {
            let title = format!("{} is no text, which `secret: redact` could stand for", quoted(name));
            faults.push(
                Diagnostic::new(Code::MisplacedConstraint, secret.at, title)
                    .and(field.of.at, "the type is another")
                    .help("use `type: string`, or leave the property out of the result"),
            );
            of
        }
    }
}
