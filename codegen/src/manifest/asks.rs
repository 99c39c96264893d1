//! What tools and prompts ask while a request is answered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    fields::Format,
    words::{Entries, Name, Text},
};
use crate::{source::Spanned, tree::Tree};

/// Something that a tool can ask while it runs: one of `elicit`, `sample` and `roots`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Ask {
    /// What a person is told whom the client shows a form, with gaps and conditions as `confirm` has them. The form is
    /// `form` or `schema`.
    pub elicit: Option<Text>,
    /// The fields of the form, in their order.
    pub form: Option<Entries<FormField>>,
    /// The form as a JSON Schema of the protocol's, for what `form` cannot say: an object whose properties are texts, numbers,
    /// booleans and choices. The code gets the answer as any JSON.
    #[schemars(schema_with = "super::schema::any_object")]
    #[serde(default)]
    pub schema: Option<Tree>,
    /// What the client's model is asked, with gaps and conditions as `confirm` has them.
    pub sample: Option<Text>,
    /// How long the answer of the model can be, in tokens; for `sample`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_tokens: Option<Spanned<u64>>,
    /// `true`: the client tells which folders it works in.
    pub roots: Option<Spanned<bool>>,
    /// Whether the tool can do without an answer. Of a client that cannot be asked for what is not optional, the tool is
    /// refused before it runs.
    #[serde(default)]
    pub optional: bool,
}

/// Something that a person is asked for before a prompt is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PromptAsk {
    /// What the person is told, with gaps and conditions over the prompt's arguments.
    pub elicit: Text,
    /// The fields of the form, in their order: gaps of the messages by these names, and arguments of the prompt that can be
    /// left out. What was given as an argument is not asked for. A field is no array.
    pub form: Entries<FormField>,
    /// Whether the prompt can do without: then its fields are named only where `{% if field %}` holds.
    #[serde(default)]
    pub optional: bool,
}

/// A field of a form. It has no secrets: the protocol forbids to ask for passwords, keys and tokens in one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FormField {
    /// `string`, `integer` (of 64 bits), `number`, `boolean`, the name of a type that is a choice of words, or `array` (with
    /// `items`) for several of one. What the words of a type mean is what the person reads in their place.
    #[serde(rename = "type")]
    pub of: Name,
    /// What the person reads beside the field; its name when this is left out.
    pub title: Option<Text>,
    /// What to enter.
    pub description: Text,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// What is in the field at first, and its value when it is left out.
    pub default: Option<Tree>,
    /// What the items of an array are.
    pub items: Option<FormItems>,
    /// The words that a string can be. For a choice that the code should know, declare a named type.
    #[serde(rename = "enum")]
    #[schemars(length(min = 1))]
    pub one_of: Option<Spanned<Vec<Tree>>>,
    /// Smallest number.
    pub minimum: Option<Spanned<serde_json::Number>>,
    /// Largest number.
    pub maximum: Option<Spanned<serde_json::Number>>,
    /// Fewest characters of a string.
    #[schemars(range(max = 4_294_967_295_u32))]
    pub min_length: Option<Spanned<u64>>,
    /// Most characters of a string.
    #[schemars(range(max = 4_294_967_295_u32))]
    pub max_length: Option<Spanned<u64>>,
    /// What a string says.
    pub format: Option<Spanned<FormFormat>>,
    /// Fewest words of an array.
    pub min_items: Option<Spanned<u64>>,
    /// Most words of an array.
    pub max_items: Option<Spanned<u64>>,
}

/// What the items of an array in a form are: words.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FormItems {
    /// `string` (with `enum`), or the name of a type that is a choice of words.
    #[serde(rename = "type")]
    pub of: Name,
    /// The words.
    #[serde(rename = "enum")]
    #[schemars(length(min = 1))]
    pub one_of: Option<Spanned<Vec<Tree>>>,
}

/// What a string in a form says: the formats that the protocol has for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormFormat {
    /// An address for mail (RFC 5321).
    Email,
    /// An absolute URI (RFC 3986).
    Uri,
    /// A day (RFC 3339).
    Date,
    /// A day and a time with its offset (RFC 3339).
    DateTime,
}

impl From<FormFormat> for Format {
    fn from(format: FormFormat) -> Self {
        match format {
            FormFormat::Email => Self::Email,
            FormFormat::Uri => Self::Uri,
            FormFormat::Date => Self::Date,
            FormFormat::DateTime => Self::DateTime,
        }
    }
}
