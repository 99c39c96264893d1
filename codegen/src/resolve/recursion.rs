//! Types that contain themselves: which references to box, and which have no end.

use std::collections::BTreeSet;

use super::{
    Faults,
    fields::ResolvedField,
    types::{ResolvedShape, ResolvedType},
};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted},
};

/// The type that a value holds itself: an array or a map holds its parts elsewhere.
pub(crate) fn direct(of: &Type) -> Option<usize> {
    match of {
        Type::Named(at) => Some(*at),
        Type::Redacted
        | Type::String
        | Type::Integer
        | Type::Number
        | Type::Boolean
        | Type::Json
        | Type::Array(_)
        | Type::Map(_) => None,
    }
}

/// For each type, the types that it holds directly or through others, and that hold it.
pub(crate) fn cycles(types: &[ResolvedType<'_>]) -> Vec<BTreeSet<usize>> {
    let held: Vec<BTreeSet<usize>> = (0..types.len()).map(|at| held(types, at)).collect();
    (0..types.len())
        .map(|at| {
            held[at].iter().copied().filter(|other| held.get(*other).is_some_and(|back| back.contains(&at))).collect()
        })
        .collect()
}

fn held(types: &[ResolvedType<'_>], from: usize) -> BTreeSet<usize> {
    let mut open = vec![from];
    let mut held = BTreeSet::new();
    while let Some(at) = open.pop() {
        let Some(named) = types.get(at) else { continue };
        let fields = named.shape.objects().into_iter().flatten();
        open.extend(fields.filter_map(|field| direct(&field.api.of)).filter(|to| held.insert(*to)));
    }
    held
}

/// A fault for each type of which no value can ever be written down.
pub(crate) fn check(types: &[ResolvedType<'_>], faults: &mut Faults) {
    let ending = ending(types);
    for (at, named) in types.iter().enumerate().filter(|(at, _)| !ending[*at]) {
        // Of the types that only hold an endless one, the endless one is the fault.
        let is_part_of_cycle = held(types, at).contains(&at);
        let endless = named.shape.objects().into_iter().flatten().find(|field| !ends(field, &ending));
        if let (true, Some(field)) = (is_part_of_cycle, endless) {
            let title = format!("a value of {} would never end", quoted(named.name));
            faults.push(
                Diagnostic::new(Code::EndlessType, field.declared.of.at, title)
                    .label("always holds another")
                    .and(named.name.at, "this type")
                    .help("make the property optional or nullable, or put it into an array or a map"),
            );
        }
    }
}

/// Which types have a value that ends: the smallest solution, found by repeating.
fn ending(types: &[ResolvedType<'_>]) -> Vec<bool> {
    let mut ending = vec![false; types.len()];
    loop {
        let next: Vec<bool> = types
            .iter()
            .map(|named| match &named.shape {
                ResolvedShape::Enum(_) => true,
                shape => shape.objects().into_iter().any(|fields| fields.iter().all(|field| ends(field, &ending))),
            })
            .collect();
        if next == ending {
            return ending;
        }
        ending = next;
    }
}

fn ends(field: &ResolvedField<'_>, ending: &[bool]) -> bool {
    !field.api.required
        || field.api.nullable
        || direct(&field.api.of).is_none_or(|at| ending.get(at).copied().unwrap_or(true))
}
