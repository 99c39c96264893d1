//! Resources: their URIs, what they are, and which scopes they need.

use std::borrow::Cow;

use serde_json::Value;
use toolwright_core::{
    Requirement,
    address::Unfit,
    resource::{UriTemplate, is_json, is_media_type, is_text},
};

use super::{
    Faults,
    completions::{self, Suggested, nothing},
    constants::refusals,
    prompts::{Within, words},
    scopes::Asks,
    server::check_line,
    text,
    tools::{self, ResolvedTool},
    types::ResolvedShape,
};
use crate::{
    api::{self, ArgumentValues, ResourceContent, Type},
    attached::Attached,
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{
        self, Name,
        fields::Secret,
        resources::ResourceVariable,
        tools::{ContentKind, ToolAccess},
    },
    names,
    source::{Place, Spanned},
};

const PLAIN_TEXT: &str = "text/plain";
const JSON: &str = "application/json";

/// A resource that was checked.
pub(crate) struct ResolvedResource {
    pub(crate) api: api::Resource,
}

/// Checks the resources.
pub(crate) fn resolve(within: Within<'_, '_>, attached: &Attached, faults: &mut Faults) -> Vec<ResolvedResource> {
    let entries = &within.sections.resources.entries;
    check_uris(entries, faults);
    entries.iter().filter_map(|(name, resource)| one(name, resource, within, attached, faults)).collect()
}

/// A resource as it is declared, with the variables of its URI.
#[derive(Clone, Copy)]
struct Declared<'d, 'm> {
    resource: &'m manifest::Resource,
    variables: &'d [&'m str],
}

/// What a resource is, and what it asks for.
struct Content {
    requirement: Requirement,
    media_type: String,
    body: ResourceContent,
}

fn one(
    name: &Name,
    resource: &manifest::Resource,
    within: Within<'_, '_>,
    attached: &Attached,
    faults: &mut Faults,
) -> Option<ResolvedResource> {
    if let Err(refusal) = names::resource(name) {
        faults.refuse(name, refusal);
    }
    resource.title.iter().for_each(|title| check_line(title, faults));
    check_media_type(resource, faults);
    // What is wrong with the URI is told already.
    let template = UriTemplate::parse(&resource.uri.value).ok();
    let variables: Vec<&str> = template.iter().flat_map(UriTemplate::variables).collect();
    if template.is_some() {
        check_variables(resource, &variables, faults);
    }
    let declared = Declared { resource, variables: &variables };
    let manifest::Resource { text, file, tool, .. } = resource;
    let content = match (text, file, tool) {
        (Some(text), None, None) => fixed(name, declared, within, faults, |media_type, faults| {
            check_is_text(media_type, text.at, resource, faults);
            Some(ResourceContent::Text(text.value.clone()))
        }),
        (None, Some(file), None) => fixed(name, declared, within, faults, |media_type, faults| {
            // What the file is, is told already where nothing says it.
            resource.media_type.as_ref()?;
            content_of(file, media_type, attached, faults)
        }),
        (None, None, Some(tool)) => answered(tool, declared, within, faults),
        (text, file, tool) => {
            let several = [
                text.as_ref().map(|text| text.at),
                file.as_ref().map(|file| file.at),
                tool.as_ref().map(|tool| tool.at),
            ];
            faults.push(not_one(name, &several.into_iter().flatten().collect::<Vec<_>>()));
            None
        }
    };
    let Content { requirement, media_type, body } = content?;
    Some(ResolvedResource {
        api: api::Resource {
            name: name.value.clone(),
            uri: resource.uri.value.clone(),
            title: resource.title.as_ref().map(|title| title.value.clone()),
            description: resource.description.value.clone(),
            media_type,
            requirement,
            scope_note: resource.scope_note.as_ref().map(|note| note.value.clone()),
            content: body,
            subscribe: resource.subscribe,
        },
    })
}

fn not_one(name: &Name, found: &[Place]) -> Diagnostic {
    let all = "`text`, `file` or `tool`";
    if let [first, second, ..] = found {
        let title = format!("{} is one thing: {all}", quoted(name));
        return Diagnostic::new(Code::InvalidResource, *second, title)
            .and(*first, "and this")
            .help("remove one of the two");
    }
    let title = format!("nothing says what {} is", quoted(name));
    Diagnostic::new(Code::InvalidResource, name.at, title).help(format!("give it {all}"))
}

/// Every URI leads to one resource, and every resource has URIs: one without variables is found before all templates, and
/// among these the one that is declared first.
fn check_uris(entries: &[(&Name, &manifest::Resource)], faults: &mut Faults) {
    let mut seen: Vec<(UriTemplate<'_>, &Name)> = Vec::new();
    for (_, resource) in entries {
        let uri = &resource.uri;
        match UriTemplate::parse(&uri.value) {
            Ok(template) => {
                let is_single = |template: &UriTemplate<'_>| template.variables().next().is_none();
                let covers =
                    |other: &UriTemplate<'_>| other.covers(&template) && is_single(other) == is_single(&template);
                if let Some((other, first)) = seen.iter().find(|(other, _)| covers(other)) {
                    faults.push(if template.covers(other) {
                        let title = format!("{} is the URI of two resources", quoted(uri));
                        Diagnostic::new(Code::DuplicateDeclaration, uri.at, title)
                            .label("again")
                            .and(first.at, "first here")
                            .help("give one of the two another URI")
                    } else {
                        let title = format!("every URI of {} is that of another resource", quoted(uri));
                        Diagnostic::new(Code::InvalidResource, uri.at, title)
                            .and(first.at, "which has them all, and is declared before")
                            .help("declare this one first, or give one of the two another URI")
                    });
                }
                seen.push((template, uri));
            }
            Err(Unfit { why, help }) => {
                let title = format!("the URI {} {why}", quoted(uri));
                faults.push(Diagnostic::new(Code::InvalidResource, uri.at, title).help(help));
            }
        }
    }
}

/// The variables of the URI are those that are described.
fn check_variables(resource: &manifest::Resource, variables: &[&str], faults: &mut Faults) {
    for (name, _) in resource.variables.iter().filter(|(name, _)| !variables.contains(&name.value.as_str())) {
        let title = format!("the URI has no variable {}", quoted(name));
        let fault = Diagnostic::new(Code::InvalidResource, name.at, title).and(resource.uri.at, "the URI");
        faults.push(fault.maybe_help(suggestion(name, variables.iter().copied())));
    }
    let is_described = |variable: &&&str| resource.variables.iter().any(|(name, _)| name.value == ***variable);
    for variable in variables.iter().filter(|variable| !is_described(variable)) {
        let title = format!("nothing describes the variable {}", quoted(variable));
        let help = format!("add it: `variables: {{{variable}: {{description: …}}}}`");
        faults.push(Diagnostic::new(Code::InvalidResource, resource.uri.at, title).help(help));
    }
}

fn check_media_type(resource: &manifest::Resource, faults: &mut Faults) {
    let Some(media_type) = resource.media_type.as_ref().filter(|media_type| !is_media_type(media_type)) else { return };
    let title = format!("{} is no media type", quoted(media_type));
    let help = "write a type and a subtype in lower case, as `text/markdown`";
    faults.push(Diagnostic::new(Code::InvalidResource, media_type.at, title).help(help));
}

/// A text or a file, which is the same for every caller.
fn fixed(
    name: &Name,
    Declared { resource, variables }: Declared<'_, '_>,
    within: Within<'_, '_>,
    faults: &mut Faults,
    content: impl FnOnce(&str, &mut Faults) -> Option<ResourceContent>,
) -> Option<Content> {
    if let Some(variable) = variables.first() {
        let title = format!("a text or a file is one resource, and this URI has the variable {}", quoted(variable));
        faults.push(
            Diagnostic::new(Code::InvalidResource, resource.uri.at, title)
                .help("leave the variable out, or let a tool answer: `tool: …`"),
        );
    }
    if let Some(input) = &resource.input {
        faults.push(
            Diagnostic::new(Code::InvalidResource, input.at, "no tool is called for this resource")
                .help("remove `input`, or let a tool answer: `tool: …`"),
        );
    }
    let media_type = resource.media_type.as_ref().map_or(PLAIN_TEXT, |media_type| media_type.value.as_str());
    if let (Some(file), None) = (&resource.file, &resource.media_type) {
        faults.push(
            Diagnostic::new(Code::InvalidResource, file.at, "nothing says what this file is")
                .help("add its media type, as `media_type: text/markdown`"),
        );
    }
    let content = content(media_type, faults);
    let Some(scope) = &resource.scope else {
        let title = format!("nothing says who may read {}", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidResource, name.at, title)
                .help("add the scope that it asks for: `scope: …`, or `scope: session` for every valid credential"),
        );
        return None;
    };
    let requirement = within.scopes.requirement(scope, faults);
    let asks = Asks { what: "resource", at: name.at, scope, note: resource.scope_note.as_ref() };
    within.scopes.check_reading(asks, &requirement, faults);
    Some(Content { requirement, media_type: media_type.to_owned(), body: content? })
}

fn check_is_text(media_type: &str, at: Place, resource: &manifest::Resource, faults: &mut Faults) {
    if !is_media_type(media_type) || is_text(media_type) {
        return;
    }
    let title = format!("{} is not the media type of a text", quoted(media_type));
    let place = resource.media_type.as_ref().map_or(at, |media_type| media_type.at);
    faults.push(
        Diagnostic::new(Code::InvalidResource, place, title)
            .and(at, "the text")
            .help("correct it, or put the content into a `file`"),
    );
}

fn content_of(file: &Name, media_type: &str, attached: &Attached, faults: &mut Faults) -> Option<ResourceContent> {
    let content = attached.get(&file.value)?;
    if content.is_empty() {
        let title = format!("{} is empty", quoted(file));
        faults.push(Diagnostic::new(Code::InvalidResource, file.at, title).help("name a file with something in it"));
        return None;
    }
    if !is_text(media_type) {
        return Some(ResourceContent::Bytes(content.to_vec()));
    }
    let Ok(text) = std::str::from_utf8(content) else {
        let title = format!("{} is text by its media type, and is not UTF-8", quoted(file));
        faults.push(
            Diagnostic::new(Code::InvalidResource, file.at, title).help("save it as UTF-8, or correct `media_type`"),
        );
        return None;
    };
    // As checkouts may have it; the digest of the inputs is the same.
    let text = text.replace("\r\n", "\n");
    text::check_file(file, &text, faults);
    Some(ResourceContent::Text(text))
}

/// What a tool answers.
fn answered(name: &Name, declared: Declared<'_, '_>, within: Within<'_, '_>, faults: &mut Faults) -> Option<Content> {
    let Declared { resource, variables } = declared;
    for asked in resource.scope.iter().filter_map(|scope| Some(scope.clauses().first()?.first()?.at)) {
        faults.push(
            Diagnostic::new(Code::InvalidResource, asked, "what a tool answers asks for the scope of that tool")
                .and(name.at, "the tool")
                .help("remove `scope`"),
        );
    }
    if let Some(note) = &resource.scope_note {
        faults.push(
            Diagnostic::new(Code::InvalidResource, note.at, "a note is about a scope of the resource's own")
                .help("remove the note: the tool has one where it needs it"),
        );
    }
    let media_type = resource.media_type.as_ref().map_or(JSON, |media_type| media_type.value.as_str());
    let place = tools::place(name, within.sections, faults)?;
    let tool = within.tools.get(place)?;
    if let Some(declared) = resource
        .media_type
        .as_ref()
        .filter(|_| tool.declared.output.is_some())
        .filter(|declared| is_media_type(declared) && !is_json(declared))
    {
        let title = format!("the result of {} is JSON, and not {}", quoted(name), quoted(declared));
        faults.push(Diagnostic::new(Code::InvalidResource, declared.at, title).help("leave `media_type` out"));
    }
    check_access(name, tool, faults);
    if let Some(content) = tool.declared.content.as_ref() {
        check_content(name, resource, content, faults);
    }
    check_input(name, declared, tool, faults);
    let variables = variables
        .iter()
        .filter_map(|variable| resource.variables.iter().find(|(name, _)| name.value == **variable))
        .filter_map(|(name, variable)| argument(name, variable, tool, within, faults))
        .collect();
    let input = resource.input.as_ref().map_or_else(|| nothing(name.at).to_json(), Spanned::to_json);
    Some(Content {
        requirement: tool.api.requirement.clone(),
        media_type: media_type.to_owned(),
        body: ResourceContent::Tool { tool: place, input, variables },
    })
}

/// To read a resource changes nothing, so that clients do it by themselves.
fn check_access(name: &Name, tool: &ResolvedTool<'_>, faults: &mut Faults) {
    let manifest::Tool { access, records, asks, .. } = tool.declared;
    let (does, at, what) = match (records, asks.first()) {
        _ if access.value != ToolAccess::Read => ("does more than read", access.at, "its access"),
        (Some(records), _) => ("leaves a record", records.at, "what it records"),
        (None, Some((ask, _))) => ("asks for something", ask.at, "what it asks"),
        (None, None) => return,
    };
    let title = format!("{} {does}, and clients read resources by themselves", quoted(name));
    faults.push(
        Diagnostic::new(Code::InvalidResource, name.at, title)
            .and(at, what)
            .help("name a tool with `access: read` that records and asks nothing"),
    );
}

/// Content that can be read, of which the list of resources says what it is.
fn check_content(
    name: &Name,
    resource: &manifest::Resource,
    content: &Spanned<Vec<Spanned<ContentKind>>>,
    faults: &mut Faults,
) {
    let fault = |title: String| Diagnostic::new(Code::InvalidResource, name.at, title).and(content.at, "its content");
    if content.iter().all(|kind| kind.value == ContentKind::ResourceLink) {
        let title = format!("{} only says where a resource is", quoted(name));
        faults.push(fault(title).help("name a tool that answers with the content itself"));
    } else if resource.media_type.is_none() {
        let title = format!("nothing says what the content of {} is", quoted(name));
        faults.push(fault(title).help("add its media type, as `media_type: text/plain`"));
    }
}

/// The tool takes what it is called with, whatever the variables are.
fn check_input(name: &Name, declared: Declared<'_, '_>, tool: &ResolvedTool<'_>, faults: &mut Faults) {
    let Declared { resource, variables } = declared;
    let input = resource.input.as_ref().map_or_else(|| Cow::Owned(nothing(name.at)), Cow::Borrowed);
    for variable in variables {
        if let Some((key, _)) = input.entry(variable) {
            let title = format!("{} is a variable of the URI", quoted(variable));
            faults.push(
                Diagnostic::new(Code::InvalidResource, key.at, title)
                    .and(resource.uri.at, "the URI")
                    .help("remove it here, or there"),
            );
        }
    }
    let mut schema = tool.api.input_schema.clone();
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !variables.iter().any(|variable| *name == **variable));
    }
    for fault in refusals(Code::InvalidResource, "the resource", &input, &schema) {
        faults.push(fault.and(tool.name.at, "the tool that answers"));
    }
}

/// A variable as an argument of the tool.
fn argument(
    name: &Name,
    declared: &ResourceVariable,
    tool: &ResolvedTool<'_>,
    within: Within<'_, '_>,
    faults: &mut Faults,
) -> Option<api::ResourceVariable> {
    let invalid = |title: String| Diagnostic::new(Code::InvalidResource, name.at, title);
    let arguments: Vec<&str> = tool.api.arguments().map(|field| field.wire.as_str()).collect();
    let Some(field) = tool.api.arguments().find(|field| field.wire == name.value) else {
        let title = format!("the tool {} has no argument {}", quoted(tool.name), quoted(name));
        faults.push(invalid(title).maybe_help(suggestion(name, arguments)));
        return None;
    };
    let input = tool.input.iter().find(|field| field.name.value == name.value);
    if let Some(secret) =
        input.and_then(|input| input.declared.secret.as_ref()).filter(|secret| secret.value == Secret::Omit)
    {
        let title = format!("{} is a secret, and URIs are shown and recorded", quoted(name));
        faults.push(invalid(title).and(secret.at, "declared here").help("take it as an argument of a tool only"));
    }
    let choice = match &field.of {
        Type::String | Type::Integer => None,
        Type::Named(place) if matches!(within.types.list[*place].shape, ResolvedShape::Enum(_)) => Some(*place),
        _ => {
            let title = format!("the argument {} is not what a part of a URI can say", quoted(name));
            let help = "name an argument of the type `string` or `integer`, or a choice of words";
            let declared = input.map(|input| input.name.at);
            let fault = invalid(title).help(help);
            faults.push(declared.into_iter().fold(fault, |fault, at| fault.and(at, "declared here")));
            return None;
        }
    };
    let completion = declared.complete.as_ref();
    let listed =
        completion.and_then(|completion| completions::resolve(completion, Suggested::Resource, within, faults));
    if let (Some(place), Some(completion)) = (choice, completion) {
        let title = format!("{} is a choice of words, which complete it already", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidCompletion, completion.tool.at, title)
                .and(within.types.list[place].name.at, "the choice")
                .help("remove `complete`"),
        );
    }
    Some(api::ResourceVariable {
        name: name.value.clone(),
        description: declared.description.value.clone(),
        is_integer: field.of == Type::Integer,
        values: match (choice, listed) {
            (Some(place), _) => ArgumentValues::Words(words(within.types, place)),
            (None, Some(completion)) => ArgumentValues::Listed(completion),
            (None, None) => ArgumentValues::Text,
        },
    })
}
