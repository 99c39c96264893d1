//! Completions: whether the tool that lists the values of an argument or a variable can be called for it, and whether it
//! answers with text where the manifest says.

use std::borrow::Cow;

use super::{
    Faults,
    constants::refusals,
    fields::ResolvedField,
    prompts::{Within, check_tool},
    templates::place_of,
    tools::{self, ResolvedOutput, ResolvedTool},
    types::ResolvedShape,
};
use crate::{
    api::{self, Type},
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{
        self, Name,
        tools::{Completion, ToolAccess},
    },
    source::{Place, Spanned},
    tree::{Node, Tree},
};

/// What values are suggested for.
#[derive(Clone, Copy)]
pub(super) enum Suggested<'m> {
    /// An argument of a prompt, which uses the tool.
    Prompt(&'m manifest::Prompt),
    /// A variable of a resource's URI.
    Resource,
}

/// Checks where the values of an argument or a variable come from; nothing comes of one with faults.
pub(super) fn resolve(
    declared: &Completion,
    suggested: Suggested<'_>,
    within: Within<'_, '_>,
    faults: &mut Faults,
) -> Option<api::Completion> {
    let Completion { tool: name, input, typed, values, total } = declared;
    let place = match suggested {
        Suggested::Prompt(prompt) => {
            check_tool(name, name.at, prompt, within.sections, faults);
            within.sections.tools.position(name)?
        }
        Suggested::Resource => tools::place(name, within.sections, faults)?,
    };
    let tool = within.tools.get(place)?;
    check_access(name, tool, faults);
    let input = input.as_ref().map_or_else(|| Cow::Owned(nothing(name.at)), Cow::Borrowed);
    for fault in refusals(Code::InvalidCompletion, "the completion", &input, &tool.api.input_schema) {
        faults.push(fault.and(tool.name.at, "the tool that it calls"));
    }
    if let Some(typed) = typed {
        check_typed(typed, tool, faults);
    }
    let values_end = follow(values, tool, within, faults);
    let total_end = total.as_ref().map(|total| (total, follow(total, tool, within, faults)));
    if let Some(end) = &values_end {
        check_values(values, end, within, faults);
    }
    if let Some((total, Some(end))) = &total_end {
        check_total(total, end, values, values_end.as_ref(), faults);
    }
    Some(api::Completion {
        tool: place,
        input: input.to_json(),
        typed: typed.as_ref().map(|typed| typed.value.clone()),
        values: steps(values).map(str::to_owned).collect(),
        total: total.as_ref().map(|total| steps(total).map(str::to_owned).collect()),
    })
}

/// An input without arguments.
pub(super) fn nothing(at: Place) -> Tree {
    Spanned { value: Node::Map(Vec::new()), at }
}

/// Who completes an argument has asked for nothing yet, so that nothing may happen.
fn check_access(name: &Name, tool: &ResolvedTool<'_>, faults: &mut Faults) {
    let manifest::Tool { access, records, asks, .. } = tool.declared;
    let (does, at, what) = match (records, asks.first()) {
        _ if access.value != ToolAccess::Read => ("does more than read", access.at, "its access"),
        (Some(records), _) => ("leaves a record", records.at, "what it records"),
        (None, Some((ask, _))) => ("asks for something", ask.at, "what it asks"),
        (None, None) => return,
    };
    let title = format!("{} {does}, and is called while somebody types", quoted(name));
    faults.push(
        Diagnostic::new(Code::InvalidCompletion, name.at, title)
            .and(at, what)
            .help("name a tool with `access: read` that records and asks nothing"),
    );
}

/// What was typed is text, and so is the argument that takes it.
fn check_typed(typed: &Name, tool: &ResolvedTool<'_>, faults: &mut Faults) {
    let arguments = || tool.input.iter().map(|field| field.name.value.as_str());
    let Some(field) = tool.input.iter().find(|field| field.name.value == typed.value) else {
        let title = format!("{} has no argument {}", quoted(tool.name), quoted(typed));
        let fault = Diagnostic::new(Code::InvalidCompletion, typed.at, title);
        faults.push(fault.maybe_help(suggestion(typed, arguments())));
        return;
    };
    if field.api.of != Type::String {
        let title = format!("the argument {} takes no text", quoted(typed));
        faults.push(
            Diagnostic::new(Code::InvalidCompletion, typed.at, title)
                .and(field.name.at, "declared here")
                .help("name an argument of the type `string`, or leave `typed` out"),
        );
    }
}

/// Where a path ends.
struct End<'w> {
    of: &'w Type,
    /// How many lists it goes through.
    lists: usize,
    /// The last property's place in the path.
    at: Place,
}

fn steps(path: &Name) -> impl Iterator<Item = &str> {
    path.value.split('.')
}

/// Follows a path through the result of a tool.
fn follow<'w>(path: &Name, tool: &'w ResolvedTool<'_>, within: Within<'w, '_>, faults: &mut Faults) -> Option<End<'w>> {
    let mut fields = match &tool.output {
        ResolvedOutput::Fields(fields) => fields.as_slice(),
        ResolvedOutput::Named(place) => properties(&Type::Named(*place), within)?,
        ResolvedOutput::Content(_) => {
            let title = format!("{} answers with content, which has no properties", quoted(tool.name));
            let fault = Diagnostic::new(Code::InvalidCompletion, path.at, title);
            faults.push(fault.and(tool.name.at, "declared here").help("name a tool with an `output`"));
            return None;
        }
        ResolvedOutput::Unknown => return None,
    };
    let mut owner = format!("the result of {}", quoted(tool.name));
    let (mut start, mut lists) = (0, 0);
    let mut steps = steps(path).peekable();
    while let Some(step) = steps.next() {
        let at = place_of(within.sources, path, start..start + step.len());
        let Some(field) = fields.iter().find(|field| field.name.value == step) else {
            let known = fields.iter().map(|field| field.name.value.as_str());
            faults.push(
                Diagnostic::new(Code::InvalidCompletion, at, format!("{owner} has no property {}", quoted(step)))
                    .maybe_help(suggestion(step, known)),
            );
            return None;
        };
        let (of, passed) = without_lists(&field.api.of);
        lists += passed;
        if steps.peek().is_none() {
            return Some(End { of, lists, at });
        }
        let Some(below) = properties(of, within) else {
            let title = format!("the path cannot go on: {} leads to {}", quoted(step), in_words(of, within));
            let help = "a path leads through objects, and through lists of them";
            push_unless_unknown(Diagnostic::new(Code::InvalidCompletion, at, title).help(help), of, faults);
            return None;
        };
        (fields, owner) = (below, quoted(step));
        start += step.len() + 1;
    }
    None
}

/// What the items are of which lists, and lists in lists, are made, and how many lists that are.
fn without_lists(of: &Type) -> (&Type, usize) {
    match of {
        Type::Array(items) => {
            let (of, lists) = without_lists(items);
            (of, lists + 1)
        }
        of => (of, 0),
    }
}

/// The properties of an object.
fn properties<'w>(of: &Type, within: Within<'w, '_>) -> Option<&'w [ResolvedField<'w>]> {
    let Type::Named(place) = of else { return None };
    match &within.types.list.get(*place)?.shape {
        ResolvedShape::Object(fields) => Some(fields),
        ResolvedShape::Enum(_) | ResolvedShape::Union { .. } => None,
    }
}

fn in_words(of: &Type, within: Within<'_, '_>) -> &'static str {
    match of {
        Type::String => "text",
        Type::Redacted => "a secret",
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::Boolean => "a boolean",
        Type::Json => "any JSON",
        Type::Array(_) => "a list",
        Type::Map(_) => "an object with free keys",
        Type::Named(place) => match within.types.list[*place].shape {
            ResolvedShape::Object(_) => "an object",
            ResolvedShape::Enum(_) => "a choice of words",
            ResolvedShape::Union { .. } => "one of several objects",
        },
    }
}

fn check_values(path: &Name, end: &End<'_>, within: Within<'_, '_>, faults: &mut Faults) {
    if *end.of == Type::String {
        return;
    }
    let title =
        format!("{} leads to {}, and what completes an argument is text", quoted(path), in_words(end.of, within));
    let fault = Diagnostic::new(Code::InvalidCompletion, end.at, title);
    let fault = match end.of {
        Type::Named(place) => {
            let named = &within.types.list[*place];
            match &named.shape {
                ResolvedShape::Enum(_) => {
                    fault.help(format!("give the argument `type: {}` instead of `complete`", named.name.value))
                }
                ResolvedShape::Object(fields) => {
                    let texts = fields.iter().find(|field| field.api.of == Type::String);
                    fault.maybe_help(texts.map(|text| format!("go on, as `{}.{}`", path.value, text.name.value)))
                }
                ResolvedShape::Union { .. } => fault,
            }
        }
        _ => fault.help("lead to a property of the type `string`"),
    };
    push_unless_unknown(fault, end.of, faults);
}

/// A total counts the list that the values are in: there is one.
fn check_total(total: &Name, end: &End<'_>, values: &Name, values_end: Option<&End<'_>>, faults: &mut Faults) {
    if *end.of != Type::Integer || end.lists > 0 {
        let title = format!("{} is not one integer", quoted(total));
        let fault = Diagnostic::new(Code::InvalidCompletion, end.at, title)
            .help("lead to the integer that tells how many values there are in all, or leave `total` out");
        push_unless_unknown(fault, end.of, faults);
        return;
    }
    let Some(lists) = values_end.map(|end| end.lists).filter(|lists| *lists != 1) else { return };
    let through = if lists == 0 { "no list".to_owned() } else { format!("{lists} lists") };
    let title = format!("a total counts one list, and {} leads through {through}", quoted(values));
    faults.push(
        Diagnostic::new(Code::InvalidCompletion, total.at, title)
            .and(values.at, "the values")
            .help("leave `total` out"),
    );
}

/// A type that is a fault itself is taken for any JSON, and that fault is enough.
fn push_unless_unknown(fault: Diagnostic, of: &Type, faults: &mut Faults) {
    if *of != Type::Json || !faults.has(Code::UnknownType) {
        faults.push(fault);
    }
}
