//! A server as declared: what generated code hands to the runtime, as data.

mod resource;

use std::num::NonZeroU32;

use toolwright_core::{
    Access, ClientKind, Requirement, Scope, ScopeSet, Scopes, client::ISSUED_PLACEHOLDER, resource::LONGEST_URI,
    text::capitalized,
};

pub use resource::{List, ResourceContentSpec, ResourceSpec, ResourceToolSpec, ResourceVariableSpec};

/// Everything that a manifest declares about a server, as constants.
#[derive(Debug, Clone, Copy)]
pub struct ServerSpec {
    /// Name of the server: of its crate, its database file and its command.
    pub name: &'static str,
    /// What a client's configuration calls the server.
    pub key: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Version of the interface.
    pub version: &'static str,
    /// What the server is for.
    pub description: &'static str,
    /// What a model is told on connecting.
    pub instructions: Option<&'static str>,
    /// Public URL of the endpoint, with the placeholder of a binding from the path.
    pub endpoint: &'static str,
    /// The endpoint's path, with a leading slash and the placeholder of a binding from the path.
    pub path: &'static str,
    /// The endpoint's path for a router, with `{name}` for the part that names what calls are about.
    pub route: &'static str,
    /// What calls are about.
    pub binding: Option<BindingSpec>,
    /// What the lists show to a caller.
    pub listing: Listing,
    /// The lists that can change while the server runs.
    pub notifies: &'static [List],
    /// Names of properties that no result shows, in any notation.
    pub redact: &'static [&'static str],
    /// Bounds on what a caller can ask for.
    pub limits: LimitsSpec,
    /// What is kept of calls, if anything is.
    pub audit: Option<AuditSpec>,
    /// What a caller proves with who they are.
    pub credential: CredentialSpec,
    /// A running server that `stdio` can forward to.
    pub gateway: Option<GatewaySpec>,
    /// The scopes, in the order of their ids.
    pub scopes: &'static [Scope],
    /// The groups, in the order of the documentation.
    pub groups: &'static [GroupSpec],
    /// The tools, in the order of the list.
    pub tools: &'static [&'static ToolSpec],
    /// The list that `tools/list` is made from: a JSON array of the protocol's `Tool` objects, in
    /// the order of [`Self::tools`].
    pub tool_list: &'static str,
    /// The prompts, in the order of the list.
    pub prompts: &'static [PromptSpec],
    /// The list that `prompts/list` is made from: a JSON array of the protocol's `Prompt` objects, in
    /// the order of [`Self::prompts`].
    pub prompt_list: &'static str,
    /// The resources, in the order of the lists.
    pub resources: &'static [ResourceSpec],
    /// The list that `resources/list` is made from: a JSON array of the protocol's `Resource` objects, in the order
    /// of those of [`Self::resources`] that are no templates.
    pub resource_list: &'static str,
    /// The list that `resources/templates/list` is made from: a JSON array of the protocol's `ResourceTemplate` objects, in
    /// the order of those of [`Self::resources`] that are templates.
    pub resource_template_list: &'static str,
    /// The clients that the documentation explains; the first is the one that a first start explains.
    pub clients: &'static [ClientKind],
}

impl ServerSpec {
    /// The declared scopes, with their algebra.
    pub fn scopes(&self) -> Scopes<'static> {
        Scopes(self.scopes)
    }

    /// The declared tool with this name.
    pub fn tool(&self, name: &str) -> Option<&'static ToolSpec> {
        self.tools.iter().copied().find(|tool| tool.name == name)
    }

    /// The declared prompt with this name.
    pub fn prompt(&self, name: &str) -> Option<&'static PromptSpec> {
        self.prompts.iter().find(|prompt| prompt.name == name)
    }

    /// The declared resource that has this URI, with what the variables of its template stand for there. One without
    /// variables goes first.
    pub(crate) fn resource(&self, uri: &str) -> Option<(&'static ResourceSpec, Vec<(&'static str, String)>)> {
        if uri.len() > LONGEST_URI {
            return None;
        }
        let (templates, single): (Vec<_>, Vec<_>) = self.resources.iter().partition(|resource| resource.is_template());
        single.into_iter().chain(templates).find_map(|resource| Some((resource, resource.values(uri)?)))
    }

    /// Whether clients can ask to be told of the changes of any resource.
    pub(crate) fn has_subscriptions(&self) -> bool {
        self.resources.iter().any(|resource| resource.subscribe)
    }

    /// Whether there is anything that clients can ask to be told of.
    pub(crate) fn announces_changes(&self) -> bool {
        !self.notifies.is_empty() || self.has_subscriptions()
    }

    /// Whether a tool asks its client for something while it runs.
    pub(crate) fn asks(&self) -> bool {
        self.tools.iter().any(|tool| !tool.asks.is_empty())
    }

    /// Whether a tool sends log messages.
    pub(crate) fn logs(&self) -> bool {
        self.tools.iter().any(|tool| tool.logs)
    }

    /// The binding from the path, with the account that it names.
    pub(crate) fn account(&self) -> Option<(&BindingSpec, &AccountSpec)> {
        let binding = self.binding.as_ref()?;
        match &binding.from {
            BindingSource::Path(account) => Some((binding, account)),
            BindingSource::Credential | BindingSource::Argument => None,
        }
    }

    /// The binding whose values a credential reaches.
    pub(crate) fn bound(&self) -> Option<&BindingSpec> {
        self.binding.as_ref().filter(|binding| !matches!(binding.from, BindingSource::Path(_)))
    }

    /// A URL or a path of the endpoint with an account in its place.
    pub(crate) fn url_of(&self, endpoint: &str, account: &str) -> String {
        let placeholder = self.account().map(|(binding, _)| format!("{{{}}}", binding.name));
        placeholder.map_or_else(|| endpoint.to_owned(), |placeholder| endpoint.replace(&placeholder, account))
    }

    /// What a path of the endpoint names, as it stands there.
    pub(crate) fn named_in<'p>(&self, path: &'p str) -> Option<&'p str> {
        let parts = self.route.split('/').zip(path.split('/'));
        parts.into_iter().find(|(part, _)| part.starts_with('{')).map(|(_, named)| named)
    }

    /// Whether the server keeps anything, so that it has a database.
    pub(crate) fn keeps_anything(&self) -> bool {
        self.audit.is_some() || matches!(self.credential.verify, VerifySpec::Tokens(_))
    }

    /// Whether an argument of a prompt, or a variable of a resource, can be completed.
    pub fn completes(&self) -> bool {
        let arguments = self.prompts.iter().flat_map(|prompt| prompt.arguments).map(|argument| argument.values);
        let variables = self.resources.iter().flat_map(ResourceSpec::variables).map(|variable| variable.values);
        arguments.chain(variables).any(|values| values != ArgumentValues::Text)
    }
}

/// What calls are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingSpec {
    /// Name in the manifest.
    pub name: &'static str,
    /// What the value is.
    pub description: &'static str,
    /// What says which value a call is about.
    pub from: BindingSource,
}

/// What says which value a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingSource {
    /// A part of the endpoint's path, which names an account, whatever the manifest calls it.
    Path(AccountSpec),
    /// The credential alone.
    Credential,
    /// The argument of the binding's name, among what the credential reaches; without it the credential.
    Argument,
}

/// An account, as a part of the endpoint's path names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSpec {
    /// What stands for it in documentation and snippets.
    pub placeholder: &'static str,
    /// Whether an account that is not the caller's looks like one that does not exist.
    pub hides_foreign: bool,
    /// What has to be enabled for an account.
    pub feature: Option<FeatureSpec>,
}

impl BindingSpec {
    /// The name within a sentence.
    pub(crate) fn words(&self) -> String {
        self.name.replace('_', " ")
    }

    /// The name at the beginning of a sentence.
    pub(crate) fn heading(&self) -> String {
        capitalized(&self.words())
    }
}

/// What has to be enabled for an account before it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSpec {
    /// What operators call it.
    pub flag: &'static str,
    /// What callers are told without it, without a period at the end.
    pub message: &'static str,
    /// What they can do.
    pub fix: &'static str,
}

/// What `tools/list` and `prompts/list` show to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// What the caller's grants cover.
    Granted,
    /// Everything.
    All,
    /// Everything; what the grants do not cover says in its description which scope it lacks.
    Gated,
}

/// Bounds on what a caller can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsSpec {
    /// Size of a request's body, in bytes.
    pub body_bytes: usize,
    /// Time that a call can take, in seconds.
    pub call_seconds: u64,
    /// How many calls of one credential begin in a minute.
    pub calls_per_minute: Option<NonZeroU32>,
    /// How many calls of one credential run at once.
    pub calls_in_flight: Option<NonZeroU32>,
}

/// What is kept of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSpec {
    /// For how long, in seconds.
    pub keep_seconds: u64,
    /// Whether that includes their arguments.
    pub arguments: bool,
}

/// The credential that callers present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialSpec {
    /// Name for people (`Personal Access Token`).
    pub name: &'static str,
    /// Its short form (`PAT`).
    pub abbreviation: &'static str,
    /// The environment variable that `stdio` reads it from.
    pub env: &'static str,
    /// Where a person creates one.
    pub create_at: &'static str,
    /// Who checks it.
    pub verify: VerifySpec,
}

/// What every credential looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormSpec {
    /// What it starts with.
    pub prefix: &'static str,
    /// How many random characters follow the prefix.
    pub length: usize,
}

impl CredentialSpec {
    /// What is said of them, where the server keeps them itself.
    #[cfg(feature = "console")]
    pub(crate) fn tokens(&self) -> Option<&TokensSpec> {
        match &self.verify {
            VerifySpec::Tokens(tokens) => Some(tokens),
            VerifySpec::Upstream(_) | VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => None,
        }
    }

    /// What every credential looks like, unless that is an issuer's business.
    pub(crate) fn form(&self) -> Option<FormSpec> {
        match &self.verify {
            VerifySpec::Tokens(TokensSpec { form, .. }) | VerifySpec::Upstream(UpstreamSpec { form, .. }) => {
                Some(*form)
            }
            VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => None,
        }
    }

    /// How a program gets a short-lived credential for a password, where the server gives any.
    pub(crate) fn password_grant(&self) -> Option<&PasswordGrantSpec> {
        match &self.verify {
            VerifySpec::Tokens(tokens) => tokens.password_grant.as_ref(),
            VerifySpec::Upstream(_) | VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => None,
        }
    }

    /// What stands for one in a snippet: as long as a real one, where that is known.
    pub(crate) fn placeholder(&self) -> String {
        self.form().map_or_else(
            || ISSUED_PLACEHOLDER.to_owned(),
            |FormSpec { prefix, length }| format!("{prefix}{}", "x".repeat(length)),
        )
    }

    /// The OAuth issuer that clients sign in at, where one gives the credentials.
    pub(crate) fn issuer(&self) -> Option<&'static IssuerSpec> {
        match &self.verify {
            VerifySpec::Tokens(_) | VerifySpec::Upstream(_) => None,
            VerifySpec::Jwt(JwtSpec { issuer, .. }) | VerifySpec::Introspection(IntrospectionSpec { issuer, .. }) => {
                Some(issuer)
            }
        }
    }
}

/// Who checks a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifySpec {
    /// The server itself, whose tokens they are.
    Tokens(TokensSpec),
    /// The API that the tools ask.
    Upstream(UpstreamSpec),
    /// The server, by the signature of an OAuth issuer.
    Jwt(JwtSpec),
    /// An OAuth issuer (RFC 7662).
    Introspection(IntrospectionSpec),
}

/// An OAuth issuer, whose access tokens callers present.
#[derive(Debug, PartialEq, Eq)]
pub struct IssuerSpec {
    /// Its identifier, as its tokens and its metadata have it.
    pub url: &'static str,
    /// The environment variable that names another issuer.
    pub env: &'static str,
    /// What a token has to be issued for, when it is not the URL of the endpoint.
    pub audience: Option<&'static str>,
    /// The claim with the scopes, when it is neither `scope` nor `scp`.
    pub scope_claim: Option<&'static str>,
    /// What a client asks for at first.
    pub scopes: ScopeSet,
}

/// Access tokens that the server checks by their signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JwtSpec {
    /// Who signs them.
    pub issuer: &'static IssuerSpec,
    /// Where the keys are, when the issuer's metadata is not to be asked.
    pub keys: Option<&'static str>,
    /// The algorithms that a signature can have, by their names in JSON Web Algorithms.
    pub algorithms: &'static [&'static str],
    /// How long the keys are used before they are asked for again, in seconds.
    pub cache_seconds: u64,
}

/// Access tokens that the issuer is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntrospectionSpec {
    /// Who is asked.
    pub issuer: &'static IssuerSpec,
    /// Where, when the issuer's metadata is not to be asked.
    pub endpoint: Option<&'static str>,
    /// The environment variable with the name that the server has at the issuer.
    pub client_id_env: &'static str,
    /// The environment variable with its secret there.
    pub client_secret_env: &'static str,
    /// How long an answer is believed, in seconds.
    pub cache_seconds: u64,
}

/// Credentials that the server creates, stores and revokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokensSpec {
    /// What every one looks like.
    pub form: FormSpec,
    /// How long one lives unless its maker says otherwise, in seconds.
    pub lifetime_seconds: u64,
    /// Legacy: how a program gets a short-lived one for a password.
    pub password_grant: Option<PasswordGrantSpec>,
}

/// The API that checks credentials, and that the tools ask with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamSpec {
    /// What every credential of it looks like.
    pub form: FormSpec,
    /// Where it is, without a slash at the end.
    pub origin: &'static str,
    /// The environment variable that names another origin.
    pub env: &'static str,
    /// The path that tells whose a credential is, with a leading slash.
    pub check: &'static str,
    /// How long its answer is believed, in seconds.
    pub cache_seconds: u64,
    /// Where the answer says what.
    pub answer: AnswerSpec,
    /// A call of each tool, to hold the manifest's scopes against the API's verdict with.
    pub cases: &'static [CaseSpec],
}

/// A call of a tool as its first example shows it, or without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseSpec {
    /// The tool.
    pub tool: &'static ToolSpec,
    /// Its arguments, as a JSON object that its input schema accepts.
    pub input: &'static str,
}

/// The properties that lead to a value.
pub(crate) type Way = &'static [&'static str];

/// Where the answer to a check says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerSpec {
    /// The credential's id.
    pub id: Way,
    /// The credential's name.
    pub name: Way,
    /// Whose data it reaches.
    pub subject: Way,
    /// What it allows.
    pub grants: AnswerGrantsSpec,
}

/// Where the answer to a check says what a credential allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerGrantsSpec {
    /// A list of scopes, the same whatever a call is about.
    Whole(Way),
    /// A list of scopes for each value of the binding.
    Bound {
        /// The list of values.
        each: Way,
        /// The id, in an item of the list.
        id: Way,
        /// The name, in an item of the list.
        name: Option<Way>,
        /// The scopes, in an item of the list.
        scopes: Way,
        /// The id of the default, in the answer.
        default: Option<Way>,
    },
}

/// How a program gets a short-lived credential for a password (RFC 6749, section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordGrantSpec {
    /// Where it is asked for, with a leading slash.
    pub path: &'static str,
    /// How long such a credential lives, in seconds.
    pub lifetime_seconds: u64,
    /// What it can be allowed to do.
    pub scopes: ScopeSet,
}

/// A running server that `stdio` can forward to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewaySpec {
    /// The environment variable that holds its address, without the endpoint's path.
    pub env: &'static str,
    /// An address to show.
    pub example: &'static str,
}

/// A group of tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSpec {
    /// Name in the manifest.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
}

/// A tool as declared, but for its schemas and texts, which are in [`ServerSpec::tool_list`].
#[derive(Debug, PartialEq, Eq)]
pub struct ToolSpec {
    /// Name on the wire.
    pub name: &'static str,
    /// Name of its group.
    pub group: &'static str,
    /// What it does to the account.
    pub access: Access,
    /// Whether each call leaves a record, though the tool only reads.
    pub records: bool,
    /// What each call uses up, as a phrase without a period at the end.
    pub costs: Option<&'static str>,
    /// What a person is asked before each call, as a template with arguments in its gaps.
    pub question: Option<&'static str>,
    /// What it can ask its client for while it runs.
    pub asks: &'static [&'static AskSpec],
    /// Whether it sends log messages.
    pub logs: bool,
    /// The kinds of content that it answers with; of a tool with an output schema, none.
    pub content: &'static [ContentKind],
    /// What a caller must hold.
    pub requirement: Requirement,
}

/// Something that a client can be asked for while a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub struct AskSpec {
    /// Its key among those of the tool or the prompt, also on the wire.
    pub key: &'static str,
    /// What is asked for.
    pub kind: AskKind,
    /// Whether whoever asks can do without it. What is not optional, the client must be able to answer.
    pub optional: bool,
}

/// What a client is asked for. Texts are templates with arguments in their gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskKind {
    /// That a person fills in a form (`elicitation/create`).
    Form {
        /// What they read above it.
        message: &'static str,
        /// The form, as a JSON object that is a flat JSON Schema (`requestedSchema`).
        schema: &'static str,
    },
    /// That its model goes on with a text (`sampling/createMessage`).
    Sample {
        /// The text.
        prompt: &'static str,
        /// The most tokens of the answer.
        max_tokens: u32,
    },
    /// Which folders and files it works on (`roots/list`).
    Roots,
}

/// A kind of content that a tool can answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// Words.
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// A resource, with what is in it.
    Resource,
    /// Where a resource is.
    ResourceLink,
}

impl ContentKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Text, Self::Image, Self::Audio, Self::Resource, Self::ResourceLink];

    /// Its name on the wire and in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Resource => "resource",
            Self::ResourceLink => "resource_link",
        }
    }
}

/// A prompt as declared, but for its texts, which are in [`ServerSpec::prompt_list`].
#[derive(Debug, PartialEq, Eq)]
pub struct PromptSpec {
    /// Name on the wire.
    pub name: &'static str,
    /// What a caller must hold: all that the tools in [`Self::uses`] ask for.
    pub requirement: Requirement,
    /// What fills the gaps of the messages.
    pub arguments: &'static [PromptArgumentSpec],
    /// The tools that the conversation needs; the messages name no others.
    pub uses: &'static [&'static str],
    /// What a person is asked for with a form where it is not among the arguments. Each field is one of them.
    pub asks: &'static [AskSpec],
    /// The messages, in their order.
    pub messages: &'static [PromptMessageSpec],
}

/// What fills a gap of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptArgumentSpec {
    /// Name on the wire and in the templates.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Which values it can have.
    pub values: ArgumentValues,
}

/// Which values an argument of a prompt, or a variable of a resource, can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentValues {
    /// Any text.
    Text,
    /// One of several words.
    Words(&'static [&'static str]),
    /// Any text; what a tool lists is suggested.
    Listed(CompletionSpec),
}

/// Where values to suggest for an argument come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletionSpec {
    /// The tool that lists them. It reads, and a prompt uses it.
    pub tool: &'static ToolSpec,
    /// Its arguments, as a JSON object that its input schema accepts.
    pub input: &'static str,
    /// The one of its arguments that takes what was typed, once something is.
    pub typed: Option<&'static str>,
    /// The properties that lead through its result to the values; lists on the way are gone through.
    pub values: &'static [&'static str],
    /// The properties that lead to how many there are in all.
    pub total: Option<&'static [&'static str]>,
}

/// A message of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptMessageSpec {
    /// Who says it.
    pub role: PromptRole,
    /// What is said.
    pub content: PromptContentSpec,
}

/// What a message of a prompt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptContentSpec {
    /// A text, as a template.
    Text(&'static str),
    /// A picture.
    Image(MediaSpec),
    /// A sound.
    Audio(MediaSpec),
    /// A text with an address.
    Resource {
        /// The address, as a template.
        uri: &'static str,
        /// What the text is.
        media_type: &'static str,
        /// The text, as a template.
        text: &'static str,
    },
}

/// A file that a message consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaSpec {
    /// What is in it.
    pub media_type: &'static str,
    /// What is in it, in Base64.
    pub data: &'static str,
}

/// Who says a message of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptRole {
    /// The person.
    User,
    /// The model.
    Assistant,
}
