//! Fields and named types.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Number;

use super::words::{Entries, Name, Text};
use crate::{
    source::Spanned,
    tree::{Node, Tree},
};

/// Makes a shape that has a type with its constraints beside keys of its own: serde's `flatten`
/// would lose the places.
macro_rules! typed {
    ($(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            /// `string`, `integer` (of 64 bits), `number`, `boolean`, `array` (with `items`), `map`
            /// (an object with free keys; with `values`), `json` (any value), or the name of a type.
            #[serde(rename = "type")]
            pub of: Name,
            $($own)*
            /// What the items of an array are.
            pub items: Option<Box<Element>>,
            /// What the values of a map are.
            pub values: Option<Box<Element>>,
            /// The values that a string or number can have. For a choice that the code should know,
            /// declare a named type.
            #[serde(rename = "enum")]
            #[schemars(length(min = 1))]
            pub one_of: Option<Spanned<Vec<Tree>>>,
            /// Smallest number.
            pub minimum: Option<Spanned<Number>>,
            /// Largest number.
            pub maximum: Option<Spanned<Number>>,
            /// Number that a number must be above.
            pub exclusive_minimum: Option<Spanned<Number>>,
            /// Number that a number must be below.
            pub exclusive_maximum: Option<Spanned<Number>>,
            /// Number that a number must be a multiple of.
            pub multiple_of: Option<Spanned<Number>>,
            /// Fewest characters of a string.
            pub min_length: Option<Spanned<u64>>,
            /// Most characters of a string.
            pub max_length: Option<Spanned<u64>>,
            /// Regular expression that a string must match somewhere: `^` and `$` bind it to the ends.
            pub pattern: Option<Name>,
            /// What a string says.
            pub format: Option<Spanned<Format>>,
            /// Fewest items of an array.
            pub min_items: Option<Spanned<u64>>,
            /// Most items of an array.
            pub max_items: Option<Spanned<u64>>,
            /// Whether the items of an array differ.
            pub unique_items: Option<Spanned<bool>>,
            /// Fewest entries of a map.
            pub min_properties: Option<Spanned<u64>>,
            /// Most entries of a map.
            pub max_properties: Option<Spanned<u64>>,
        }

        impl $name {
            /// The type and its constraints.
            pub fn typed(&self) -> Typed<'_> {
                Typed {
                    of: &self.of,
                    items: self.items.as_deref(),
                    values: self.values.as_deref(),
                    one_of: self.one_of.as_ref(),
                    minimum: self.minimum.as_ref(),
                    maximum: self.maximum.as_ref(),
                    exclusive_minimum: self.exclusive_minimum.as_ref(),
                    exclusive_maximum: self.exclusive_maximum.as_ref(),
                    multiple_of: self.multiple_of.as_ref(),
                    min_length: self.min_length.as_ref(),
                    max_length: self.max_length.as_ref(),
                    pattern: self.pattern.as_ref(),
                    format: self.format.as_ref(),
                    min_items: self.min_items.as_ref(),
                    max_items: self.max_items.as_ref(),
                    unique_items: self.unique_items.as_ref(),
                    min_properties: self.min_properties.as_ref(),
                    max_properties: self.max_properties.as_ref(),
                }
            }
        }
    };
}

typed! {
    /// A property of an object.
    pub struct Field {
        /// What it is.
        pub description: Text,
        /// Whether it must be there. An optional property that has no value is left out.
        #[serde(default)]
        pub required: bool,
        /// Whether `null` is a value of it.
        #[serde(default)]
        pub nullable: bool,
        /// Its value when it is left out; for inputs.
        pub default: Option<Tree>,
        /// What becomes of a secret; for texts.
        pub secret: Option<Spanned<Secret>>,
    }
}

typed! {
    /// What the items of an array or the values of a map are.
    pub struct Element {}
}

/// A type and its constraints, of a field or of an element.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys of the manifest, described where they are declared")]
pub struct Typed<'m> {
    pub of: &'m Name,
    pub items: Option<&'m Element>,
    pub values: Option<&'m Element>,
    pub one_of: Option<&'m Spanned<Vec<Tree>>>,
    pub minimum: Option<&'m Spanned<Number>>,
    pub maximum: Option<&'m Spanned<Number>>,
    pub exclusive_minimum: Option<&'m Spanned<Number>>,
    pub exclusive_maximum: Option<&'m Spanned<Number>>,
    pub multiple_of: Option<&'m Spanned<Number>>,
    pub min_length: Option<&'m Spanned<u64>>,
    pub max_length: Option<&'m Spanned<u64>>,
    pub pattern: Option<&'m Name>,
    pub format: Option<&'m Spanned<Format>>,
    pub min_items: Option<&'m Spanned<u64>>,
    pub max_items: Option<&'m Spanned<u64>>,
    pub unique_items: Option<&'m Spanned<bool>>,
    pub min_properties: Option<&'m Spanned<u64>>,
    pub max_properties: Option<&'m Spanned<u64>>,
}

/// What a string says, as JSON Schema 2020-12 defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A day and a time with its offset (RFC 3339).
    DateTime,
    /// A day (RFC 3339).
    Date,
    /// A time with its offset (RFC 3339).
    Time,
    /// A span of time (RFC 3339, appendix A).
    Duration,
    /// An address for mail (RFC 5321).
    Email,
    /// A host's name (RFC 1123).
    Hostname,
    /// An address of version 4 (RFC 2673).
    Ipv4,
    /// An address of version 6 (RFC 4291).
    Ipv6,
    /// An absolute URI (RFC 3986).
    Uri,
    /// A URI or a relative reference (RFC 3986).
    UriReference,
    /// A UUID (RFC 4122).
    Uuid,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[
        Self::DateTime,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::Email,
        Self::Hostname,
        Self::Ipv4,
        Self::Ipv6,
        Self::Uri,
        Self::UriReference,
        Self::Uuid,
    ];

    /// The word in JSON Schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DateTime => "date-time",
            Self::Date => "date",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::Email => "email",
            Self::Hostname => "hostname",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Uri => "uri",
            Self::UriReference => "uri-reference",
            Self::Uuid => "uuid",
        }
    }

    /// What the string is, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::DateTime => "a date and time (RFC 3339)",
            Self::Date => "a date (RFC 3339)",
            Self::Time => "a time of day (RFC 3339)",
            Self::Duration => "a span of time (ISO 8601)",
            Self::Email => "an e-mail address",
            Self::Hostname => "a host name",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Uri => "an absolute URI",
            Self::UriReference => "a URI or a relative reference",
            Self::Uuid => "a UUID",
        }
    }
}

/// What becomes of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// Of results: in its place stands `[redacted]`, which tells that there is one.
    Redact,
    /// Of arguments: the handler is given it, and nobody else. No record has it, no message repeats it, no question shows it, and
    /// the tool's schema marks it as `writeOnly`. Also for lists and maps of texts, and for any JSON.
    Omit,
}

/// A named type: a choice of words (`enum`), an object (`properties`), or one of several objects
/// (`tag` and `variants`).
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TypeDeclaration {
    /// What it stands for.
    pub description: Option<Text>,
    /// The words of a choice: a list, or a mapping from each word to what it means.
    #[serde(rename = "enum")]
    pub words: Option<WordList>,
    /// The properties of an object.
    pub properties: Option<Entries<Field>>,
    /// The property that tells the variants apart.
    pub tag: Option<Name>,
    /// The objects of a union, by the value of `tag`.
    pub variants: Option<Entries<Variant>>,
}

/// One of the objects of a union.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Variant {
    /// What it stands for.
    pub description: Option<Text>,
    /// Its properties beside the tag.
    #[serde(default)]
    pub properties: Entries<Field>,
}

/// The words of a choice.
#[derive(Debug, JsonSchema)]
#[schemars(untagged, inline)]
pub enum WordList {
    /// The words.
    List(Vec<Name>),
    /// The words and what they mean.
    Map(Entries<Text>),
}

impl<'de> Deserialize<'de> for WordList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match tree.value {
            Node::Map(_) => Entries::deserialize(&tree).map(Self::Map),
            _ => Vec::deserialize(&tree).map(Self::List),
        }
        .map_err(serde::de::Error::custom)
    }
}
