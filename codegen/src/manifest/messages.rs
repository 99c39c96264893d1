//! The messages of prompts.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Prompt,
    words::{Entries, Name, Section, Text},
};

/// A message of a prompt: one of `text`, `image`, `audio` and `resource`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said: text with `{{ argument }}` and `{{ tool('name') }}` in it, and with parts between
    /// `{% if argument %}` or `{% if argument == 'word' %}`, `{% else %}` and `{% endif %}`. What a person
    /// gives for an argument is never read as a template.
    pub text: Option<Text>,
    /// What is shown.
    pub image: Option<Media>,
    /// What is heard.
    pub audio: Option<Media>,
    /// What is handed over: a text with an address.
    pub resource: Option<EmbeddedResource>,
}

/// A file that a message consists of. The generator reads it, so that the server needs none.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Media {
    /// The file, relative to the server's manifest and below its folder; 1 MiB at most.
    pub file: Name,
    /// What is in it, as `image/png` or `audio/wav`.
    pub media_type: Name,
}

/// A text that a message hands over with its address.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EmbeddedResource {
    /// The address: an absolute URI, with gaps as a text has them.
    pub uri: Text,
    /// What the text is, as `text/plain`, which it is when this is left out.
    pub media_type: Option<Name>,
    /// The text, with gaps and conditions as `text` has them.
    pub text: Text,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// The files that messages consist of.
pub(super) fn files(prompts: &Section<Entries<Section<Prompt>>>) -> impl Iterator<Item = &Name> {
    let prompts = prompts.good().into_iter().flat_map(|prompts| prompts.iter());
    let messages = prompts.filter_map(|(_, prompt)| prompt.good()).flat_map(|prompt| &prompt.messages);
    messages.flat_map(|message| message.image.iter().chain(&message.audio)).map(|media| &media.file)
}
