//! Edits of a data flow, as JSON: each component is merged with what is new, and all of them or none.

use integrate_io_tools::FlowType;
use serde_json::{Map, Value};

use super::{Fault, definition::component_faults};

/// How many bytes of JSON a data flow can have.
const MOST_BYTES: usize = 256 * 1024;

/// What is new of one component.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// The component's name before the edit.
    pub(crate) component: String,
    pub(crate) updates: Map<String, Value>,
}

/// Why a data flow was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EditError {
    /// An edit that cannot be: by its place, and what it is about.
    Edit(usize, String),
    /// What the components would have become has faults.
    Faults(Vec<Fault>),
    /// The data flow would be too large.
    Size(String),
}

/// The data flow after all edits, and the names of what was edited. A component that is renamed keeps its edges.
///
/// An edited component must be one that can be read. Whether its expressions and its edges are right is left to a validation, so
/// that what belongs together can be changed in several steps.
pub(crate) fn edited(
    flow_type: FlowType,
    data_flow: &Value,
    edits: &[Edit],
) -> Result<(Value, Vec<String>), EditError> {
    let mut edited = data_flow.clone();
    let targets = targets(data_flow, edits)?;
    let mut renamed = Vec::new();
    let mut names = Vec::new();
    let mut faults = Vec::new();
    for (edit, &target) in edits.iter().zip(&targets) {
        let Some(component) = edited.pointer_mut(&format!("/components/{target}")) else { continue };
        for (key, update) in &edit.updates {
            merge(component, key, update);
        }
        faults.extend(component_faults(flow_type, component).into_iter().map(|fault| Fault {
            // A fault is told by the name that the caller has used.
            component: Some(edit.component.clone()),
            ..fault
        }));
        let name = name(component).unwrap_or_default().to_owned();
        if name != edit.component {
            renamed.push((edit.component.as_str(), name.clone()));
        }
        names.push(name);
    }
    faults.extend(taken(&edited, &targets, edits));
    if !faults.is_empty() {
        return Err(EditError::Faults(faults));
    }
    let edges = edited.get_mut("edges").and_then(Value::as_array_mut).into_iter().flatten();
    for end in edges.filter_map(Value::as_object_mut).flat_map(|edge| edge.values_mut()) {
        if let Some((_, now)) = renamed.iter().find(|(before, _)| end.as_str() == Some(before)) {
            *end = Value::String(now.clone());
        }
    }
    let size = edited.to_string().len();
    if size > MOST_BYTES && size > data_flow.to_string().len() {
        return Err(EditError::Size(format!(
            "the data flow would have {size} bytes of JSON, and can have {MOST_BYTES}"
        )));
    }
    Ok((edited, names))
}

fn components(data_flow: &Value) -> impl Iterator<Item = &Value> {
    data_flow.get("components").and_then(Value::as_array).into_iter().flatten()
}

fn name(component: &Value) -> Option<&str> {
    component.get("name").and_then(Value::as_str)
}

/// Where the components stand that are edited, each once.
fn targets(data_flow: &Value, edits: &[Edit]) -> Result<Vec<usize>, EditError> {
    let mut targets = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        if edits[..at].iter().any(|other| other.component == edit.component) {
            let message = format!("`{}` is there twice: put its updates together", edit.component);
            return Err(EditError::Edit(at, message));
        }
        let mut found = components(data_flow).enumerate().filter(|(_, of)| name(of) == Some(&edit.component));
        match (found.next(), found.next()) {
            (Some((target, _)), None) => targets.push(target),
            (Some(_), Some(_)) => {
                return Err(EditError::Edit(at, format!("the data flow has several components `{}`", edit.component)));
            }
            (None, _) => {
                let there: Vec<_> = components(data_flow).filter_map(name).map(|name| format!("`{name}`")).collect();
                let message = format!("there is no component `{}`; there are {}", edit.component, there.join(", "));
                return Err(EditError::Edit(at, message));
            }
        }
    }
    Ok(targets)
}

/// A fault for each edited component whose name another one has.
fn taken(data_flow: &Value, targets: &[usize], edits: &[Edit]) -> Vec<Fault> {
    let names: Vec<_> = components(data_flow).map(|component| name(component).unwrap_or_default()).collect();
    let is_taken = |&(_, &target): &(&Edit, &usize)| {
        let others = names.iter().enumerate().filter(|(at, _)| *at != target);
        !names[target].is_empty() && others.map(|(_, name)| name).any(|name| name.eq_ignore_ascii_case(names[target]))
    };
    let taken = edits.iter().zip(targets).filter(is_taken);
    let fault = |(edit, &target): (&Edit, &usize)| {
        Fault::of(&edit.component, format!("another component is called `{}`", names[target])).at("name")
    };
    taken.map(fault).collect()
}

/// Merges a value into a member, by RFC 7396: objects at any depth, and null removes. The other members keep their order, which
/// json-patch's merge does not.
pub(super) fn merge(into: &mut Value, key: &str, update: &Value) {
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(members) = into else { return };
    match update {
        Value::Null => drop(members.shift_remove(key)),
        Value::Object(updates) => {
            let member = members.entry(key).or_insert(Value::Null);
            if !member.is_object() {
                *member = Value::Object(Map::new());
            }
            for (key, update) in updates {
                merge(member, key, update);
            }
        }
        other => drop(members.insert(key.to_owned(), other.clone())),
    }
}
