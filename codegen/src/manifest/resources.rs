//! Resources.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    tools::{Completion, ScopeRule},
    words::{Entries, Name, Section, Text},
};
use crate::tree::Tree;

/// Something that clients can show to a person and put before a model: a text or a file, which are the same for every caller
/// who may read them, or what a tool answers. It has exactly one of `text`, `file` and `tool`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Resource {
    /// Its URI, with a scheme of the server's own, as `acme://guide`. With variables in it, as
    /// `acme://notes/{note_id}` (RFC 6570, level 1), it is a template of the URIs of many resources. A URI that several
    /// resources have is that of one without variables, and then of the one that is declared first.
    pub uri: Name,
    /// Name for people.
    pub title: Option<Text>,
    /// What it is, for people and models.
    pub description: Text,
    /// Its media type, in lower case. A file and the `content` of a tool need one; a text is `text/plain` when it is left out,
    /// and the `output` of a tool `application/json`. What is no text by its media type goes to clients as bytes.
    pub media_type: Option<Name>,
    /// What it says.
    pub text: Option<Text>,
    /// A file that it is, of at most 1 MiB, by a path relative to the manifest of the server and below its folder.
    pub file: Option<Name>,
    /// What a caller must hold to read a text or a file, as a tool has it. What a tool answers asks for the scope of that tool.
    pub scope: Option<ScopeRule>,
    /// Why it asks for a scope that writes. It is printed in the documentation.
    pub scope_note: Option<Text>,
    /// The tool that answers: one with `access: read` that records and asks nothing. Its result is the resource, as JSON, or the
    /// first block of its `content`. Who reads the
    /// resource calls the tool, with the same scope, limits and record.
    pub tool: Option<Name>,
    /// What the tool is called with beside the variables; nothing when it is left out.
    #[serde(default)]
    #[schemars(schema_with = "super::schema::any_object")]
    pub input: Option<Tree>,
    /// The variables of the URI, which are arguments of the tool by the same names: texts, choices of words or integers.
    #[serde(default)]
    pub variables: Entries<ResourceVariable>,
    /// Whether clients can ask to be told when it has changed, which handlers say with `call.resource_updated`.
    #[serde(default)]
    pub subscribe: bool,
}

/// A variable in the URI of a resource.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ResourceVariable {
    /// What it is.
    pub description: Text,
    /// Where clients find values to suggest for it. A choice of words is suggested without.
    pub complete: Option<Completion>,
}

/// The files that resources are.
pub(super) fn files(resources: &Section<Entries<Section<Resource>>>) -> impl Iterator<Item = &Name> {
    let entries = resources.good().into_iter().flat_map(|entries| entries.iter());
    entries.filter_map(|(_, resource)| resource.good()?.file.as_ref())
}
