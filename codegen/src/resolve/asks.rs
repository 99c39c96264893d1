//! What tools ask while they run: that each asks for one thing, in words that can always be filled.

use std::collections::{BTreeSet, HashMap};

use super::{
    Faults, confirmation,
    fields::{ResolvedField, collision},
    form_schemas, forms,
    templates::Template,
    types::ResolvedTypes,
};
use crate::{
    api::{self, AskKind},
    diagnostic::{Code, Diagnostic, in_sentence, quoted},
    manifest::{self, Ask, Name, Text},
    names,
    source::{Place, Sources},
};

/// What the asks of a tool are, and the named types in their forms.
pub(super) struct ResolvedAsks {
    pub(super) api: Vec<api::Ask>,
    pub(super) types: BTreeSet<usize>,
}

/// What the words of an ask are checked against.
struct Within<'w, 'm> {
    sources: &'w Sources,
    input: &'w [ResolvedField<'m>],
    types: &'w ResolvedTypes<'m>,
}

/// Checks what a tool asks.
pub(super) fn resolve(
    sources: &Sources,
    tool: &manifest::Tool,
    input: &[ResolvedField<'_>],
    types: &ResolvedTypes<'_>,
    faults: &mut Faults,
) -> ResolvedAsks {
    let mut resolved = ResolvedAsks { api: Vec::new(), types: BTreeSet::new() };
    if let (Some(question), Some((name, _))) = (&tool.confirm, tool.asks.first()) {
        faults.push(
            Diagnostic::new(Code::MisplacedAsk, name.at, "a tool that is confirmed cannot ask anything else")
                .and(question.at, "asks for the confirmation")
                .help("remove `confirm` or `asks`; what is asked can be agreed to as well, with a field of the type `boolean`"),
        );
    }
    let within = Within { sources, input, types };
    let mut seen: HashMap<String, &Name> = HashMap::new();
    for (name, ask) in tool.asks.iter() {
        let rust = names::ask(name).unwrap_or_else(|refusal| {
            faults.refuse(name, refusal);
            name.value.clone()
        });
        let answer = names::answer(&rust);
        for rust in [rust.clone(), answer.clone()] {
            if let Some(first) = seen.insert(rust.clone(), name).filter(|first| first.at != name.at) {
                faults.push(collision("asks", first, name, &rust));
            }
        }
        if let Some(kind) = kind(name, ask, &within, &mut resolved.types, faults) {
            resolved.api.push(api::Ask { key: name.value.clone(), rust, answer, kind, optional: ask.optional });
        }
    }
    resolved
}

fn kind(
    name: &Name,
    ask: &Ask,
    within: &Within<'_, '_>,
    types: &mut BTreeSet<usize>,
    faults: &mut Faults,
) -> Option<AskKind> {
    let Ask { elicit, form, schema, sample, max_tokens, roots, optional: _ } = ask;
    let form_at = form.as_ref().map(|form| form.first().map_or(name.at, |(field, _)| field.at));
    let schema_at = schema.as_ref().map(|schema| schema.at);
    let tokens_at = max_tokens.as_ref().map(|tokens| tokens.at);
    match (elicit, sample, roots) {
        (Some(message), None, None) => {
            refuse(message.at, "a form", &[("max_tokens", tokens_at)], faults);
            check_words(message, within, faults);
            let form = match (form, schema) {
                (Some(form), None) => {
                    let resolved = forms::resolve(form, names::field, within.types, faults);
                    types.extend(resolved.types);
                    api::AskForm { schema: resolved.schema, fields: Some(resolved.fields) }
                }
                (None, Some(schema)) => {
                    form_schemas::check(schema, faults);
                    api::AskForm { schema: schema.to_json(), fields: None }
                }
                (None, None) => {
                    faults.push(
                        shape(message.at, "this asks for nothing").help("add `form`, with the fields to fill in"),
                    );
                    return None;
                }
                (Some(_), Some(schema)) => {
                    let fault = shape(schema.at, "a form has fields or a schema, and this has both");
                    faults.push(fault.and(form_at.unwrap_or(name.at), "the fields").help("remove one of the two"));
                    return None;
                }
            };
            Some(AskKind::Elicit { message: message.value.clone(), form })
        }
        (None, Some(prompt), None) => {
            refuse(prompt.at, "the model", &[("form", form_at), ("schema", schema_at)], faults);
            check_words(prompt, within, faults);
            let Some(max_tokens) = max_tokens else {
                let help = "add `max_tokens`, the longest answer that is of use, as `max_tokens: 500`";
                faults.push(shape(prompt.at, "this does not say how long the answer can be").help(help));
                return None;
            };
            Some(AskKind::Sample { prompt: prompt.value.clone(), max_tokens: max_tokens.value })
        }
        (None, None, Some(roots)) => {
            let others = [("form", form_at), ("schema", schema_at), ("max_tokens", tokens_at)];
            refuse(roots.at, "folders", &others, faults);
            if !roots.value {
                faults.push(shape(roots.at, "this asks for nothing").help("write `roots: true`, or remove it"));
            }
            Some(AskKind::Roots)
        }
        (None, None, None) => {
            let title = format!("{} does not say what it asks for", quoted(name));
            faults.push(
                shape(name.at, title)
                    .help("add `elicit` with a `form`, or `sample` with `max_tokens`, or `roots: true`"),
            );
            None
        }
        _ => {
            let given = [("elicit", elicit.is_some()), ("sample", sample.is_some()), ("roots", roots.is_some())];
            let given: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect();
            let title = format!("{} asks for several things at once: {}", quoted(name), in_sentence(&given, "and"));
            faults.push(shape(name.at, title).help("make an ask of each: a handler can ask them together"));
            None
        }
    }
}

fn shape(at: Place, title: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::AskShape, at, title)
}

/// Keys that say nothing about what is asked.
fn refuse(asked: Place, what: &str, others: &[(&str, Option<Place>)], faults: &mut Faults) {
    for (key, at) in others.iter().filter_map(|(key, at)| Some((key, (*at)?))) {
        let title = format!("`{key}` says nothing about an ask of {what}");
        faults.push(shape(at, title).and(asked, "what it asks").help("remove it"));
    }
}

fn check_words(text: &Text, within: &Within<'_, '_>, faults: &mut Faults) {
    confirmation::about(within.sources, text, Template::Ask, within.input, within.types, faults);
}
