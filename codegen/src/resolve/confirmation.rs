//! What a person is asked before a tool runs.

use serde_json::json;
use toolwright_core::confirmation::{ARGUMENT, LONGEST};

use super::{
    Faults,
    fields::ResolvedField,
    server::check_line,
    templates::{self, Argument, Gap, Template},
    types::{ResolvedShape, ResolvedTypes},
};
use crate::{
    api::{self, Type},
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{self, Text, tools::ToolAccess},
    source::Sources,
    types::Property,
};

const ABOUT_ARGUMENT: &str = "Leave it out at first. The answer then says what to ask the user, and has the text to \
                              send here once they have agreed, with the same arguments.";

/// Checks the question of a tool, if it asks one.
pub(super) fn resolve(
    sources: &Sources,
    tool: &manifest::Tool,
    input: &[ResolvedField<'_>],
    types: &ResolvedTypes<'_>,
    faults: &mut Faults,
) -> Option<api::Confirmation> {
    let question = tool.confirm.as_ref()?;
    check_line(question, faults);
    if tool.access.value == ToolAccess::Read {
        faults.push(
            Diagnostic::new(Code::MisplacedConfirmation, question.at, "a tool that reads needs no confirmation")
                .and(tool.access.at, "changes nothing")
                .help("remove `confirm`; what it costs is told with `costs`"),
        );
    }
    if let Some(field) = input.iter().find(|field| field.name.value == ARGUMENT) {
        let title = format!("{} is an argument that the runtime adds to this tool", quoted(ARGUMENT));
        faults.push(
            Diagnostic::new(Code::ReservedName, field.name.at, title)
                .and(question.at, "because of this")
                .help("choose another name"),
        );
    }
    Some(api::Confirmation {
        question: question.value.clone(),
        about: about(sources, question, Template::Question, input, types, faults),
        argument: argument(),
    })
}

/// The arguments that a question or an ask names, each with something to fill it, whatever a caller leaves out.
pub(super) fn about(
    sources: &Sources,
    question: &Text,
    kind: Template,
    input: &[ResolvedField<'_>],
    types: &ResolvedTypes<'_>,
    faults: &mut Faults,
) -> Vec<String> {
    let words: Vec<Option<Vec<String>>> = input.iter().map(|field| words(&field.api.of, types)).collect();
    let arguments: Vec<Argument<'_>> = input
        .iter()
        .zip(&words)
        .map(|(field, words)| Argument {
            name: &field.api.wire,
            is_always_given: !field.api.nullable && (field.api.required || field.api.default.is_some()),
            words: words.as_deref(),
        })
        .collect();
    let mut named: Vec<String> = Vec::new();
    for (gap, at) in templates::gaps(sources, question, kind, faults).unwrap_or_default() {
        let Gap::Argument(mention) = gap else { continue };
        templates::check_mention(&mention, at, kind, &arguments, faults);
        if !named.contains(&mention.name) {
            named.push(mention.name);
        }
    }
    named
}

/// The only texts that a value can be; none for one that is no text.
fn words(of: &Type, types: &ResolvedTypes<'_>) -> Option<Vec<String>> {
    match of {
        Type::Named(at) => match &types.list.get(*at)?.shape {
            ResolvedShape::Enum(words) => Some(words.iter().map(|word| word.wire.clone()).collect()),
            ResolvedShape::Object(_) | ResolvedShape::Union { .. } => Some(Vec::new()),
        },
        Type::Boolean | Type::Array(_) | Type::Map(_) => Some(Vec::new()),
        Type::String | Type::Integer | Type::Number | Type::Json | Type::Redacted => None,
    }
}

fn argument() -> api::Field {
    api::Field {
        wire: ARGUMENT.to_owned(),
        rust: ARGUMENT.to_owned(),
        description: ABOUT_ARGUMENT.to_owned(),
        of: Type::String,
        required: false,
        nullable: false,
        default: None,
        boxed: false,
        bounds: String::new(),
    }
}

/// The argument as the tool's schema has it.
pub(super) fn property(confirmation: &api::Confirmation) -> Property {
    let api::Field { wire, description, of, required, .. } = &confirmation.argument;
    Property {
        wire: wire.clone(),
        of: of.clone(),
        required: *required,
        schema: json!({"type": "string", "maxLength": LONGEST, "description": description}),
    }
}
