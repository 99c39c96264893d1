//! Resources as declared, and the lists that can change.

use toolwright_core::{Requirement, resource::UriTemplate};

use super::{ArgumentValues, ToolSpec};

/// A list that clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list` and `resources/templates/list`.
    Resources,
}

/// A resource as declared, but for its texts, which are in [`super::ServerSpec::resource_list`] and
/// [`super::ServerSpec::resource_template_list`].
#[derive(Debug, PartialEq, Eq)]
pub struct ResourceSpec {
    /// Name on the wire.
    pub name: &'static str,
    /// Its URI, or the template of its URIs.
    pub uri: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What a caller must hold: of what a tool answers, what the tool asks for.
    pub requirement: Requirement,
    /// What it is.
    pub content: ResourceContentSpec,
    /// Whether clients can ask to be told of its changes.
    pub subscribe: bool,
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceContentSpec {
    /// A text.
    Text(&'static str),
    /// Anything else, in Base64.
    Blob(&'static str),
    /// What a tool answers.
    Tool(ResourceToolSpec),
}

/// The tool that answers with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceToolSpec {
    /// The tool, which reads.
    pub tool: &'static ToolSpec,
    /// Its arguments beside the variables, as a JSON object.
    pub input: &'static str,
    /// The variables of the URI, which are arguments of the tool.
    pub variables: &'static [ResourceVariableSpec],
}

/// A variable in the URI of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceVariableSpec {
    /// Name in the URI, and of the argument.
    pub name: &'static str,
    /// Whether the argument is an integer; otherwise it is text.
    pub is_integer: bool,
    /// Which values it can have.
    pub values: ArgumentValues,
}

impl ResourceSpec {
    /// The variables of its URI; without any it is one resource.
    pub fn variables(&self) -> &'static [ResourceVariableSpec] {
        match &self.content {
            ResourceContentSpec::Text(_) | ResourceContentSpec::Blob(_) => &[],
            ResourceContentSpec::Tool(answered) => answered.variables,
        }
    }

    /// Whether it is a template of many URIs.
    pub fn is_template(&self) -> bool {
        !self.variables().is_empty()
    }

    /// What the variables stand for in a URI of it, each with its name.
    pub(crate) fn values(&self, uri: &str) -> Option<Vec<(&'static str, String)>> {
        if !self.is_template() {
            return (self.uri == uri).then(Vec::new);
        }
        UriTemplate::parse(self.uri).ok()?.values(uri)
    }
}
