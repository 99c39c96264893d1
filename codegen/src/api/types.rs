//! Named types and fields.

use serde_json::Value;

/// A named type.
#[derive(Debug)]
pub struct NamedType {
    /// Name in the manifest, the schemas and Rust.
    pub name: String,
    /// What it stands for.
    pub description: Option<String>,
    /// What it is.
    pub shape: Shape,
}

/// What a named type is.
#[derive(Debug)]
pub enum Shape {
    /// One of several words.
    Enum(Vec<Word>),
    /// An object.
    Object(Vec<Field>),
    /// One of several objects, told apart by a property.
    Union {
        /// The property, on the wire.
        tag: String,
        /// The objects.
        variants: Vec<Variant>,
    },
}

/// A value of an enum.
#[derive(Debug)]
pub struct Word {
    /// On the wire.
    pub wire: String,
    /// In Rust.
    pub rust: String,
    /// What it means.
    pub description: Option<String>,
}

/// An object of a tagged union.
#[derive(Debug)]
pub struct Variant {
    /// Value of the tag, on the wire.
    pub wire: String,
    /// In Rust.
    pub rust: String,
    /// What it stands for.
    pub description: Option<String>,
    /// Its properties beside the tag.
    pub fields: Vec<Field>,
}

/// A property of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// On the wire.
    pub wire: String,
    /// As a Rust identifier: raw where it is a keyword.
    pub rust: String,
    /// What it is.
    pub description: String,
    /// The type of its values.
    pub of: Type,
    /// Whether it must be there.
    pub required: bool,
    /// Whether `null` is a value of it.
    pub nullable: bool,
    /// Its value when it is left out.
    pub default: Option<Value>,
    /// Whether the value is a reference to the type that holds it, directly or through others, and
    /// has to be boxed in Rust.
    pub boxed: bool,
    /// Its bounds for the documentation, in words (`1 to 100`), empty when it has none.
    pub bounds: String,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// A text of which only is told that there is one.
    Redacted,
    /// UTF-8 text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// A number, as a 64-bit float.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON.
    Json,
    /// A list.
    Array(Box<Type>),
    /// An object whose keys are free.
    Map(Box<Type>),
    /// A named type, as a place in [`Api::types`](super::Api::types).
    Named(usize),
}
