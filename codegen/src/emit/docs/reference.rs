//! The reference: every tool of a group, and every named type.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use toolwright_core::{Access, Scopes};

use super::{File, access_in_words, access_meaning, document, markdown, path_of, scope_cell};
use crate::{
    api::{
        Api, Ask, AskForm, AskKind, Example, Field, FormField, Group, NamedType, Output, Shape, Tool, Type, Variant,
        Word,
    },
    emit::wording,
    names,
    types::mentioned,
};

#[derive(Serialize)]
struct GroupPage<'a> {
    server: &'a str,
    title: &'a str,
    description: Option<&'a str>,
    count: String,
    tools: Vec<ToolSection<'a>>,
}

#[derive(Serialize)]
struct ToolSection<'a> {
    name: &'a str,
    anchor: String,
    title: &'a str,
    description: &'a str,
    access: &'static str,
    access_meaning: &'static str,
    /// What each call leaves a record of.
    records: Option<&'a str>,
    /// What each call uses up.
    costs: Option<&'a str>,
    /// The arguments that a person is asked about before each call.
    confirms: Option<&'a [String]>,
    /// What a second call of the same does; nothing for a tool that only reads.
    repetition: Option<&'static str>,
    open_world: bool,
    /// Markdown.
    scope: String,
    needs_scope: bool,
    note: Option<&'a str>,
    arguments: Vec<Row<'a>>,
    /// What it asks while it runs.
    asks: Vec<AskSection<'a>>,
    logs: bool,
    /// The kinds of content that it answers with, in words.
    content: Option<String>,
    /// Markdown: the named type of the result.
    result_type: Option<String>,
    result: Vec<Row<'a>>,
    examples: Vec<ExampleBlock<'a>>,
}

/// Something that a tool asks while it runs.
#[derive(Serialize)]
struct AskSection<'a> {
    key: &'a str,
    optional: bool,
    /// What a person is told, or the client's model.
    words: Option<&'a str>,
    /// How long the answer of a model can be.
    max_tokens: Option<u64>,
    fields: Vec<FieldRow<'a>>,
    /// Markdown: the schema of a form without declared fields, as a block of code.
    schema: Option<String>,
}

/// A field of a form in a table.
#[derive(Serialize)]
struct FieldRow<'a> {
    title: Option<&'a str>,
    #[serde(flatten)]
    row: Row<'a>,
}

#[derive(Serialize)]
struct ExampleBlock<'a> {
    title: &'a str,
    /// Markdown: the arguments as a block of code.
    arguments: String,
}

/// A property in a table.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Markdown.
    of: String,
    required: bool,
    /// JSON.
    default: Option<String>,
    bounds: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct TypesPage<'a> {
    server: &'a str,
    types: Vec<TypeSection<'a>>,
}

#[derive(Serialize)]
struct TypeSection<'a> {
    name: &'a str,
    anchor: String,
    description: Option<&'a str>,
    /// Whether a caller sends it, too.
    is_argument: bool,
    words: Vec<WordRow<'a>>,
    rows: Vec<Row<'a>>,
    tag: Option<&'a str>,
    variants: Vec<VariantSection<'a>>,
}

#[derive(Serialize)]
struct WordRow<'a> {
    wire: &'a str,
    description: Option<&'a str>,
}

#[derive(Serialize)]
struct VariantSection<'a> {
    wire: &'a str,
    description: Option<&'a str>,
    rows: Vec<Row<'a>>,
}

/// The page of one group.
pub(super) fn group(api: &Api, place: usize, group: &Group) -> File {
    let Group { name: _, title, description } = group;
    let tools: Vec<_> = api.tools.iter().filter(|tool| tool.group == place).map(|tool| section(api, tool)).collect();
    let count = wording::count(tools.len(), "tool");
    let page = GroupPage { server: &api.server.title, title, description: description.as_deref(), count, tools };
    document(api, &path_of(group), "docs/group.md", &page)
}

/// The page of the named types, if there are any.
pub(super) fn types(api: &Api) -> Option<File> {
    let arguments = types_of_arguments(api);
    let sections = api.types.iter().enumerate();
    let types: Vec<_> = sections.map(|(at, named)| type_section(api, named, arguments.contains(&at))).collect();
    let page = TypesPage { server: &api.server.title, types };
    (!api.types.is_empty()).then(|| document(api, "types.md", "docs/types.md", &page))
}

fn section<'a>(api: &'a Api, tool: &'a Tool) -> ToolSection<'a> {
    let Tool {
        name,
        module: _,
        title,
        description,
        group: _,
        access,
        records,
        costs,
        confirmation,
        idempotent,
        open_world,
        requirement,
        scope_note,
        input: _,
        bound: _,
        input_schema: _,
        output,
        output_schema: _,
        logs,
        asks,
        examples,
    } = tool;
    let from_group = "../types.md";
    let (result_type, result, content) = match output {
        Output::Named(place) => (Some(type_in_words(api, &Type::Named(*place), from_group)), Vec::new(), None),
        Output::Fields(fields) => (None, rows(api, fields, from_group), None),
        Output::Content(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| wording::content(*kind).to_owned()).collect();
            (None, Vec::new(), Some(wording::list(&kinds, "and")))
        }
    };
    let example = |Example { title, input }: &'a Example| ExampleBlock {
        title,
        arguments: markdown::block("json", &format!("{input:#}")),
    };
    ToolSection {
        name,
        anchor: names::anchor(name),
        title,
        description,
        access: access_in_words(tool),
        access_meaning: access_meaning(tool),
        records: records.as_deref(),
        costs: costs.as_deref(),
        confirms: confirmation.as_ref().map(|confirmation| confirmation.about.as_slice()),
        repetition: repetition(*access, *idempotent),
        open_world: *open_world,
        scope: scope_cell(Scopes(&api.scopes), requirement),
        needs_scope: !requirement.is_session(),
        note: scope_note.as_deref(),
        arguments: rows(api, tool.arguments(), from_group),
        asks: asks.iter().map(|ask| ask_section(api, ask, from_group)).collect(),
        logs: *logs,
        content,
        result_type,
        result,
        examples: examples.iter().map(example).collect(),
    }
}

fn ask_section<'a>(api: &'a Api, ask: &'a Ask, types_page: &str) -> AskSection<'a> {
    let Ask { key, rust: _, answer: _, kind, optional } = ask;
    let mut section =
        AskSection { key, optional: *optional, words: None, max_tokens: None, fields: Vec::new(), schema: None };
    match kind {
        AskKind::Elicit { message, form: AskForm { schema, fields } } => {
            section.words = Some(message);
            match fields {
                Some(fields) => section.fields = field_rows(api, fields, types_page),
                None => section.schema = Some(markdown::block("json", &format!("{schema:#}"))),
            }
        }
        AskKind::Sample { prompt, max_tokens } => {
            section.words = Some(prompt);
            section.max_tokens = Some(*max_tokens);
        }
        AskKind::Roots => {}
    }
    section
}

fn field_rows<'a>(api: &Api, fields: &'a [FormField], types_page: &str) -> Vec<FieldRow<'a>> {
    let titles = fields.iter().map(|FormField { title, field: _ }| title.as_deref());
    let rows = rows(api, fields.iter().map(|FormField { title: _, field }| field), types_page);
    titles.zip(rows).map(|(title, row)| FieldRow { title, row }).collect()
}

fn repetition(access: Access, idempotent: bool) -> Option<&'static str> {
    match (access, idempotent) {
        (Access::Read, _) => None,
        (_, true) => Some("Idempotent: a repeated call with the same arguments changes nothing more."),
        (_, false) => Some("Not idempotent: each call has an effect of its own."),
    }
}

/// The named types that arguments are made of; all others are in results only.
fn types_of_arguments(api: &Api) -> BTreeSet<usize> {
    let inputs = api.tools.iter().flat_map(|tool| &tool.input);
    let mut open: Vec<usize> = inputs.filter_map(|field| mentioned(&field.of)).collect();
    let mut reached = BTreeSet::new();
    while let Some(at) = open.pop() {
        if reached.insert(at) {
            let fields: Vec<&Field> = match &api.types[at].shape {
                Shape::Enum(_) => Vec::new(),
                Shape::Object(fields) => fields.iter().collect(),
                Shape::Union { tag: _, variants } => variants.iter().flat_map(|variant| &variant.fields).collect(),
            };
            open.extend(fields.into_iter().filter_map(|field| mentioned(&field.of)));
        }
    }
    reached
}

fn type_section<'a>(api: &'a Api, named: &'a NamedType, is_argument: bool) -> TypeSection<'a> {
    let NamedType { name, description, shape } = named;
    let mut section = TypeSection {
        name,
        anchor: names::anchor(name),
        description: description.as_deref(),
        is_argument,
        words: Vec::new(),
        rows: Vec::new(),
        tag: None,
        variants: Vec::new(),
    };
    match shape {
        Shape::Enum(words) => {
            let row =
                |Word { wire, rust: _, description }: &'a Word| WordRow { wire, description: description.as_deref() };
            section.words = words.iter().map(row).collect();
        }
        Shape::Object(fields) => section.rows = rows(api, fields, ""),
        Shape::Union { tag, variants } => {
            let variant = |Variant { wire, rust: _, description, fields }: &'a Variant| VariantSection {
                wire,
                description: description.as_deref(),
                rows: rows(api, fields, ""),
            };
            section.tag = Some(tag);
            section.variants = variants.iter().map(variant).collect();
        }
    }
    section
}

fn rows<'a>(api: &Api, fields: impl IntoIterator<Item = &'a Field>, types_page: &str) -> Vec<Row<'a>> {
    let row = |field: &'a Field| {
        let Field { wire, rust: _, description, of, required, nullable, default, boxed: _, bounds } = field;
        let null = if *nullable { " or null" } else { "" };
        Row {
            name: wire,
            of: format!("{}{null}", type_in_words(api, of, types_page)),
            required: *required,
            default: default.as_ref().map(Value::to_string),
            bounds,
            description,
        }
    };
    fields.into_iter().map(row).collect()
}

/// A type as Markdown, with a link where it has a name.
fn type_in_words(api: &Api, of: &Type, types_page: &str) -> String {
    match of {
        Type::Redacted => "`[redacted]`".to_owned(),
        Type::String => "string".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Json => "any JSON".to_owned(),
        Type::Array(items) => format!("array of {}", type_in_words(api, items, types_page)),
        Type::Map(values) => format!("object with values of {}", type_in_words(api, values, types_page)),
        Type::Named(place) => {
            let name = &api.types[*place].name;
            format!("[{}]({types_page}#{})", markdown::inline(name), names::anchor(name))
        }
    }
}
