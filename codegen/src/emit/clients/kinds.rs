//! What the documentation tells of each client: how it connects, and where its credential comes from.

use toolwright_core::client::{ClientKind, Connection, Secret};

use super::{Facts, Transport};

/// How a client connects.
pub(super) fn facts(kind: ClientKind, connection: &Connection<'_>) -> Facts {
    let variable = connection.variable;
    let signs_in = matches!(connection.secret, Secret::SignIn { .. });
    let (transport, authentication) = match kind {
        ClientKind::ClaudeDesktop | ClientKind::Jetbrains if signs_in => {
            (Transport::Stdio, "you sign in, in the browser that the bridge opens".into())
        }
        ClientKind::Stdio => (Transport::Stdio, format!("`{}` in the environment of the process", connection.env)),
        _ if signs_in => (Transport::Http, "you sign in, in the browser that it opens".into()),
        ClientKind::ClaudeCode => {
            (Transport::Http, format!("header, with the value that `{variable}` has when you add the server"))
        }
        ClientKind::Cursor
        | ClientKind::Windsurf
        | ClientKind::Opencode
        | ClientKind::GeminiCli
        | ClientKind::Kiro
        | ClientKind::Roo
        | ClientKind::CopilotCli => {
            (Transport::Http, format!("header, which refers to `{variable}` in the environment"))
        }
        ClientKind::Vscode => (Transport::Http, "header, with what you are asked for when it starts the server".into()),
        ClientKind::Codex => (Transport::Http, format!("header, with the value of `{variable}` in the environment")),
        ClientKind::ClaudeAi => (Transport::Http, "header, filled in among the connector's values".into()),
        ClientKind::Continue => (Transport::Http, format!("header, which refers to its secret `{variable}`")),
        ClientKind::Zed | ClientKind::Goose | ClientKind::Cline | ClientKind::LmStudio | ClientKind::Warp => {
            (Transport::Http, "header, filled in in the file".into())
        }
        ClientKind::ClaudeDesktop | ClientKind::Jetbrains => {
            (Transport::Stdio, "header, which the bridge takes from `AUTH_HEADER` in the file".into())
        }
        ClientKind::Inspector => {
            (Transport::Http, format!("header, with the value of `{variable}`, or filled in on its page"))
        }
        ClientKind::Other => (Transport::Http, "header, given as the client asks for it".into()),
    };
    let bridge = match kind {
        ClientKind::ClaudeDesktop | ClientKind::Jetbrains => Some("`mcp-remote`"),
        ClientKind::Other => Some("`mcp-remote`, where the client speaks stdio only"),
        _ => None,
    };
    Facts { transport, authentication, bridge }
}
