//! Resources.

use serde_json::Value;
use toolwright_core::Requirement;

use super::ArgumentValues;

/// Something that clients can read.
#[derive(Debug)]
pub struct Resource {
    /// Name on the wire.
    pub name: String,
    /// Its URI, or the template of its URIs.
    pub uri: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: String,
    /// Its media type.
    pub media_type: String,
    /// What a caller must hold: of what a tool answers, what the tool asks for.
    pub requirement: Requirement,
    /// Why its scope writes.
    pub scope_note: Option<String>,
    /// What it is.
    pub content: ResourceContent,
    /// Whether clients can ask to be told of its changes.
    pub subscribe: bool,
}

impl Resource {
    /// The variables of its URI; without any it is one resource.
    pub fn variables(&self) -> &[ResourceVariable] {
        match &self.content {
            ResourceContent::Text(_) | ResourceContent::Bytes(_) => &[],
            ResourceContent::Tool { tool: _, input: _, variables } => variables,
        }
    }
}

/// What a resource is.
#[derive(Debug)]
pub enum ResourceContent {
    /// A text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
    /// What a tool answers.
    Tool {
        /// The tool, as a place in [`Api::tools`](super::Api::tools). It reads.
        tool: usize,
        /// Its arguments beside the variables; its input schema accepts them together.
        input: Value,
        /// The variables of the URI, in their order there.
        variables: Vec<ResourceVariable>,
    },
}

/// A variable in the URI of a resource, which is an argument of its tool.
#[derive(Debug)]
pub struct ResourceVariable {
    /// Name in the URI, and of the argument.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whether the argument is an integer; otherwise it is text.
    pub is_integer: bool,
    /// Which values it can have.
    pub values: ArgumentValues,
}
