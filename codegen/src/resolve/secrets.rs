//! Where `secret: redact` can stand: at a text of a result.

use std::collections::BTreeSet;

use super::{Faults, fields::ResolvedField, tools::ResolvedTool, types::ResolvedTypes};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{Field, Name},
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
    let Some(secret) = &field.declared.secret else { return };
    let title = format!("`secret` is about results, and {} is an argument", quoted(field.name));
    let fault = Diagnostic::new(Code::MisplacedConstraint, secret.at, title)
        .help("remove it: no log has arguments; for a type of both sides, declare two types");
    faults.push(match of {
        Some(name) => fault.and(name.at, "an argument has this type"),
        None => fault,
    });
}

/// The type of a field whose value is kept back.
pub(crate) fn redacted(name: &Name, field: &Field, of: Type, faults: &mut Faults) -> Type {
    match &field.secret {
        None => of,
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
