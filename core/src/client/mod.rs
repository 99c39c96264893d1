//! How clients are told about a server: what each is given to run, to paste or to fill in.
//!
//! The generator writes it into the documentation and into files, with the declared name and address; the
//! runtime prints it, with those that somebody asks for. Text is quoted for its format in one place, so that
//! no name and no address can be taken for something else.

mod install;
mod name;
mod snippets;

pub use name::{LONGEST_NAME, is_name, is_variable, variable};
pub use snippets::desktop_server;

/// What stands for a credential that an issuer gives: its form is the issuer's business.
pub const ISSUED_PLACEHOLDER: &str = "YOUR_ACCESS_TOKEN";

/// A client that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// Claude Code.
    ClaudeCode,
    /// Cursor.
    Cursor,
    /// Visual Studio Code.
    Vscode,
    /// Windsurf.
    Windsurf,
    /// Codex.
    Codex,
    /// OpenCode.
    Opencode,
    /// Gemini CLI.
    GeminiCli,
    /// Claude.ai.
    ClaudeAi,
    /// Any client that starts the server as a process.
    Stdio,
    /// Claude Desktop.
    ClaudeDesktop,
    /// The MCP Inspector.
    Inspector,
    /// Any other client of a server over HTTP.
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

impl ClientKind {
    /// Every client.
    pub const ALL: [Self; 22] = [
        Self::ClaudeCode,
        Self::Cursor,
        Self::Vscode,
        Self::Windsurf,
        Self::Codex,
        Self::Opencode,
        Self::GeminiCli,
        Self::ClaudeAi,
        Self::Stdio,
        Self::ClaudeDesktop,
        Self::Inspector,
        Self::Other,
        Self::Zed,
        Self::Goose,
        Self::Continue,
        Self::Kiro,
        Self::Roo,
        Self::Cline,
        Self::CopilotCli,
        Self::LmStudio,
        Self::Warp,
        Self::Jetbrains,
    ];

    /// The word in a manifest, of its files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Cursor => "cursor",
            Self::Vscode => "vscode",
            Self::Windsurf => "windsurf",
            Self::Codex => "codex",
            Self::Opencode => "opencode",
            Self::GeminiCli => "gemini-cli",
            Self::ClaudeAi => "claude-ai",
            Self::Stdio => "stdio",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Inspector => "inspector",
            Self::Other => "other",
            Self::Zed => "zed",
            Self::Goose => "goose",
            Self::Continue => "continue",
            Self::Kiro => "kiro",
            Self::Roo => "roo",
            Self::Cline => "cline",
            Self::CopilotCli => "copilot-cli",
            Self::LmStudio => "lm-studio",
            Self::Warp => "warp",
            Self::Jetbrains => "jetbrains",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::Vscode => "VS Code",
            Self::Windsurf => "Windsurf",
            Self::Codex => "Codex",
            Self::Opencode => "OpenCode",
            Self::GeminiCli => "Gemini CLI",
            Self::ClaudeAi => "Claude.ai",
            Self::Stdio => "Local, over stdio",
            Self::ClaudeDesktop => "Claude Desktop",
            Self::Inspector => "MCP Inspector",
            Self::Other => "Other clients",
            Self::Zed => "Zed",
            Self::Goose => "Goose",
            Self::Continue => "Continue",
            Self::Kiro => "Kiro",
            Self::Roo => "Roo Code",
            Self::Cline => "Cline",
            Self::CopilotCli => "Copilot CLI",
            Self::LmStudio => "LM Studio",
            Self::Warp => "Warp",
            Self::Jetbrains => "JetBrains AI Assistant",
        }
    }

    /// The most characters that the server's name and a tool's have together. A tool with more is dropped
    /// without a word.
    pub const fn longest_names(self) -> Option<usize> {
        match self {
            Self::Cursor => Some(60),
            _ => None,
        }
    }

    /// What it is told; at least one.
    pub fn snippets(self, connection: &Connection<'_>) -> Vec<Snippet> {
        snippets::of(self, connection)
    }

    /// A link that adds the server to it, if it has such links. Where [`Connection::secret`] is literal, so it is there.
    pub fn install_link(self, connection: &Connection<'_>) -> Option<String> {
        install::of(self, connection)
    }
}

/// What a snippet connects.
#[derive(Debug, Clone, Copy)]
pub struct Connection<'a> {
    /// What the client calls the server; [`is_name`] holds.
    pub name: &'a str,
    /// The server's program.
    pub command: &'a str,
    /// What people call the credential.
    pub credential: &'a str,
    /// The environment variable in which the program looks for the credential over stdio.
    pub env: &'a str,
    /// The environment variable from which the client takes the credential; [`is_variable`] holds.
    pub variable: &'a str,
    /// The credential, or what stands for it.
    pub secret: Secret<'a>,
    /// The endpoint.
    pub url: &'a str,
    /// The environment variable that says over stdio which account calls are about, and the account.
    pub account: Option<(&'a str, &'a str)>,
    /// The environment variable of a server to forward to over stdio, and its address.
    pub gateway: Option<(&'a str, &'a str)>,
}

/// How a snippet has the credential.
#[derive(Debug, Clone, Copy)]
pub enum Secret<'a> {
    /// By the name of its variable, or by a question to the person. Where a client can do neither, this
    /// text stands in its place.
    Referred {
        /// What to replace.
        placeholder: &'a str,
    },
    /// Literally, so that the snippet works as it is, but for clients that ask.
    Literal(&'a str),
    /// Not at all: clients sign in at an issuer by themselves. Over stdio, where they cannot, this text stands in
    /// its place.
    SignIn {
        /// What to replace.
        placeholder: &'a str,
    },
}

/// Something to run, to paste or to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// What it is written in.
    pub format: Format,
    /// The text, without a line break at its end.
    pub text: String,
    /// Where the client gets the credential.
    pub source: Source,
    /// Whether it has the server's name, by which the client tells several apart.
    pub is_named: bool,
}

/// Where a client gets the credential, unless it is in the snippet literally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From the environment variable that the snippet names.
    Variable,
    /// From the person, whom it asks.
    Prompt,
    /// From the snippet, where the person replaces a placeholder.
    Placeholder,
    /// From an issuer, at which the person signs in.
    SignIn,
}

/// What a snippet is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A command of a POSIX shell.
    Shell,
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// Lines to fill in somewhere.
    Text,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Shell, Self::Json, Self::Toml, Self::Yaml, Self::Text];

    /// How the format is called where a block of code names its language.
    pub const fn language(self) -> &'static str {
        match self {
            Self::Text => "text",
            other => other.extension(),
        }
    }

    /// How the name of a file ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
            Self::Text => "txt",
        }
    }
}
