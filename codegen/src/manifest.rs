//! The manifest as it is written: shapes whose doc comments are its JSON Schema and its reference.
//!
//! A shape takes what the schema accepts; what the schema refuses is reported from the schema
//! ([`check`]), and only the declaration that holds the fault is left out ([`Section::Faulty`]), so
//! that the rest can be checked further.

pub mod asks;
pub mod check;
mod explain;
pub mod fields;
pub mod messages;
pub mod oauth;
pub mod resources;
pub mod schema;
pub mod server;
pub mod tools;
pub mod upstream;
pub mod words;

use schemars::JsonSchema;
use serde::Deserialize;

pub use asks::{Ask, FormField, PromptAsk};
pub(crate) use explain::steps;
pub use fields::{Element, Field, TypeDeclaration, Variant, WordList};
pub use messages::PromptMessage;
pub use resources::Resource;
pub use server::{Binding, Credential, Docs, Group, Limits, Scope, Server};
pub use tools::{Example, OutputRule, Prompt, ScopeRule, Tool};
pub use words::{Entries, Name, Section, Text};

use crate::source::Spanned;

/// Lists the servers of a workspace, and nothing else.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WorkspaceManifest {
    /// The manifests of the servers, relative to this file.
    #[schemars(length(min = 1))]
    pub servers: Vec<Name>,
}

/// Declares a server: what it is called, who may call it, and everything that it can do.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ServerManifest {
    /// Version of the manifest's grammar. There is one: `1`.
    #[schemars(required, schema_with = "schema::grammar_version")]
    pub manifest: Option<Spanned<u64>>,
    /// What the server is called, where it is, and what it allows.
    #[schemars(with = "Server")]
    pub server: Option<Section<Server>>,
    /// Named values that a call is about, from the path, the credential or an argument.
    #[serde(default)]
    pub bindings: Section<Entries<Section<Binding>>>,
    /// What callers present to prove who they are.
    #[schemars(with = "Credential")]
    pub credential: Option<Section<Credential>>,
    /// What a credential can be allowed to do, by the scope's name on the wire, as `runs:read`. A
    /// server has at most 64.
    #[serde(default)]
    pub scopes: Section<Entries<Section<Scope>>>,
    /// The sections of the tool list in the documentation, in their order.
    #[serde(default)]
    pub groups: Section<Entries<Section<Group>>>,
    /// Named types, which fields and outputs refer to. The name is one of Rust's, in upper camel
    /// case.
    #[serde(default)]
    pub types: Section<Entries<Section<TypeDeclaration>>>,
    /// The tools, by their names on the wire, in the order in which they are listed.
    #[serde(default)]
    pub tools: Section<Entries<Section<Tool>>>,
    /// The prompts, by their names on the wire.
    #[serde(default)]
    pub prompts: Section<Entries<Section<Prompt>>>,
    /// The resources, by their names on the wire.
    #[serde(default)]
    pub resources: Section<Entries<Section<Resource>>>,
    /// Patterns of files, relative to this one, whose declarations belong to this server too. Each
    /// has to match a file. `*` stands for any part of a name, `**` for any folders.
    #[serde(default)]
    pub include: Section<Vec<Name>>,
    /// The clients that the documentation explains, in its order.
    #[schemars(with = "server::Clients")]
    pub clients: Option<Section<server::Clients>>,
    /// What the documentation says beside what follows from the declarations.
    #[serde(default)]
    pub docs: Section<Docs>,
}

/// Holds declarations of a server that includes it: scopes, groups, types, tools, prompts and resources.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct IncludedFile {
    /// Scopes of the server.
    #[serde(default)]
    pub scopes: Section<Entries<Section<Scope>>>,
    /// Groups of the server.
    #[serde(default)]
    pub groups: Section<Entries<Section<Group>>>,
    /// Types of the server.
    #[serde(default)]
    pub types: Section<Entries<Section<TypeDeclaration>>>,
    /// Tools of the server.
    #[serde(default)]
    pub tools: Section<Entries<Section<Tool>>>,
    /// Prompts of the server.
    #[serde(default)]
    pub prompts: Section<Entries<Section<Prompt>>>,
    /// Resources of the server.
    #[serde(default)]
    pub resources: Section<Entries<Section<Resource>>>,
}

impl ServerManifest {
    /// The files that are named in it as the content of something, relative to the manifest's folder.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Name> {
        messages::files(&self.prompts).chain(resources::files(&self.resources))
    }
}

impl IncludedFile {
    /// The files that are named in it as the content of something, relative to the folder of the server's manifest.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Name> {
        messages::files(&self.prompts).chain(resources::files(&self.resources))
    }
}
