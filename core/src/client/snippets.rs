//! Each client's snippets, as of November 2026.
//!
//! What Codex 0.169, OpenCode 1.18 and Gemini CLI 0.61 do with a reference was seen: each was started beside a
//! server that wrote down the header.

use serde_json::{Map, Value, json};

use super::{ClientKind, Connection, Format, Secret, Snippet, Source};
use crate::shell::word;

pub(super) fn of(kind: ClientKind, connection: &Connection<'_>) -> Vec<Snippet> {
    match kind {
        ClientKind::ClaudeCode => vec![claude_code(connection)],
        ClientKind::Cursor => vec![cursor(connection)],
        ClientKind::Vscode => vec![vscode(connection)],
        ClientKind::Windsurf => vec![windsurf(connection)],
        ClientKind::Codex => codex(connection),
        ClientKind::Opencode => vec![opencode(connection)],
        ClientKind::GeminiCli => vec![gemini_cli(connection)],
        ClientKind::ClaudeAi => vec![fields(connection, &[])],
        ClientKind::Stdio => stdio(connection),
        ClientKind::ClaudeDesktop => vec![claude_desktop(connection)],
        ClientKind::Inspector => inspector(connection),
        ClientKind::Other => other(connection),
    }
}

fn claude_code(connection: &Connection<'_>) -> Snippet {
    // `--header` takes every word that follows, so that it comes last.
    let command = format!(
        "claude mcp add --transport http --scope user {} {} \\\n  --header \"Authorization: Bearer {}\"",
        word(connection.name),
        word(connection.url),
        connection.in_shell(),
    );
    Snippet { format: Format::Shell, text: command, source: Source::Variable, is_named: true }
}

fn cursor(connection: &Connection<'_>) -> Snippet {
    servers(connection, &cursor_server(connection), Source::Variable)
}

/// The server alone, as Cursor's configuration has it.
pub(super) fn cursor_server(connection: &Connection<'_>) -> Value {
    let headers = connection.headers(|variable| format!("${{env:{variable}}}"));
    json!({"url": connection.url, "headers": headers})
}

fn vscode(connection: &Connection<'_>) -> Snippet {
    let (server, input) = vscode_server(connection);
    let configuration = json!({"inputs": [input], "servers": {connection.name: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source: Source::Prompt, is_named: true }
}

/// The server alone, and what VS Code asks for.
pub(super) fn vscode_server(connection: &Connection<'_>) -> (Value, Value) {
    // It asks once, and keeps the answer by this id.
    let id = connection.variable.trim_start_matches('_').to_ascii_lowercase().replace('_', "-");
    let input = json!({
        "type": "promptString",
        "id": id,
        "description": format!("{} for {}", connection.credential, connection.name),
        "password": true,
    });
    let headers = json!({"Authorization": format!("Bearer ${{input:{id}}}")});
    (json!({"type": "http", "url": connection.url, "headers": headers}), input)
}

fn windsurf(connection: &Connection<'_>) -> Snippet {
    let headers = connection.headers(|variable| format!("${{env:{variable}}}"));
    servers(connection, &json!({"serverUrl": connection.url, "headers": headers}), Source::Variable)
}

fn codex(connection: &Connection<'_>) -> Vec<Snippet> {
    let Connection { name, url, variable, .. } = connection;
    let command =
        format!("codex mcp add {} \\\n  --url {} \\\n  --bearer-token-env-var {variable}", word(name), word(url));
    // It takes the name of a variable only, and reads it whenever it starts.
    let command = match connection.secret {
        Secret::Referred { .. } => command,
        Secret::Literal(secret) => format!("export {variable}={}\n{command}", word(secret)),
    };
    let table =
        format!("[mcp_servers.{name}]\nurl = {}\nbearer_token_env_var = {}", Value::from(*url), Value::from(*variable));
    vec![
        Snippet { format: Format::Shell, text: command, source: Source::Variable, is_named: true },
        // A string of JSON is a basic string of TOML too.
        Snippet { format: Format::Toml, text: table, source: Source::Variable, is_named: true },
    ]
}

fn opencode(connection: &Connection<'_>) -> Snippet {
    // A variable that is not set becomes nothing. Without `oauth: false`, it answers a refused credential by
    // looking for a sign-in.
    let headers = connection.headers(|variable| format!("{{env:{variable}}}"));
    let server = json!({
        "type": "remote",
        "url": connection.url,
        "enabled": true,
        "oauth": false,
        "headers": headers,
    });
    let configuration = json!({"$schema": "https://opencode.ai/config.json", "mcp": {connection.name: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source: Source::Variable, is_named: true }
}

fn gemini_cli(connection: &Connection<'_>) -> Snippet {
    // It replaces references in every text of the file. `httpUrl`, still in many pages, it calls deprecated.
    let headers = connection.headers(|variable| format!("${variable}"));
    servers(connection, &json!({"type": "http", "url": connection.url, "headers": headers}), Source::Variable)
}

fn stdio(connection: &Connection<'_>) -> Vec<Snippet> {
    let credential = [(connection.env, connection.written())];
    let variables: Vec<_> = credential.into_iter().chain(connection.account).chain(connection.gateway).collect();
    let env: Map<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let server = json!({"command": connection.command, "args": ["stdio"], "env": env});
    let mut words: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
    words.push(format!("{} stdio", word(connection.command)));
    let command = words.join(if variables.len() > 1 { " \\\n" } else { " " });
    vec![
        servers(connection, &server, Source::Placeholder),
        Snippet { format: Format::Shell, text: command, source: Source::Placeholder, is_named: false },
    ]
}

fn claude_desktop(connection: &Connection<'_>) -> Snippet {
    let env = json!({BRIDGED_HEADER: format!("Bearer {}", connection.written())});
    let server = json!({"command": "npx", "args": bridge(connection.url), "env": env});
    servers(connection, &server, Source::Placeholder)
}

fn inspector(connection: &Connection<'_>) -> Vec<Snippet> {
    let command = format!(
        "npx -y @modelcontextprotocol/inspector --cli {} \\\n  --transport http --method tools/list \\\n  --header \"Authorization: Bearer {}\"",
        word(connection.url),
        connection.in_shell(),
    );
    vec![
        Snippet { format: Format::Shell, text: command, source: Source::Variable, is_named: false },
        fields(connection, &["Transport: Streamable HTTP"]),
    ]
}

fn other(connection: &Connection<'_>) -> Vec<Snippet> {
    let words = bridge(connection.url).map(word).join(" ");
    let command = format!("{BRIDGED_HEADER}=\"Bearer {}\" \\\nnpx {words}", connection.in_shell());
    vec![
        fields(connection, &[]),
        Snippet { format: Format::Shell, text: command, source: Source::Variable, is_named: false },
    ]
}

/// What a person fills in where a client asks for it.
fn fields(connection: &Connection<'_>, first: &[&str]) -> Snippet {
    let url = format!("URL: {}", connection.url);
    let header = format!("Header: Authorization: Bearer {}", connection.written());
    let text = [first, &[&url, &header]].concat().join("\n");
    Snippet { format: Format::Text, text, source: Source::Placeholder, is_named: false }
}

/// The variable that [`bridge`] takes the header's value from.
const BRIDGED_HEADER: &str = "AUTH_HEADER";

/// What starts `mcp-remote` with `npx`. Some clients break arguments apart at spaces, so that none has one: the
/// bridge itself puts the variable in.
fn bridge(url: &str) -> [&str; 7] {
    ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only"]
}

/// The configuration that most clients share: servers by name.
fn servers(connection: &Connection<'_>, server: &Value, source: Source) -> Snippet {
    let configuration = json!({"mcpServers": {connection.name: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source, is_named: true }
}

impl Connection<'_> {
    /// The header for a client that replaces what `reference` makes of a variable by its value.
    fn headers(&self, reference: impl Fn(&str) -> String) -> Value {
        let secret = match self.secret {
            Secret::Referred { .. } => reference(self.variable),
            Secret::Literal(secret) => secret.to_owned(),
        };
        json!({"Authorization": format!("Bearer {secret}")})
    }

    /// The credential between double quotes of a shell.
    fn in_shell(&self) -> String {
        match self.secret {
            Secret::Referred { .. } => format!("${}", self.variable),
            Secret::Literal(secret) => secret.to_owned(),
        }
    }

    /// The credential in a place where a client replaces nothing.
    fn written(&self) -> &str {
        match self.secret {
            Secret::Referred { placeholder } => placeholder,
            Secret::Literal(secret) => secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACEHOLDER: &str = "acme_xxxx";
    const SECRET: &str = "acme_0123456789";

    fn connection(secret: Secret<'static>) -> Connection<'static> {
        Connection {
            name: "acme-prod",
            command: "acme",
            credential: "API key",
            env: "ACME_KEY",
            variable: "ACME_PROD_KEY",
            secret,
            url: "https://a.example/mcp",
            account: Some(("ACME_ACCOUNT", "4711")),
            gateway: Some(("ACME_GATEWAY_URL", "https://a.example")),
        }
    }

    #[test]
    fn a_placeholder_stands_only_where_a_client_can_refer_to_nothing() {
        let snippets = |kind: ClientKind| kind.snippets(&connection(Secret::Referred { placeholder: PLACEHOLDER }));
        for kind in ClientKind::ALL {
            let expected: &[Source] = match kind {
                ClientKind::ClaudeCode
                | ClientKind::Cursor
                | ClientKind::Windsurf
                | ClientKind::Opencode
                | ClientKind::GeminiCli => &[Source::Variable],
                ClientKind::Vscode => &[Source::Prompt],
                ClientKind::Codex => &[Source::Variable, Source::Variable],
                ClientKind::ClaudeAi | ClientKind::ClaudeDesktop => &[Source::Placeholder],
                ClientKind::Stdio => &[Source::Placeholder, Source::Placeholder],
                ClientKind::Inspector => &[Source::Variable, Source::Placeholder],
                ClientKind::Other => &[Source::Placeholder, Source::Variable],
            };
            let snippets = snippets(kind);
            assert_eq!(snippets.iter().map(|snippet| snippet.source).collect::<Vec<_>>(), expected, "{kind:?}");
            for Snippet { text, source, .. } in snippets {
                let has = |what: &str| text.contains(what);
                assert_eq!(has(PLACEHOLDER), source == Source::Placeholder, "{kind:?}");
                assert_eq!(has("ACME_PROD_KEY"), source == Source::Variable, "{kind:?}");
                assert_eq!(has("${input:acme-prod-key}"), source == Source::Prompt, "{kind:?}");
            }
        }
    }

    #[test]
    fn a_literal_credential_is_in_every_first_snippet_but_for_who_asks() {
        for kind in ClientKind::ALL {
            let snippet = kind.snippets(&connection(Secret::Literal(SECRET))).remove(0);
            assert_eq!(snippet.text.contains(SECRET), snippet.source != Source::Prompt, "{kind:?}");
        }
    }

    #[test]
    fn a_snippet_says_whether_it_has_the_name() {
        for kind in ClientKind::ALL {
            for snippet in kind.snippets(&connection(Secret::Referred { placeholder: PLACEHOLDER })) {
                assert_eq!(snippet.text.contains("acme-prod"), snippet.is_named, "{kind:?}");
            }
        }
    }
}
