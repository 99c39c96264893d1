//! Prompts: what they are called, what fills their gaps, and which scopes they need.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Faults,
    completions::{self, Suggested},
    declared::Sections,
    fields::unknown_type,
    forms, messages,
    scopes::ResolvedScopes,
    server::check_line,
    templates::{self, Argument, Gap, Template},
    tools::{self, ResolvedTool},
    types::{Lookup, ResolvedShape, ResolvedTypes},
};
use crate::{
    api::{self, Type},
    attached::Attached,
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{self, Name, tools::Completion},
    names,
    source::{Place, Sources},
};

/// The type of an argument that is free text.
const STRING: &str = "string";

/// A prompt that was checked.
pub(crate) struct ResolvedPrompt {
    /// The types that its arguments have.
    pub(crate) types: Vec<usize>,
    pub(crate) api: api::Prompt,
}

/// What prompts are checked against.
#[derive(Clone, Copy)]
pub(crate) struct Within<'w, 'm> {
    pub(crate) sources: &'w Sources,
    pub(crate) sections: &'w Sections<'m>,
    pub(crate) scopes: &'w ResolvedScopes<'w, 'm>,
    pub(crate) types: &'w ResolvedTypes<'m>,
    pub(crate) tools: &'w [ResolvedTool<'m>],
    /// What is in the files that messages name.
    pub(crate) files: &'w Attached,
}

/// Checks the prompts.
pub(crate) fn resolve(within: Within<'_, '_>, faults: &mut Faults) -> Vec<ResolvedPrompt> {
    within.sections.prompts.entries.iter().map(|(name, prompt)| one(name, prompt, within, faults)).collect()
}

fn one(name: &Name, prompt: &manifest::Prompt, within: Within<'_, '_>, faults: &mut Faults) -> ResolvedPrompt {
    let types = within.types;
    if let Err(refusal) = names::prompt(name) {
        faults.refuse(name, refusal);
    }
    prompt.title.iter().for_each(|title| check_line(title, faults));
    faults.check_once(prompt.uses.iter().map(|used| (used.value.as_str(), used.at)));
    let uses: Vec<usize> = prompt.uses.iter().filter_map(|used| tools::place(used, within.sections, faults)).collect();
    let mut used_types = Vec::new();
    let mut arguments = Vec::new();
    for (argument, declared) in prompt.arguments.iter() {
        if let Err(refusal) = names::prompt_argument(argument) {
            faults.refuse(argument, refusal);
        }
        let choice = declared.of.as_ref().and_then(|of| choice(of, types, faults));
        used_types.extend(choice);
        let listed = declared.complete.as_ref();
        let listed =
            listed.and_then(|completion| completions::resolve(completion, Suggested::Prompt(prompt), within, faults));
        if let (Some(_), Some(of), Some(completion)) = (choice, &declared.of, &declared.complete) {
            faults.push(completed_twice(argument, of, completion));
        }
        arguments.push(api::PromptArgument {
            name: argument.value.clone(),
            description: declared.description.value.clone(),
            required: declared.required,
            values: match (choice, listed) {
                (Some(at), _) => api::ArgumentValues::Words(words(types, at)),
                (None, Some(completion)) => api::ArgumentValues::Listed(completion),
                (None, None) => api::ArgumentValues::Text,
            },
            form: None,
            is_asked: false,
        });
    }
    let fillable: Vec<Argument<'_>> = arguments.iter().map(fillable).collect();
    let asked = asks(prompt, &fillable, within, faults);
    used_types.extend(asked.types);
    let fields = asked.fields.iter().map(|field| Argument {
        name: &field.argument.name,
        is_always_given: field.is_always_given,
        words: field.words(),
    });
    let fillable: Vec<Argument<'_>> = fillable.into_iter().chain(fields).collect();
    check_messages(prompt, &fillable, asked.named.as_deref(), within, faults);
    arguments.extend(asked.fields.into_iter().map(|field| field.argument));
    let api = api::Prompt {
        name: name.value.clone(),
        title: prompt.title.as_ref().map(|title| title.value.clone()),
        description: prompt.description.value.clone(),
        requirement: within
            .scopes
            .algebra()
            .union(uses.iter().filter_map(|at| within.tools.get(*at)).map(|tool| &tool.api.requirement)),
        arguments,
        uses,
        asks: asked.api,
        messages: (1..)
            .zip(&prompt.messages)
            .filter_map(|(place, message)| {
                messages::resolve(name, message, &format!("{}-{place}", name.value), within.files, faults)
            })
            .collect(),
    };
    ResolvedPrompt { types: used_types, api }
}

/// What a person is asked for, and what it fills.
#[derive(Default)]
struct Asked {
    api: Vec<api::PromptAsk>,
    fields: Vec<AskedField>,
    types: Vec<usize>,
    /// The arguments that the questions name; nothing where one cannot be read.
    named: Option<Vec<String>>,
}

/// A field of a form, as an argument.
struct AskedField {
    argument: api::PromptArgument,
    /// Whether it has a value in every message.
    is_always_given: bool,
    is_boolean: bool,
}

impl AskedField {
    /// The only texts that it can be.
    fn words(&self) -> Option<&[String]> {
        match self.argument.values.words() {
            // It holds or does not, and is no text.
            _ if self.is_boolean => Some(&[]),
            [] => None,
            words => Some(words),
        }
    }
}

/// Checks what a person is asked for. A field has one name among all that fill the messages.
fn asks(prompt: &manifest::Prompt, arguments: &[Argument<'_>], within: Within<'_, '_>, faults: &mut Faults) -> Asked {
    let mut asked = Asked { named: Some(Vec::new()), ..Asked::default() };
    let declared = prompt.arguments.iter().map(|(argument, _)| argument);
    let mut names: HashMap<&str, &Name> = declared.map(|name| (name.value.as_str(), name)).collect();
    for (key, ask) in prompt.asks.iter() {
        if let Err(refusal) = names::ask(key) {
            faults.refuse(key, refusal);
        }
        let gaps = templates::gaps(within.sources, &ask.elicit, Template::PromptAsk, faults);
        asked.named = asked.named.filter(|_| gaps.is_some());
        for (gap, at) in gaps.unwrap_or_default() {
            let Gap::Argument(mention) = gap else { continue };
            templates::check_mention(&mention, at, Template::PromptAsk, arguments, faults);
            asked.named.iter_mut().for_each(|named| named.push(mention.name.clone()));
        }
        let rust = |name: &str| names::prompt_argument(name).map(|()| name.to_owned());
        let form = forms::resolve(&ask.form, rust, within.types, faults);
        if ask.form.is_empty() {
            let fault = Diagnostic::new(Code::AskShape, key.at, format!("{} asks for nothing", quoted(key)));
            faults.push(fault.help("add a field to its `form`"));
        }
        for (name, field) in ask.form.iter() {
            if let Some(first) = names.insert(&name.value, name) {
                let title = format!("two things of this prompt are called {}", quoted(name));
                faults.push(
                    Diagnostic::new(Code::NameCollision, name.at, title)
                        .and(first.at, "the other")
                        .help("rename one of the two: a message could not tell them apart"),
                );
            }
            if field.of.value == "array" {
                let title = format!("{} is a list, which no argument of a prompt can be", quoted(name));
                faults.push(
                    Diagnostic::new(Code::ArgumentType, field.of.at, title)
                        .help("ask for one word, or for a boolean for each: what a person is asked for can be given as an argument too"),
                );
            }
        }
        asked.types.extend(form.types);
        asked.fields.extend(form.fields.iter().map(|api::FormField { title: _, field }| AskedField {
            argument: api::PromptArgument {
                name: field.wire.clone(),
                description: field.description.clone(),
                required: false,
                values: field_values(&field.of, &form.schema["properties"][&field.wire], within.types),
                form: in_words(field),
                is_asked: true,
            },
            is_always_given: !ask.optional && (field.required || field.default.is_some()),
            is_boolean: field.of == Type::Boolean,
        }));
        asked.api.push(api::PromptAsk {
            key: key.value.clone(),
            message: ask.elicit.value.clone(),
            schema: form.schema,
            optional: ask.optional,
        });
    }
    asked
}

/// What a field has to be, beside a choice of words.
fn in_words(field: &api::Field) -> Option<String> {
    let of = match field.of {
        Type::Integer => "a whole number",
        Type::Number => "a number",
        _ => "text",
    };
    let words: Vec<&str> = [of, field.bounds.as_str()].into_iter().filter(|words| !words.is_empty()).collect();
    (words != ["text"]).then(|| words.join(", "))
}

/// Which texts a field can be as an argument.
fn field_values(of: &Type, schema: &Value, types: &ResolvedTypes<'_>) -> api::ArgumentValues {
    match of {
        Type::Named(at) => api::ArgumentValues::Words(words(types, *at)),
        Type::Boolean => api::ArgumentValues::Words(["true", "false"].map(str::to_owned).into()),
        Type::String if schema["enum"].is_array() => {
            let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            api::ArgumentValues::Words(words.map(str::to_owned).collect())
        }
        _ => api::ArgumentValues::Text,
    }
}

/// The place of the type that an argument's words are from.
fn choice(of: &Name, types: &ResolvedTypes<'_>, faults: &mut Faults) -> Option<usize> {
    if of.value == STRING {
        return None;
    }
    let fault = Diagnostic::new(
        Code::ArgumentType,
        of.at,
        format!("an argument of a prompt is text or one of several words, and {} is neither", quoted(of)),
    );
    match types.index.lookup(of) {
        Lookup::Faulty => None,
        Lookup::Unknown if fields_only(of) => {
            faults.push(fault.help("clients send text: leave the type out, or name a type with `enum`"));
            None
        }
        Lookup::Unknown => {
            faults.push(unknown_type(of, of.at, &types.index));
            None
        }
        Lookup::Type(at) => match types.list[at].shape {
            ResolvedShape::Enum(_) => Some(at),
            ResolvedShape::Object(_) | ResolvedShape::Union { .. } => {
                faults.push(fault.and(types.list[at].name.at, "declared here").help("name a type with `enum`"));
                None
            }
        },
    }
}

/// An argument whose values are known has no use for a tool that lists some.
fn completed_twice(argument: &Name, of: &Name, completion: &Completion) -> Diagnostic {
    let title = format!("{} is a choice of words, which complete it already", quoted(argument));
    Diagnostic::new(Code::InvalidCompletion, completion.tool.at, title)
        .and(of.at, "the choice")
        .help("remove `complete`, or the type")
}

/// Whether a field can have the type, and no argument of a prompt.
fn fields_only(of: &str) -> bool {
    super::fields::BUILT_IN.contains(&of)
}

pub(super) fn words(types: &ResolvedTypes<'_>, at: usize) -> Vec<String> {
    match &types.list[at].shape {
        ResolvedShape::Enum(words) => words.iter().map(|word| word.wire.clone()).collect(),
        ResolvedShape::Object(_) | ResolvedShape::Union { .. } => Vec::new(),
    }
}

/// Every gap has something to fill it, whatever a person leaves out, and everything fills a gap.
fn check_messages(
    prompt: &manifest::Prompt,
    fillable: &[Argument<'_>],
    asked: Option<&[String]>,
    within: Within<'_, '_>,
    faults: &mut Faults,
) {
    let mut is_readable = asked.is_some();
    let mut named = asked.unwrap_or_default().to_vec();
    for text in prompt.messages.iter().flat_map(messages::templates) {
        let gaps = templates::gaps(within.sources, text, Template::Message, faults);
        is_readable &= gaps.is_some();
        for (gap, at) in gaps.unwrap_or_default() {
            match gap {
                Gap::Tool(name) => check_tool(&name, at, prompt, within.sections, faults),
                Gap::Argument(mention) => {
                    templates::check_mention(&mention, at, Template::Message, fillable, faults);
                    named.push(mention.name);
                }
            }
        }
    }
    let arguments = prompt.arguments.iter().map(|(argument, _)| argument);
    let fields = prompt.asks.iter().flat_map(|(_, ask)| ask.form.iter().map(|(field, _)| field));
    for argument in arguments.chain(fields).filter(|argument| is_readable && !named.contains(&argument.value)) {
        let title = format!("no message names the argument {}", quoted(argument));
        let help = format!("write `{{{{ {} }}}}` in a message, or remove the argument", argument.value);
        faults.push(Diagnostic::new(Code::UnusedArgument, argument.at, title).help(help));
    }
}

fn fillable(argument: &api::PromptArgument) -> Argument<'_> {
    let words = argument.values.words();
    Argument { name: &argument.name, is_always_given: argument.required, words: (!words.is_empty()).then_some(words) }
}

/// A tool that a message or a completion names is one that the prompt uses, and asks the scopes of.
pub(super) fn check_tool(
    name: &str,
    at: Place,
    prompt: &manifest::Prompt,
    sections: &Sections<'_>,
    faults: &mut Faults,
) {
    let used = prompt.uses.iter().map(|used| used.value.as_str());
    if used.clone().any(|used| used == name) {
        return;
    }
    let fault = Diagnostic::new(Code::UnknownTool, at, format!("this prompt does not use a tool {}", quoted(name)));
    faults.push(if sections.tools.position(name).is_some() {
        fault.help("add it to the prompt's `uses`: the prompt then needs the scopes of the tool too")
    } else {
        fault.maybe_help(suggestion(name, used))
    });
}
