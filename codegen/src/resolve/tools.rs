//! Tools: what they are called, what they take and what they answer.

use std::collections::BTreeSet;

use toolwright_core::Access;

use super::{
    Faults,
    asks::{self, ResolvedAsks},
    bindings::Argument,
    confirmation,
    declared::Sections,
    fields::{self, ResolvedField, unknown_type},
    scopes::ResolvedScopes,
    server::check_line,
    types::{Lookup, ResolvedShape, ResolvedTypes},
};
use crate::{
    api,
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{
        self, Name, OutputRule,
        tools::{ContentKind, ToolAccess},
    },
    names,
    source::Sources,
    types::{Property, Side},
};

/// A tool that was checked.
pub(crate) struct ResolvedTool<'m> {
    pub(crate) name: &'m Name,
    pub(crate) declared: &'m manifest::Tool,
    pub(crate) input: Vec<ResolvedField<'m>>,
    pub(crate) output: ResolvedOutput<'m>,
    /// The named types in the forms of what it asks.
    pub(crate) form_types: BTreeSet<usize>,
    pub(crate) api: api::Tool,
}

/// What a tool answers.
pub(crate) enum ResolvedOutput<'m> {
    Named(usize),
    Fields(Vec<ResolvedField<'m>>),
    Content(Vec<api::ContentKind>),
    /// A fault that is reported already.
    Unknown,
}

impl ResolvedTool<'_> {
    /// Every named type that the output is made of.
    pub(crate) fn output_types(&self, types: &ResolvedTypes<'_>) -> BTreeSet<usize> {
        match &self.output {
            ResolvedOutput::Named(at) => types.definitions.reached([*at]),
            ResolvedOutput::Fields(fields) => types.reached(fields),
            ResolvedOutput::Content(_) | ResolvedOutput::Unknown => BTreeSet::new(),
        }
    }
}

/// What a tool is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Among<'a, 'm> {
    pub(crate) sources: &'a Sources,
    pub(crate) sections: &'a Sections<'m>,
    pub(crate) scopes: &'a ResolvedScopes<'a, 'm>,
    pub(crate) types: &'a ResolvedTypes<'m>,
    /// The argument that names what a call is about.
    pub(crate) argument: Option<&'a Argument<'m>>,
}

/// Checks the tools.
pub(crate) fn resolve<'m>(among: Among<'_, 'm>, faults: &mut Faults) -> Vec<ResolvedTool<'m>> {
    let tools = among.sections.tools.entries.iter();
    tools.map(|(name, tool)| one(name, tool, among, faults)).collect()
}

fn one<'m>(name: &'m Name, tool: &'m manifest::Tool, among: Among<'_, 'm>, faults: &mut Faults) -> ResolvedTool<'m> {
    let Among { sources, sections, scopes, types, argument } = among;
    let module = names::tool(name).unwrap_or_else(|refusal| {
        faults.refuse(name, refusal);
        name.value.clone()
    });
    check_line(&tool.title, faults);
    if !sections.groups.declares(&tool.group) {
        let title = format!("there is no group {}", quoted(&tool.group));
        faults.push(
            Diagnostic::new(Code::UnknownGroup, tool.group.at, title)
                .maybe_help(suggestion(&tool.group, sections.groups.names())),
        );
    }
    let requirement = scopes.requirement(&tool.scope, faults);
    scopes.check_access(tool, &requirement, faults);
    let input = fields::resolve(&tool.input, &types.index, faults);
    let output = answer(name, tool, types, faults);
    // A tool is about what the credential reaches if and only if it asks for a scope.
    let bound = argument.filter(|_| !requirement.is_session()).map(|argument| argument.add_to(name, &input, faults));
    let confirmation = confirmation::resolve(sources, tool, &input, types, faults);
    let ResolvedAsks { api: asks, types: form_types } = asks::resolve(sources, tool, &input, types, faults);
    let (bound, bound_property) = bound.map(|bound| (bound.api, bound.property)).unzip();
    let added = bound_property.into_iter().chain(confirmation.iter().map(confirmation::property));
    let properties: Vec<Property> = input.iter().map(|field| field.property.clone()).chain(added).collect();
    check_records(tool, faults);
    tool.costs.iter().for_each(|costs| check_line(costs, faults));
    let api = api::Tool {
        name: name.value.clone(),
        module,
        title: tool.title.value.clone(),
        description: tool.description.value.clone(),
        group: sections.groups.position(&tool.group).unwrap_or_default(),
        access: match tool.access.value {
            ToolAccess::Read => Access::Read,
            ToolAccess::Write => Access::Write,
            ToolAccess::Destructive => Access::Destructive,
        },
        records: tool.records.as_ref().map(|records| records.value.clone()),
        costs: tool.costs.as_ref().map(|costs| costs.trim_end_matches('.').to_owned()),
        confirmation,
        idempotent: tool
            .idempotent
            .as_ref()
            .map_or(tool.access.value == ToolAccess::Read && tool.records.is_none(), |idempotent| idempotent.value),
        open_world: tool.open_world,
        requirement,
        scope_note: tool.scope_note.as_ref().map(|note| note.value.clone()),
        input: input.iter().map(|field| field.api.clone()).collect(),
        bound,
        input_schema: types.definitions.object(&properties, Side::Input),
        output_schema: output_schema(&output, types),
        output: match &output {
            ResolvedOutput::Named(at) => api::Output::Named(*at),
            ResolvedOutput::Fields(fields) => {
                api::Output::Fields(fields.iter().map(|field| field.api.clone()).collect())
            }
            ResolvedOutput::Content(kinds) => api::Output::Content(kinds.clone()),
            ResolvedOutput::Unknown => api::Output::Fields(Vec::new()),
        },
        logs: tool.logs,
        asks,
        examples: tool
            .examples
            .iter()
            .map(|example| api::Example { title: example.title.value.clone(), input: example.input.to_json() })
            .collect(),
    };
    ResolvedTool { name, declared: tool, input, output, form_types, api }
}

/// What records beside its work only reads, and is no more idempotent than its records.
fn check_records(tool: &manifest::Tool, faults: &mut Faults) {
    let Some(records) = &tool.records else { return };
    check_line(records, faults);
    if tool.access.value != ToolAccess::Read {
        faults.push(
            Diagnostic::new(Code::MisplacedRecord, records.at, "only a tool that reads declares what it records")
                .and(tool.access.at, "writes")
                .help("remove `records`: a tool that writes has a store for all that it does"),
        );
    } else if let Some(idempotent) = tool.idempotent.as_ref().filter(|idempotent| idempotent.value) {
        faults.push(
            Diagnostic::new(Code::MisplacedRecord, idempotent.at, "a tool that records is not idempotent")
                .label("each call leaves a record")
                .and(records.at, "declared here")
                .help("remove `idempotent`, or `records`"),
        );
    }
}

/// The place of a tool that something names.
pub(super) fn place(name: &Name, sections: &Sections<'_>, faults: &mut Faults) -> Option<usize> {
    if !sections.tools.declares(name) {
        faults.push(
            Diagnostic::new(Code::UnknownTool, name.at, format!("there is no tool {}", quoted(name)))
                .maybe_help(suggestion(name, sections.tools.names())),
        );
    }
    sections.tools.position(name)
}

/// What a tool answers with: properties or content.
fn answer<'m>(
    name: &Name,
    tool: &'m manifest::Tool,
    types: &ResolvedTypes<'_>,
    faults: &mut Faults,
) -> ResolvedOutput<'m> {
    match (&tool.output, &tool.content) {
        (Some(rule), None) => output(rule, types, faults),
        (None, Some(kinds)) => {
            let kinds = kinds.iter().map(|kind| (content_kind(kind.value), kind.at));
            faults.check_once(kinds.clone().map(|(kind, at)| (kind.as_str(), at)));
            ResolvedOutput::Content(kinds.map(|(kind, _)| kind).collect())
        }
        (None, None) => {
            let title = format!("{} does not say what it answers with", quoted(name));
            faults.push(Diagnostic::new(Code::AnswerShape, name.at, title).help(
                "add `output`, the properties of its result, or `content`, the kinds of blocks that it answers with",
            ));
            ResolvedOutput::Unknown
        }
        (Some(_), Some(kinds)) => {
            let title = format!("{} answers with properties or with content, and not with both", quoted(name));
            faults.push(
                Diagnostic::new(Code::AnswerShape, kinds.at, title)
                    .and(name.at, "this tool has an `output`")
                    .help("remove `content`: the properties are shown to a model as text, too"),
            );
            ResolvedOutput::Unknown
        }
    }
}

fn content_kind(kind: ContentKind) -> api::ContentKind {
    match kind {
        ContentKind::Text => api::ContentKind::Text,
        ContentKind::Image => api::ContentKind::Image,
        ContentKind::Audio => api::ContentKind::Audio,
        ContentKind::Resource => api::ContentKind::Resource,
        ContentKind::ResourceLink => api::ContentKind::ResourceLink,
    }
}

fn output<'m>(rule: &'m OutputRule, types: &ResolvedTypes<'_>, faults: &mut Faults) -> ResolvedOutput<'m> {
    let name = match rule {
        OutputRule::Fields(fields) => return ResolvedOutput::Fields(fields::resolve(fields, &types.index, faults)),
        OutputRule::Named(name) => name,
    };
    match types.index.lookup(name) {
        Lookup::Faulty => ResolvedOutput::Unknown,
        Lookup::Unknown => {
            faults.push(unknown_type(name, name.at, &types.index));
            ResolvedOutput::Unknown
        }
        Lookup::Type(at) => {
            let named = &types.list[at];
            let what = match named.shape {
                ResolvedShape::Object(_) => return ResolvedOutput::Named(at),
                ResolvedShape::Enum(_) => "a choice of words",
                ResolvedShape::Union { .. } => "one of several objects",
            };
            let title = format!("the result must be one object, and {} is {what}", quoted(name));
            faults.push(
                Diagnostic::new(Code::SchemaRoot, name.at, title)
                    .and(named.name.at, "declared here")
                    .help("put it into a property, as `output: {result: {type: …, required: true, description: …}}`"),
            );
            ResolvedOutput::Unknown
        }
    }
}

fn output_schema(output: &ResolvedOutput<'_>, types: &ResolvedTypes<'_>) -> Option<serde_json::Value> {
    let fields = match output {
        ResolvedOutput::Named(at) => return types.definitions.named(*at, Side::Output),
        ResolvedOutput::Fields(fields) => fields.as_slice(),
        ResolvedOutput::Content(_) | ResolvedOutput::Unknown => return None,
    };
    let properties: Vec<Property> = fields.iter().map(|field| field.property.clone()).collect();
    Some(types.definitions.object(&properties, Side::Output))
}
