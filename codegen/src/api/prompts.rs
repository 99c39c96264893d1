//! Prompts: what fills them, and what their messages say.

use serde_json::Value;
use toolwright_core::Requirement;

/// A text with gaps that a person starts a conversation with.
#[derive(Debug)]
pub struct Prompt {
    /// Name on the wire.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: String,
    /// What fills the gaps: what is declared as such, and then the fields of what a person is asked for.
    pub arguments: Vec<PromptArgument>,
    /// The tools that the conversation needs, as places in [`Api::tools`](super::Api::tools).
    pub uses: Vec<usize>,
    /// What a caller must hold: all that the tools ask for.
    pub requirement: Requirement,
    /// What a person is asked for where it is not among the arguments.
    pub asks: Vec<PromptAsk>,
    /// The messages; each renders, whatever the arguments are.
    pub messages: Vec<PromptMessage>,
}

/// Something that a person is asked for before a prompt is given.
#[derive(Debug)]
pub struct PromptAsk {
    /// Name on the wire.
    pub key: String,
    /// What the person is told, as a template over the prompt's own arguments.
    pub message: String,
    /// The form as the protocol's JSON Schema. Each of its properties is among the prompt's arguments.
    pub schema: Value,
    /// Whether the prompt can do without.
    pub optional: bool,
}

/// What fills a gap of a prompt.
#[derive(Debug)]
pub struct PromptArgument {
    /// Name on the wire, and in the templates.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whether it must be there.
    pub required: bool,
    /// Which values it can have.
    pub values: ArgumentValues,
    /// What it has to be, in words, where it is a field of a form that is not any text.
    pub form: Option<String>,
    /// Whether a person is asked for it when it is left out.
    pub is_asked: bool,
}

/// Which values an argument of a prompt, or a variable of a URI, can have.
#[derive(Debug)]
pub enum ArgumentValues {
    /// Any text.
    Text,
    /// One of several words.
    Words(Vec<String>),
    /// Any text; clients suggest what a tool lists.
    Listed(Completion),
}

impl ArgumentValues {
    /// The words, where it is a choice.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Words(words) => words,
            Self::Text | Self::Listed(_) => &[],
        }
    }
}

/// Where values to suggest come from.
#[derive(Debug)]
pub struct Completion {
    /// The tool that lists them, as a place in [`Api::tools`](super::Api::tools). It reads, and the prompt uses it.
    pub tool: usize,
    /// Its arguments; its input schema accepts them.
    pub input: Value,
    /// The one of its arguments, a text, that takes what was typed.
    pub typed: Option<String>,
    /// The properties that lead through its result to the values, which are text.
    pub values: Vec<String>,
    /// The properties that lead to how many there are in all, an integer.
    pub total: Option<Vec<String>>,
}

/// A message of a prompt.
#[derive(Debug)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: MessageContent,
}

/// What a message of a prompt says.
#[derive(Debug)]
pub enum MessageContent {
    /// A text, as a template.
    Text(String),
    /// A picture.
    Image(Media),
    /// A sound.
    Audio(Media),
    /// A text with an address.
    Resource {
        /// The address, as a template.
        uri: String,
        /// What the text is.
        media_type: String,
        /// The text, as a template.
        text: String,
    },
}

/// A file that a message consists of.
#[derive(Debug)]
pub struct Media {
    /// What is in it.
    pub media_type: String,
    /// Where the generated crate has it, below its folder: a name that no other has.
    pub path: String,
    /// What is in it, in Base64.
    pub data: String,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}
