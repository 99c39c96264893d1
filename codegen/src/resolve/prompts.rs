//! Prompts: what they are called, what fills their gaps, and which scopes they need.

use super::{
    Faults, completions,
    declared::Sections,
    fields::unknown_type,
    scopes::ResolvedScopes,
    server::check_line,
    templates::{self, Argument, Gap, Template},
    tools::{self, ResolvedTool},
    types::{Lookup, ResolvedShape, ResolvedTypes},
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{
        self, Name,
        tools::{Completion, Role},
    },
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
        let listed = listed.and_then(|completion| completions::resolve(completion, prompt, within, faults));
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
        });
    }
    check_messages(prompt, &arguments, within, faults);
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
        messages: prompt
            .messages
            .iter()
            .map(|message| api::PromptMessage {
                role: match message.role {
                    Role::User => api::Role::User,
                    Role::Assistant => api::Role::Assistant,
                },
                template: message.text.value.clone(),
            })
            .collect(),
    };
    ResolvedPrompt { types: used_types, api }
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

fn words(types: &ResolvedTypes<'_>, at: usize) -> Vec<String> {
    match &types.list[at].shape {
        ResolvedShape::Enum(words) => words.iter().map(|word| word.wire.clone()).collect(),
        ResolvedShape::Object(_) | ResolvedShape::Union { .. } => Vec::new(),
    }
}

/// Every gap has something to fill it, whatever a person leaves out, and everything fills a gap.
fn check_messages(
    prompt: &manifest::Prompt,
    arguments: &[api::PromptArgument],
    within: Within<'_, '_>,
    faults: &mut Faults,
) {
    let fillable: Vec<Argument<'_>> = arguments.iter().map(fillable).collect();
    let mut named = Vec::new();
    let mut is_readable = true;
    for message in &prompt.messages {
        let gaps = templates::gaps(within.sources, &message.text, Template::Message, faults);
        is_readable &= gaps.is_some();
        for (gap, at) in gaps.unwrap_or_default() {
            match gap {
                Gap::Tool(name) => check_tool(&name, at, prompt, within.sections, faults),
                Gap::Argument(mention) => {
                    templates::check_mention(&mention, at, Template::Message, &fillable, faults);
                    named.push(mention.name);
                }
            }
        }
    }
    for (argument, _) in prompt.arguments.iter().filter(|(argument, _)| is_readable && !named.contains(&argument.value))
    {
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
