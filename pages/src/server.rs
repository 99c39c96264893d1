//! A server as pages show it. The generator fills it from a manifest, the runtime from the generated declaration.

use toolwright_core::{Access, ClientKind, Requirement, Scope, Scopes};

use crate::Argument;

/// What pages say about a server. Texts are the manifest's.
#[derive(Debug, Clone)]
pub struct Server {
    /// Name of its command.
    pub name: String,
    /// What a client's configuration calls it.
    pub key: String,
    /// Name for people.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Version of the interface.
    pub version: String,
    /// URL of the endpoint, with the account's placeholder in it where there is one.
    pub endpoint: String,
    /// Path of the endpoint on the origin of these pages, with the same placeholder.
    pub path: String,
    /// What the path names, where it names something.
    pub account: Option<Account>,
    /// What stdio can forward to.
    pub gateway: Option<Gateway>,
    /// What callers present.
    pub credential: Credential,
    /// The scopes, in the order of their ids.
    pub scopes: Vec<Scope>,
    /// The groups, in the order of the documentation.
    pub groups: Vec<Group>,
    /// The tools, in the order of the list.
    pub tools: Vec<Tool>,
    /// The clients that are explained.
    pub clients: Vec<ClientKind>,
}

/// What a part of the endpoint's path names.
#[derive(Debug, Clone)]
pub struct Account {
    /// The manifest's name for it, within a sentence.
    pub name: String,
    /// What stands for it in [`Server::endpoint`] and [`Server::path`].
    pub placeholder: String,
    /// What it is.
    pub description: String,
}

/// A running server that stdio can forward to.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// The environment variable with its address.
    pub env: String,
    /// The address to show.
    pub address: String,
}

/// What callers present.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Name for people (`Personal Access Token`).
    pub name: String,
    /// Its short form (`PAT`).
    pub abbreviation: String,
    /// What stands for one where a client reads no environment: as long as a real one.
    pub placeholder: String,
    /// The environment variable that snippets name.
    pub env: String,
    /// Where a person creates one.
    pub create_at: String,
    /// Whether clients get one by themselves, at an issuer that people sign in at.
    pub signs_in: bool,
    /// How long one lives unless its maker says otherwise, in seconds; 0 where the server creates none.
    pub lifetime_seconds: u64,
}

/// A group of tools.
#[derive(Debug, Clone)]
pub struct Group {
    /// Name for people.
    pub title: String,
    /// What its tools have in common.
    pub description: Option<String>,
}

/// A tool.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Name on the wire.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What a model is told of it.
    pub description: String,
    /// Its group, as a place in [`Server::groups`].
    pub group: usize,
    /// What it does to the account.
    pub access: Access,
    /// Whether each call leaves a record, though the tool only reads.
    pub records: bool,
    /// What a caller must hold.
    pub requirement: Requirement,
    /// What it takes: [`arguments`](crate::arguments) of its input schema.
    pub arguments: Vec<Argument>,
}

impl Server {
    pub(crate) fn scopes(&self) -> Scopes<'_> {
        Scopes(&self.scopes)
    }
}
