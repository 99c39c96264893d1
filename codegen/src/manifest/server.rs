//! What the server is, who may call it, and how it is documented.

use schemars::JsonSchema;
use serde::Deserialize;
use toolwright_core::ClientKind;

use super::{
    oauth::OAuth,
    upstream::Upstream,
    words::{Name, Text},
};
use crate::source::Spanned;

/// What a server is called, where it is, and what it allows.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Server {
    /// Name of the generated crate (`<name>-tools`), its folder and the server's files: lowercase
    /// letters, digits and single hyphens.
    pub name: Name,
    /// What a client's configuration calls the server: letters, digits, hyphens and underscores.
    /// The same as `name` when it is left out.
    pub key: Option<Name>,
    /// Name for people.
    pub title: Text,
    /// Version of the interface, by Semantic Versioning.
    pub version: Text,
    /// What the server is for, in a sentence.
    pub description: Text,
    /// What a model is told on connecting: where to start, and what to know beyond the single tool.
    pub instructions: Option<Text>,
    /// Public URL of the endpoint: `https`, with a path, without query and fragment. `http` is for
    /// this machine only. A part of the path can be `{name}`, the placeholder of a binding.
    pub endpoint: Text,
    /// What the lists show to a caller.
    #[serde(default)]
    pub listing: Listing,
    /// The lists that can change while the server runs, which handlers say with `call.list_changed`. Clients are told, and
    /// ask for the list again.
    #[serde(default)]
    pub notifies: Vec<Spanned<NotifiedList>>,
    /// Names of properties that no result shows, in any notation: `ssl_key` is also `sslKey` and
    /// `SSL-Key`. Where there are any, results and errors also lose what is assigned to one of them
    /// within a text, and what has the form of a secret: passwords in URLs, bearer tokens, keys of
    /// clouds, private keys.
    #[serde(default)]
    pub redact: Vec<Name>,
    /// Bounds on what a caller can ask for.
    #[serde(default)]
    pub limits: Limits,
    /// What is recorded of calls. With `verify: tokens` the server records them for 90 days without their arguments when it is
    /// left out; any other server records nothing then.
    pub audit: Option<Audit>,
    /// What the server's program can do over stdio.
    #[serde(default)]
    pub stdio: Stdio,
}

/// A list that clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotifiedList {
    /// The tools.
    Tools,
    /// The prompts.
    Prompts,
    /// The resources, and the templates of their URIs.
    Resources,
}

impl NotifiedList {
    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
        }
    }
}

/// What the server's program can do over stdio.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stdio {
    /// Lets whoever starts the program have it forward every message to a running server, over HTTP,
    /// instead of serving by itself.
    pub gateway: Option<Gateway>,
}

/// A running server that stdio forwards to.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gateway {
    /// The environment variable that holds the running server's address without the endpoint's path:
    /// capital letters, digits and underscores. Where it is not set, the program serves by itself.
    pub env: Name,
    /// An address for the documentation to show, as `http://localhost:8081`: `https`, or `http` for this
    /// machine. The one of `endpoint` when it is left out.
    pub example: Option<Text>,
}

/// What the lists show to a caller.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// What the caller's scopes allow.
    #[default]
    Granted,
    /// Everything.
    All,
    /// Everything; what the caller's scopes do not allow names the missing scope in its description.
    Gated,
}

/// Bounds on what a caller can ask for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Limits {
    /// Largest body of a request, in bytes; 1 MiB when it is left out.
    #[schemars(range(min = 1024, max = 104_857_600))]
    pub body_bytes: Option<u64>,
    /// Longest time of a call, in seconds; 60 when it is left out.
    #[schemars(range(min = 1, max = 3600))]
    pub call_seconds: Option<u64>,
    /// How many calls of one credential run at once; any number when it is left out. Like the next one, each instance of
    /// the server counts it for itself.
    #[schemars(range(min = 1, max = 100_000))]
    pub calls_in_flight: Option<u32>,
    /// How many calls of one credential begin in a minute; any number when it is left out. They can all begin at once;
    /// then each comes back by itself, evenly over the minute.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub calls_per_minute: Option<u32>,
}

/// What is recorded of calls, prompts and refusals, in the server's database: when, with which credential, what was asked for,
/// whether it was allowed, how it ended, how long it took and how large it was. Never a result, and never a credential.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Audit {
    /// How long it is kept: a number of hours, days or weeks, as `90d`; `90d` when it is left out.
    pub keep: Option<Name>,
    /// Whether the arguments are recorded too: without those that say `secret: omit`, without what has the form of a secret,
    /// and long ones cut.
    #[serde(default)]
    pub arguments: bool,
}

/// A named value that a call is about; a server has one at most. One from the path names an account, which
/// the server keeps with its members: a credential belongs to a user, and reaches the accounts that the user is
/// a member of. One from the credential or from an argument is among those that the credential reaches, by
/// what the system behind the server says of it: it needs `verify: upstream`. Every tool that asks for a scope is
/// about it, and holds the scopes of that value; a tool whose scope is `session` is about none.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Binding {
    /// Where the value comes from.
    pub from: Spanned<BindingSource>,
    /// What stands for the value in documentation and snippets: letters, digits, hyphens and
    /// underscores. A binding from the path needs one, and no other has one.
    pub placeholder: Option<Text>,
    /// HTTP status for a value from the path that does not exist: 404.
    pub unknown: Option<Spanned<u64>>,
    /// HTTP status for a value from the path that is not the caller's: 403, or 404, by which it cannot be told from
    /// one that does not exist. 403 when it is left out.
    pub foreign: Option<Spanned<u64>>,
    /// What the value is, in a sentence. Of a binding from an argument, that is the argument's description.
    pub description: Text,
    /// What has to be enabled for a value from the path before it can be used.
    pub feature: Option<Feature>,
}

/// What has to be enabled for the value of a binding.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Feature {
    /// What operators call it: letters, digits, hyphens and underscores.
    pub flag: Name,
    /// What callers are told for whose value it is not enabled.
    pub message: Text,
    /// What they can do, in a sentence.
    pub fix: Text,
}

/// Where a binding's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BindingSource {
    /// The placeholder of the same name in the endpoint's path.
    Path,
    /// The credential: the only value that it reaches, or its default.
    Credential,
    /// The argument of the same name, the id or the name of a value that the credential reaches: every tool has
    /// it that asks for a scope. Without it, the same as `credential`.
    Argument,
}

/// What callers present to prove who they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Credential {
    /// Name for people, as `Personal Access Token`.
    pub name: Text,
    /// Its short form, as `PAT`.
    pub abbreviation: Text,
    /// What every credential starts with: lowercase letters, digits, underscores and hyphens, from a
    /// letter to an underscore or a hyphen, so that a leaked one can be recognised. What an OAuth issuer gives has
    /// a form of its own: with `verify: jwt` and `verify: introspection` there is no `prefix` and no `length`.
    pub prefix: Option<Name>,
    /// How many random characters follow the prefix: letters and digits, so that 22 are the fewest
    /// that cannot be guessed (128 bits).
    #[schemars(range(max = 256))]
    pub length: Option<Spanned<u64>>,
    /// How long a credential lives unless its maker says otherwise: a number of minutes, hours,
    /// days or weeks, as `90d`, `12h`, `30m` or `2w`. `verify: tokens` needs it; of others' credentials
    /// it says nothing.
    pub lifetime: Option<Name>,
    /// The environment variable that holds the credential: capital letters, digits and underscores.
    pub env: Name,
    /// Where a person creates one, as a way through the user interface. Where clients sign in by themselves, that is
    /// for programs that cannot.
    pub create_at: Text,
    /// Who checks it.
    pub verify: Spanned<Verify>,
    /// What `verify: upstream` asks.
    pub upstream: Option<Upstream>,
    /// Whose tokens `verify: jwt` and `verify: introspection` take.
    pub oauth: Option<OAuth>,
    /// Legacy: lets a user's program get a short-lived credential for an email address and a password.
    pub password_grant: Option<PasswordGrant>,
}

/// Legacy: a credential for an email address and a password, by OAuth's Resource Owner Password
/// Credentials grant (RFC 6749, section 4.3). OAuth 2.1 has removed it: offer it only where programs
/// depend on it. It needs `verify: tokens`, and a binding from the path, since that is what gives a
/// server users.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PasswordGrant {
    /// Where it is asked for, on the host of `endpoint`, as `/oauth/token`.
    pub path: Name,
    /// How long such a credential lives: a number of minutes or hours, up to `24h`.
    pub lifetime: Name,
    /// What it can be allowed to do, and is unless the program asks for less.
    #[schemars(length(min = 1))]
    pub scopes: Vec<Name>,
}

/// Who checks a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// The server itself, which creates, stores and revokes them.
    Tokens,
    /// The server, by the signature of an OAuth issuer (RFC 9068): clients sign in there.
    Jwt,
    /// An OAuth issuer, which is asked (RFC 7662): clients sign in there.
    Introspection,
    /// The API whose credentials they are, and which the tools ask with them.
    Upstream,
}

/// What a credential can be allowed to do.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scope {
    /// Whether its holder can change anything.
    pub access: Spanned<ScopeAccess>,
    /// What it grants, in a sentence.
    pub grants: Text,
    /// The scopes that it includes. They are included when a call is checked, and never stored.
    #[serde(default)]
    pub implies: Vec<Name>,
    /// `none` for a scope that unlocks no tool; without it, such a scope is a fault.
    pub tools: Option<Spanned<ScopeTools>>,
}

/// Whether the holder of a scope can change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeAccess {
    /// Nothing.
    Read,
    /// Something.
    Write,
}

/// Which tools a scope unlocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeTools {
    /// No tool.
    None,
}

/// A section of the tool list in the documentation.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Group {
    /// Its heading.
    pub title: Text,
    /// What its tools have in common.
    pub description: Option<Text>,
}

/// A client that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Claude Code.
    ClaudeCode,
    /// Cursor.
    Cursor,
    /// Visual Studio Code.
    Vscode,
    /// Windsurf.
    Windsurf,
    /// Codex, in a terminal or in an editor.
    Codex,
    /// OpenCode.
    Opencode,
    /// Gemini CLI.
    GeminiCli,
    /// Claude.ai.
    ClaudeAi,
    /// Any client that starts the server as a process.
    Stdio,
    /// Claude Desktop, through the bridge `mcp-remote`.
    ClaudeDesktop,
    /// The MCP Inspector.
    Inspector,
    /// Any other client that speaks Streamable HTTP, or that a bridge speaks for.
    Other,
    /// Zed.
    Zed,
    /// Goose.
    Goose,
    /// Continue, in an editor.
    Continue,
    /// Kiro.
    Kiro,
    /// Roo Code.
    Roo,
    /// Cline.
    Cline,
    /// GitHub Copilot CLI.
    CopilotCli,
    /// LM Studio.
    LmStudio,
    /// Warp.
    Warp,
    /// JetBrains AI Assistant, through the bridge `mcp-remote`.
    Jetbrains,
}

impl From<Client> for ClientKind {
    fn from(client: Client) -> Self {
        match client {
            Client::ClaudeCode => Self::ClaudeCode,
            Client::Cursor => Self::Cursor,
            Client::Vscode => Self::Vscode,
            Client::Windsurf => Self::Windsurf,
            Client::Codex => Self::Codex,
            Client::Opencode => Self::Opencode,
            Client::GeminiCli => Self::GeminiCli,
            Client::ClaudeAi => Self::ClaudeAi,
            Client::Stdio => Self::Stdio,
            Client::ClaudeDesktop => Self::ClaudeDesktop,
            Client::Inspector => Self::Inspector,
            Client::Other => Self::Other,
            Client::Zed => Self::Zed,
            Client::Goose => Self::Goose,
            Client::Continue => Self::Continue,
            Client::Kiro => Self::Kiro,
            Client::Roo => Self::Roo,
            Client::Cline => Self::Cline,
            Client::CopilotCli => Self::CopilotCli,
            Client::LmStudio => Self::LmStudio,
            Client::Warp => Self::Warp,
            Client::Jetbrains => Self::Jetbrains,
        }
    }
}

/// The clients that the documentation explains.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Clients(#[schemars(length(min = 1))] pub Vec<Spanned<Client>>);

/// What the documentation says beside what follows from the declarations. Each text is plain, but for code
/// between backticks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Docs {
    /// What a reader needs first.
    #[serde(default)]
    pub prerequisites: Vec<Text>,
    /// How a reader sees that it works.
    pub verify: Option<Text>,
    /// The tools that the documentation calls with curl, each with its first example; three at most.
    /// When it is left out, that is the first tool that leaves no trace and has an example. An empty
    /// list leaves the section out.
    #[schemars(length(max = 3))]
    pub curl: Option<Vec<Name>>,
    /// What to mind with the tools that reach systems outside the account, in a line. The documentation
    /// names those tools, and says it beside them.
    pub open_world: Option<Text>,
    /// What a reader can ask an assistant.
    #[serde(default)]
    pub example_prompts: Vec<Text>,
    /// What a reader should know.
    #[serde(default)]
    pub notes: Vec<Text>,
    /// Rows of the troubleshooting table beside those that every server has.
    #[serde(default)]
    pub troubleshooting: Vec<Trouble>,
    /// Rows of the page of promises beside those that the runtime keeps: what the server's own code keeps, and its own tests
    /// hold.
    #[serde(default)]
    pub promises: Vec<Promise>,
}

/// A row of the page of promises, on what a server does with requests that no good client sends.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Promise {
    /// What comes, or what happens.
    pub sent: Text,
    /// How it is answered.
    pub answer: Text,
    /// What is promised beside it.
    pub promised: Text,
}

/// A row of the troubleshooting table.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Trouble {
    /// What a person sees.
    pub symptom: Text,
    /// Why it happens.
    pub cause: Option<Text>,
    /// What to do.
    pub fix: Text,
}
