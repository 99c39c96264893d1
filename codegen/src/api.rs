//! The intermediate form: a server as it will be, named, ordered and checked.
//!
//! `resolve` makes it, the emitters read it. Nothing in it can be wrong any more, and it knows
//! nothing of the file that it came from, but for the path. Every name is here in each form in
//! which an output needs it, so that no emitter derives one.

use std::path::PathBuf;

use serde_json::Value;
use toolwright_core::{Access, ClientKind, Requirement, Scope, ScopeSet};
use toolwright_freshness::Inputs;

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

/// What callers present.
#[derive(Debug)]
pub struct Credential {
    /// Name for people.
    pub name: String,
    /// Its short form.
    pub abbreviation: String,
    /// The environment variable that `stdio` and the snippets name.
    pub env: String,
    /// Where a person creates one.
    pub create_at: String,
    /// Who checks it.
    pub verify: Verify,
}

impl Credential {
    /// How a program gets a short-lived one for a password.
    pub fn password_grant(&self) -> Option<&PasswordGrant> {
        match &self.verify {
            Verify::Tokens(tokens) => tokens.password_grant.as_ref(),
            Verify::Upstream(_) | Verify::Jwt(_) | Verify::Introspection(_) => None,
        }
    }

    /// What every one looks like, unless that is an issuer's business.
    pub fn form(&self) -> Option<&Form> {
        match &self.verify {
            Verify::Tokens(Tokens { form, .. }) | Verify::Upstream(Upstream { form, .. }) => Some(form),
            Verify::Jwt(_) | Verify::Introspection(_) => None,
        }
    }

    /// The OAuth issuer that clients sign in at, where one gives the credentials.
    pub fn issuer(&self) -> Option<&Issuer> {
        match &self.verify {
            Verify::Tokens(_) | Verify::Upstream(_) => None,
            Verify::Jwt(Jwt { issuer, .. }) | Verify::Introspection(Introspection { issuer, .. }) => Some(issuer),
        }
    }
}

/// What every credential looks like.
#[derive(Debug)]
pub struct Form {
    /// What it starts with.
    pub prefix: String,
    /// How many random characters follow.
    pub length: u64,
}

/// Who checks a credential.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a server has one")]
pub enum Verify {
    /// The server itself, whose tokens they are.
    Tokens(Tokens),
    /// The API that the tools ask.
    Upstream(Upstream),
    /// The server, by the signature of an OAuth issuer.
    Jwt(Jwt),
    /// An OAuth issuer, which is asked.
    Introspection(Introspection),
}

/// An OAuth issuer, whose access tokens callers present.
#[derive(Debug)]
pub struct Issuer {
    /// Its identifier, as it is declared.
    pub url: String,
    /// The environment variable that names another issuer.
    pub env: String,
    /// What a token has to be issued for, when it is not the URL of the endpoint.
    pub audience: Option<String>,
    /// The claim with the scopes, when it is neither `scope` nor `scp`.
    pub scope_claim: Option<String>,
    /// What a client asks for at first.
    pub scopes: ScopeSet,
}

/// Access tokens that the server checks by their signature.
#[derive(Debug)]
pub struct Jwt {
    /// Who signs them.
    pub issuer: Issuer,
    /// Where the keys are, when the issuer's metadata is not to be asked.
    pub keys: Option<String>,
    /// The algorithms that a signature can have, by their names in JSON Web Algorithms.
    pub algorithms: Vec<&'static str>,
    /// How long the keys are used before they are asked for again, in seconds.
    pub cache_seconds: u64,
}

/// Access tokens that the issuer is asked about.
#[derive(Debug)]
pub struct Introspection {
    /// Who is asked.
    pub issuer: Issuer,
    /// Where, when the issuer's metadata is not to be asked.
    pub endpoint: Option<String>,
    /// The environment variable with the name that the server has at the issuer.
    pub client_id_env: String,
    /// The environment variable with its secret there.
    pub client_secret_env: String,
    /// How long an answer is believed, in seconds.
    pub cache_seconds: u64,
}

/// Credentials that the server creates.
#[derive(Debug)]
pub struct Tokens {
    /// What every one looks like.
    pub form: Form,
    /// How long one lives unless its maker says otherwise, in seconds.
    pub lifetime_seconds: u64,
    /// Legacy: how a program gets a short-lived one for a password.
    pub password_grant: Option<PasswordGrant>,
}

/// The API that checks credentials, and that the tools ask with them.
#[derive(Debug)]
pub struct Upstream {
    /// What every credential of it looks like.
    pub form: Form,
    /// Where it is, without a slash at the end.
    pub origin: String,
    /// The environment variable that names another origin.
    pub env: String,
    /// The path that tells whose a credential is, with a leading slash.
    pub check: String,
    /// How long its answer is believed, in seconds.
    pub cache_seconds: u64,
    /// Where the answer says what.
    pub answer: Answer,
}

/// Where the answer to a check says what; each is a way through properties.
#[derive(Debug)]
pub struct Answer {
    /// The credential's id.
    pub id: Vec<String>,
    /// The credential's name.
    pub name: Vec<String>,
    /// Whose data it reaches.
    pub subject: Vec<String>,
    /// What it allows.
    pub grants: AnswerGrants,
}

/// Where the answer to a check says what a credential allows.
#[derive(Debug)]
pub enum AnswerGrants {
    /// A list of scopes, the same whatever a call is about.
    Whole(Vec<String>),
    /// A list of scopes for each value of the binding.
    Bound {
        /// The list of values.
        each: Vec<String>,
        /// The id, in an item of the list.
        id: Vec<String>,
        /// The name, in an item of the list.
        name: Option<Vec<String>>,
        /// The scopes, in an item of the list.
        scopes: Vec<String>,
        /// The id of the default, in the answer.
        default: Option<Vec<String>>,
    },
}

/// How a program gets a short-lived credential for a password.
#[derive(Debug)]
pub struct PasswordGrant {
    /// Where it is asked for, with a leading slash.
    pub path: String,
    /// How long such a credential lives, in seconds.
    pub lifetime_seconds: u64,
    /// What it can be allowed to do.
    pub scopes: ScopeSet,
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

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// Name on the wire, which is also the name of its module.
    pub name: String,
    /// The name as a Rust identifier: raw where it is a keyword.
    pub module: String,
    /// Name for people.
    pub title: String,
    /// What a model is told of it.
    pub description: String,
    /// Its group, as a place in [`Api::groups`].
    pub group: usize,
    /// What it does to the account.
    pub access: Access,
    /// What each call leaves a record of; only a tool that reads has it.
    pub records: Option<String>,
    /// What each call uses up, as a phrase without a period at the end.
    pub costs: Option<String>,
    /// What a person is asked before each call; only a tool that changes something has it.
    pub confirmation: Option<Confirmation>,
    /// Whether a repeated call changes nothing more.
    pub idempotent: bool,
    /// Whether it reaches systems outside the account.
    pub open_world: bool,
    /// What a caller must hold.
    pub requirement: Requirement,
    /// Why its access and its scope's differ.
    pub scope_note: Option<String>,
    /// Its arguments.
    pub input: Vec<Field>,
    /// The argument that it takes as well, and that says what a call is about. The runtime reads it: the handler is
    /// not given it.
    pub bound: Option<Field>,
    /// The arguments as JSON Schema 2020-12, complete, with those that the runtime takes itself.
    pub input_schema: Value,
    /// Its result.
    pub output: Output,
    /// The result as JSON Schema 2020-12, complete; nothing where it has no properties.
    pub output_schema: Option<Value>,
    /// Whether it sends log messages while it runs.
    pub logs: bool,
    /// What it can ask while it runs.
    pub asks: Vec<Ask>,
    /// Calls to learn from; the input schema accepts each.
    pub examples: Vec<Example>,
}

impl Tool {
    /// Everything that a caller can send.
    pub fn arguments(&self) -> impl Iterator<Item = &Field> {
        let confirmation = self.confirmation.iter().map(|confirmation| &confirmation.argument);
        self.input.iter().chain(&self.bound).chain(confirmation)
    }

    /// Whether nobody can tell afterwards that it was called.
    pub fn leaves_no_trace(&self) -> bool {
        self.access == Access::Read && self.records.is_none()
    }
}

/// What a person is asked before a tool runs.
#[derive(Debug)]
pub struct Confirmation {
    /// The question, as a template; it renders, whatever the arguments are.
    pub question: String,
    /// The arguments that it names, each once, in their order there.
    pub about: Vec<String>,
    /// The argument that a client who cannot ask says with that a person was asked.
    pub argument: Field,
}

/// The result of a tool.
#[derive(Debug)]
pub enum Output {
    /// A named object type, as a place in [`Api::types`].
    Named(usize),
    /// Fields of its own.
    Fields(Vec<Field>),
    /// Blocks of these kinds, each once, in their order in the manifest.
    Content(Vec<ContentKind>),
}

/// A kind of content that a tool answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// What a resource holds, with its address.
    Resource,
    /// The address of a resource.
    ResourceLink,
}

impl ContentKind {
    /// The word in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Resource => "resource",
            Self::ResourceLink => "resource_link",
        }
    }
}

/// Something that a tool can ask while it runs.
#[derive(Debug)]
pub struct Ask {
    /// Name on the wire.
    pub key: String,
    /// Name of its type.
    pub rust: String,
    /// Name of the type of its answer, where that is generated.
    pub answer: String,
    /// What is asked.
    pub kind: AskKind,
    /// Whether the tool can do without an answer.
    pub optional: bool,
}

/// What is asked.
#[derive(Debug)]
pub enum AskKind {
    /// A person fills in a form.
    Elicit {
        /// What they are told, as a template; it renders, whatever the arguments are.
        message: String,
        /// The form.
        form: AskForm,
    },
    /// The client's model answers.
    Sample {
        /// What it is asked, as a template; it renders, whatever the arguments are.
        prompt: String,
        /// How long its answer can be, in tokens.
        max_tokens: u64,
    },
    /// The client tells which folders it works in.
    Roots,
}

/// What a person fills in.
#[derive(Debug)]
pub struct AskForm {
    /// The form as the protocol's JSON Schema.
    pub schema: Value,
    /// The fields; nothing where only the schema is declared.
    pub fields: Option<Vec<FormField>>,
}

/// A field of a form.
#[derive(Debug)]
pub struct FormField {
    /// What a person reads beside it.
    pub title: Option<String>,
    /// What it is as a property of the answer.
    pub field: Field,
}

/// A call to learn from.
#[derive(Debug)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Its arguments.
    pub input: Value,
}

/// A text with gaps that a person starts a conversation with.
#[derive(Debug)]
pub struct Prompt {
    /// Name on the wire.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: String,
    /// What fills the gaps: what is declared as such, and then the fields of what a person is asked for.
    pub arguments: Vec<PromptArgument>,
    /// The tools that the conversation needs, as places in [`Api::tools`].
    pub uses: Vec<usize>,
    /// What a caller must hold: all that the tools ask for.
    pub requirement: Requirement,
    /// What a person is asked for where it is not among the arguments.
    pub asks: Vec<PromptAsk>,
    /// The messages; each renders, whatever the arguments are.
    pub messages: Vec<PromptMessage>,
}

/// Something that a person is asked for before a prompt is given.
#[derive(Debug)]
pub struct PromptAsk {
    /// Name on the wire.
    pub key: String,
    /// What the person is told, as a template over the prompt's own arguments.
    pub message: String,
    /// The form as the protocol's JSON Schema. Each of its properties is among the prompt's arguments.
    pub schema: Value,
    /// Whether the prompt can do without.
    pub optional: bool,
}

/// What fills a gap of a prompt.
#[derive(Debug)]
pub struct PromptArgument {
    /// Name on the wire, and in the templates.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whether it must be there.
    pub required: bool,
    /// Which values it can have.
    pub values: ArgumentValues,
    /// What it has to be, in words, where it is a field of a form that is not any text.
    pub form: Option<String>,
    /// Whether a person is asked for it when it is left out.
    pub is_asked: bool,
}

/// Which values an argument of a prompt, or a variable of a URI, can have.
#[derive(Debug)]
pub enum ArgumentValues {
    /// Any text.
    Text,
    /// One of several words.
    Words(Vec<String>),
    /// Any text; clients suggest what a tool lists.
    Listed(Completion),
}

impl ArgumentValues {
    /// The words, where it is a choice.
    pub fn words(&self) -> &[String] {
        match self {
            Self::Words(words) => words,
            Self::Text | Self::Listed(_) => &[],
        }
    }
}

/// Where values to suggest come from.
#[derive(Debug)]
pub struct Completion {
    /// The tool that lists them, as a place in [`Api::tools`]. It reads, and the prompt uses it.
    pub tool: usize,
    /// Its arguments; its input schema accepts them.
    pub input: Value,
    /// The one of its arguments, a text, that takes what was typed.
    pub typed: Option<String>,
    /// The properties that lead through its result to the values, which are text.
    pub values: Vec<String>,
    /// The properties that lead to how many there are in all, an integer.
    pub total: Option<Vec<String>>,
}

/// A message of a prompt.
#[derive(Debug)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: MessageContent,
}

/// What a message of a prompt says.
#[derive(Debug)]
pub enum MessageContent {
    /// A text, as a template.
    Text(String),
    /// A picture.
    Image(Media),
    /// A sound.
    Audio(Media),
    /// A text with an address.
    Resource {
        /// The address, as a template.
        uri: String,
        /// What the text is.
        media_type: String,
        /// The text, as a template.
        text: String,
    },
}

/// A file that a message consists of.
#[derive(Debug)]
pub struct Media {
    /// What is in it.
    pub media_type: String,
    /// Where the generated crate has it, below its folder: a name that no other has.
    pub path: String,
    /// What is in it, in Base64.
    pub data: String,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

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
        /// The tool, as a place in [`Api::tools`]. It reads.
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
    /// A named type, as a place in [`Api::types`].
    Named(usize),
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
