//! The intermediate form: a server as it will be, named, ordered and checked.
//!
//! `resolve` makes it, the emitters read it. Nothing in it can be wrong any more, and it knows
//! nothing of the file that it came from, but for the path. Every name is here in each form in
//! which an output needs it, so that no emitter derives one.

mod credential;
mod prompts;
mod resources;
mod tools;
mod types;

use std::path::PathBuf;

use toolwright_core::{ClientKind, Scope, ScopeSet};
use toolwright_freshness::Inputs;

pub use credential::{
    Answer, AnswerGrants, Credential, Form, Introspection, Issuer, Jwt, PasswordGrant, Tokens, Upstream, Verify,
};
pub use prompts::{
    ArgumentValues, Completion, Media, MessageContent, Prompt, PromptArgument, PromptAsk, PromptMessage, Role,
};
pub use resources::{Resource, ResourceContent, ResourceVariable};
pub use tools::{Ask, AskForm, AskKind, Confirmation, ContentKind, Example, FormField, Output, Tool};
pub use types::{Field, NamedType, Shape, Type, Variant, Word};

/// A server.
#[derive(Debug)]
pub struct Api {
    /// What the server is called, where it is, and what it allows.
    pub server: Server,
    /// What its callers present.
    pub credential: Credential,
    /// Its scopes; a scope's id is its place here.
    pub scopes: Vec<Scope>,
    /// The scopes that no tool uses, as declared with `tools: none`.
    pub scopes_without_tools: ScopeSet,
    /// Its groups, in the order of the documentation; each has a tool.
    pub groups: Vec<Group>,
    /// Its named types, in the order of their declaration.
    pub types: Vec<NamedType>,
    /// Its tools, in the order of their declaration.
    pub tools: Vec<Tool>,
    /// Its prompts, in the order of their declaration.
    pub prompts: Vec<Prompt>,
    /// Its resources, in the order of their declaration.
    pub resources: Vec<Resource>,
    /// The clients that its documentation explains.
    pub clients: Vec<ClientKind>,
    /// What the documentation says beside what follows from the declarations.
    pub docs: Docs,
    /// The files that it was made from, with their digest.
    pub inputs: Inputs,
    /// The folder of the generated crate, relative to the workspace.
    pub folder: PathBuf,
    /// The manifest, relative to the workspace, with forward slashes.
    pub manifest: String,
}

/// What a server is called, where it is, and what it allows.
#[derive(Debug)]
pub struct Server {
    /// Name on the wire, of the folder and of the command.
    pub name: String,
    /// Package of the generated crate (`infatica-tools`).
    pub package: String,
    /// What a client's configuration calls the server.
    pub key: String,
    /// Name for people.
    pub title: String,
    /// Version of the interface, by Semantic Versioning.
    pub version: String,
    /// What the server is for.
    pub description: String,
    /// What a model is told on connecting.
    pub instructions: Option<String>,
    /// Public URL of the endpoint; a placeholder stands for what calls are about.
    pub endpoint: String,
    /// Path of the endpoint, as people see it.
    pub path: String,
    /// Path of the endpoint, with `{name}` for a part that names what calls are about.
    pub route: String,
    /// What calls are about.
    pub binding: Option<Binding>,
    /// What the lists show to a caller.
    pub listing: Listing,
    /// The lists that can change while it runs, each once.
    pub notifies: Vec<NotifiedList>,
    /// Names of properties that no result shows.
    pub redact: Vec<String>,
    /// Largest body of a request, in bytes.
    pub body_bytes: u64,
    /// Longest time of a call, in seconds.
    pub call_seconds: u64,
    /// How many calls of one credential begin in a minute.
    pub calls_per_minute: Option<u32>,
    /// How many calls of one credential run at once.
    pub calls_in_flight: Option<u32>,
    /// What is recorded of calls, if anything is.
    pub audit: Option<Audit>,
    /// A running server that stdio can forward to.
    pub gateway: Option<Gateway>,
}

impl Server {
    /// The binding from the path, with the account that it names.
    pub fn account(&self) -> Option<(&Binding, &Account)> {
        let binding = self.binding.as_ref()?;
        Some((binding, binding.account()?))
    }
}

/// What calls are about.
#[derive(Debug)]
pub struct Binding {
    /// Name in the manifest.
    pub name: String,
    /// The method of a call that has the value, as a Rust identifier.
    pub accessor: String,
    /// What the value is.
    pub description: String,
    /// What says which value a call is about.
    pub from: BindingSource,
}

/// What says which value a call is about.
#[derive(Debug)]
pub enum BindingSource {
    /// A part of the endpoint's path, which names an account.
    Path(Account),
    /// The credential alone.
    Credential,
    /// The argument of the binding's name, among what the credential reaches; without it the credential.
    Argument,
}

impl Binding {
    /// The account that the path names, if it does.
    pub fn account(&self) -> Option<&Account> {
        match &self.from {
            BindingSource::Path(account) => Some(account),
            BindingSource::Credential | BindingSource::Argument => None,
        }
    }

    /// The name within a sentence.
    pub fn words(&self) -> String {
        self.name.replace('_', " ")
    }
}

/// An account, as the endpoint's path names it.
#[derive(Debug)]
pub struct Account {
    /// What stands for it in [`Server::endpoint`] and [`Server::path`].
    pub placeholder: String,
    /// Whether one that is not the caller's looks like one that does not exist.
    pub hides_foreign: bool,
    /// What has to be enabled for it.
    pub feature: Option<Feature>,
}

/// What has to be enabled for an account.
#[derive(Debug)]
pub struct Feature {
    /// What operators call it.
    pub flag: String,
    /// What callers are told without it, without a period at the end.
    pub message: String,
    /// What they can do.
    pub fix: String,
}

/// What is recorded of calls.
#[derive(Debug)]
pub struct Audit {
    /// How long it is kept, in seconds.
    pub keep_seconds: u64,
    /// Whether arguments are recorded too.
    pub arguments: bool,
}

/// A running server that stdio can forward to.
#[derive(Debug)]
pub struct Gateway {
    /// The environment variable with its address, without the endpoint's path.
    pub env: String,
    /// An address to show.
    pub example: String,
}

/// What the lists show to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// What the caller's grants cover.
    Granted,
    /// Everything.
    All,
    /// Everything, with the missing scope in the description.
    Gated,
}

/// A list that clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifiedList {
    /// The tools.
    Tools,
    /// The prompts.
    Prompts,
    /// The resources.
    Resources,
}

/// A group of tools.
#[derive(Debug)]
pub struct Group {
    /// Name in the manifest.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What its tools have in common.
    pub description: Option<String>,
}

/// What the documentation says beside what follows from the declarations.
#[derive(Debug, Default)]
pub struct Docs {
    /// What a reader needs first.
    pub prerequisites: Vec<String>,
    /// How a reader sees that it works.
    pub verify: Option<String>,
    /// The tools to call with curl, as places in [`Api::tools`]; each has an example.
    pub curl: Vec<usize>,
    /// What to mind with the tools that reach systems outside the account; there is one.
    pub open_world: Option<String>,
    /// What a reader can ask an assistant.
    pub example_prompts: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Rows of the troubleshooting table beside those of the error catalogue.
    pub troubleshooting: Vec<Trouble>,
    /// Rows of the page of promises beside those that the runtime keeps.
    pub promises: Vec<OwnPromise>,
}

/// What the server's own code promises of what it should not be sent.
#[derive(Debug)]
pub struct OwnPromise {
    /// What comes, or what happens.
    pub sent: String,
    /// How it is answered.
    pub answer: String,
    /// What is promised beside it.
    pub promised: String,
}

/// A row of the troubleshooting table.
#[derive(Debug)]
pub struct Trouble {
    /// What a person sees.
    pub symptom: String,
    /// Why it happens.
    pub cause: Option<String>,
    /// What to do.
    pub fix: String,
}
