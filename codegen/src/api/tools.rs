//! Tools: what they take, answer with and ask.

use serde_json::Value;
use toolwright_core::{Access, Requirement};

use super::Field;

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// Name on the wire, which is also the name of its module.
    pub name: String,
    /// The name as a Rust identifier: raw where it is a keyword.
    pub module: String,
    /// Name for people.
    pub title: String,
    /// What a model is told of it.
    pub description: String,
    /// Its group, as a place in [`Api::groups`](super::Api::groups).
    pub group: usize,
    /// What it does to the account.
    pub access: Access,
    /// What each call leaves a record of; only a tool that reads has it.
    pub records: Option<String>,
    /// What each call uses up, as a phrase without a period at the end.
    pub costs: Option<String>,
    /// What a person is asked before each call; only a tool that changes something has it.
    pub confirmation: Option<Confirmation>,
    /// Whether a repeated call changes nothing more.
    pub idempotent: bool,
    /// Whether it reaches systems outside the account.
    pub open_world: bool,
    /// What a caller must hold.
    pub requirement: Requirement,
    /// Why its access and its scope's differ.
    pub scope_note: Option<String>,
    /// Its arguments.
    pub input: Vec<Field>,
    /// The argument that it takes as well, and that says what a call is about. The runtime reads it: the handler is
    /// not given it.
    pub bound: Option<Field>,
    /// The arguments as JSON Schema 2020-12, complete, with those that the runtime takes itself.
    pub input_schema: Value,
    /// Its result.
    pub output: Output,
    /// The result as JSON Schema 2020-12, complete; nothing where it has no properties.
    pub output_schema: Option<Value>,
    /// Whether it sends log messages while it runs.
    pub logs: bool,
    /// What it can ask while it runs.
    pub asks: Vec<Ask>,
    /// Calls to learn from; the input schema accepts each.
    pub examples: Vec<Example>,
}

impl Tool {
    /// Everything that a caller can send.
    pub fn arguments(&self) -> impl Iterator<Item = &Field> {
        let confirmation = self.confirmation.iter().map(|confirmation| &confirmation.argument);
        self.input.iter().chain(&self.bound).chain(confirmation)
    }

    /// Whether nobody can tell afterwards that it was called.
    pub fn leaves_no_trace(&self) -> bool {
        self.access == Access::Read && self.records.is_none()
    }
}

/// What a person is asked before a tool runs.
#[derive(Debug)]
pub struct Confirmation {
    /// The question, as a template; it renders, whatever the arguments are.
    pub question: String,
    /// The arguments that it names, each once, in their order there.
    pub about: Vec<String>,
    /// The argument that a client who cannot ask says with that a person was asked.
    pub argument: Field,
}

/// The result of a tool.
#[derive(Debug)]
pub enum Output {
    /// A named object type, as a place in [`Api::types`](super::Api::types).
    Named(usize),
    /// Fields of its own.
    Fields(Vec<Field>),
    /// Blocks of these kinds, each once, in their order in the manifest.
    Content(Vec<ContentKind>),
}

/// A kind of content that a tool answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// What a resource holds, with its address.
    Resource,
    /// The address of a resource.
    ResourceLink,
}

impl ContentKind {
    /// The word in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Resource => "resource",
            Self::ResourceLink => "resource_link",
        }
    }
}

/// Something that a tool can ask while it runs.
#[derive(Debug)]
pub struct Ask {
    /// Name on the wire.
    pub key: String,
    /// Name of its type.
    pub rust: String,
    /// Name of the type of its answer, where that is generated.
    pub answer: String,
    /// What is asked.
    pub kind: AskKind,
    /// Whether the tool can do without an answer.
    pub optional: bool,
}

/// What is asked.
#[derive(Debug)]
pub enum AskKind {
    /// A person fills in a form.
    Elicit {
        /// What they are told, as a template; it renders, whatever the arguments are.
        message: String,
        /// The form.
        form: AskForm,
    },
    /// The client's model answers.
    Sample {
        /// What it is asked, as a template; it renders, whatever the arguments are.
        prompt: String,
        /// How long its answer can be, in tokens.
        max_tokens: u64,
    },
    /// The client tells which folders it works in.
    Roots,
}

/// What a person fills in.
#[derive(Debug)]
pub struct AskForm {
    /// The form as the protocol's JSON Schema.
    pub schema: Value,
    /// The fields; nothing where only the schema is declared.
    pub fields: Option<Vec<FormField>>,
}

/// A field of a form.
#[derive(Debug)]
pub struct FormField {
    /// What a person reads beside it.
    pub title: Option<String>,
    /// What it is as a property of the answer.
    pub field: Field,
}

/// A call to learn from.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Its arguments.
    pub input: Value,
}
