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
        // The AI Assistant takes what Claude Desktop does.
        ClientKind::ClaudeDesktop | ClientKind::Jetbrains => vec![claude_desktop(connection)],
        ClientKind::Inspector => inspector(connection),
        ClientKind::Other => other(connection),
        ClientKind::Zed => vec![zed(connection)],
        ClientKind::Goose => vec![goose(connection)],
        ClientKind::Continue => vec![in_continue(connection)],
        ClientKind::Kiro => vec![kiro(connection)],
        ClientKind::Roo => vec![roo(connection)],
        ClientKind::Cline => vec![cline(connection)],
        ClientKind::CopilotCli => vec![copilot_cli(connection)],
        ClientKind::LmStudio => vec![lm_studio(connection)],
        ClientKind::Warp => vec![warp(connection)],
    }
}

fn claude_code(connection: &Connection<'_>) -> Snippet {
    let added =
        format!("claude mcp add --transport http --scope user {} {}", word(connection.name), word(connection.url));
    // `--header` takes every word that follows, so that it comes last.
    let text = match connection.in_shell() {
        Some(credential) => format!("{added} \\\n  --header \"Authorization: Bearer {credential}\""),
        None => added,
    };
    Snippet { format: Format::Shell, text, source: connection.source(Source::Variable), is_named: true }
}

fn cursor(connection: &Connection<'_>) -> Snippet {
    servers(connection, &cursor_server(connection), connection.source(Source::Variable))
}

/// The server alone, as Cursor's configuration has it.
pub(super) fn cursor_server(connection: &Connection<'_>) -> Value {
    connection.with_headers(json!({"url": connection.url}), |variable| format!("${{env:{variable}}}"))
}

fn vscode(connection: &Connection<'_>) -> Snippet {
    let (server, input) = vscode_server(connection);
    let mut configuration = json!({});
    if let Some(input) = input {
        configuration["inputs"] = json!([input]);
    }
    configuration["servers"] = json!({connection.name: server});
    let source = connection.source(Source::Prompt);
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source, is_named: true }
}

/// The server alone, and what VS Code asks for.
pub(super) fn vscode_server(connection: &Connection<'_>) -> (Value, Option<Value>) {
    let mut server = json!({"type": "http", "url": connection.url});
    if connection.signs_in() {
        return (server, None);
    }
    // It asks once, and keeps the answer by this id.
    let id = connection.variable.trim_start_matches('_').to_ascii_lowercase().replace('_', "-");
    let input = json!({
        "type": "promptString",
        "id": id,
        "description": format!("{} for {}", connection.credential, connection.name),
        "password": true,
    });
    server["headers"] = json!({"Authorization": format!("Bearer ${{input:{id}}}")});
    (server, Some(input))
}

fn windsurf(connection: &Connection<'_>) -> Snippet {
    let server =
        connection.with_headers(json!({"serverUrl": connection.url}), |variable| format!("${{env:{variable}}}"));
    servers(connection, &server, connection.source(Source::Variable))
}

fn codex(connection: &Connection<'_>) -> Vec<Snippet> {
    let Connection { name, url, variable, .. } = connection;
    let added = format!("codex mcp add {} \\\n  --url {}", word(name), word(url));
    let named = format!("{added} \\\n  --bearer-token-env-var {variable}");
    // It takes the name of a variable only, and reads it whenever it starts.
    let command = match connection.secret {
        Secret::Referred { .. } => named,
        Secret::Literal(secret) => format!("export {variable}={}\n{named}", word(secret)),
        Secret::SignIn { .. } => format!("{added}\ncodex mcp login {}", word(name)),
    };
    let mut table = format!("[mcp_servers.{name}]\nurl = {}", Value::from(*url));
    if !connection.signs_in() {
        table = format!("{table}\nbearer_token_env_var = {}", Value::from(*variable));
    }
    let source = connection.source(Source::Variable);
    vec![
        Snippet { format: Format::Shell, text: command, source, is_named: true },
        // A string of JSON is a basic string of TOML too.
        Snippet { format: Format::Toml, text: table, source, is_named: true },
    ]
}

fn opencode(connection: &Connection<'_>) -> Snippet {
    let mut server = json!({"type": "remote", "url": connection.url, "enabled": true});
    if !connection.signs_in() {
        // Without it, a refused credential has it look for a sign-in.
        server["oauth"] = false.into();
    }
    // A variable that is not set becomes nothing.
    let server = connection.with_headers(server, |variable| format!("{{env:{variable}}}"));
    let configuration = json!({"$schema": "https://opencode.ai/config.json", "mcp": {connection.name: server}});
    let source = connection.source(Source::Variable);
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source, is_named: true }
}

fn gemini_cli(connection: &Connection<'_>) -> Snippet {
    // It replaces references in every text of the file. `httpUrl`, still in many pages, it calls deprecated.
    let server = json!({"type": "http", "url": connection.url});
    let server = connection.with_headers(server, |variable| format!("${variable}"));
    servers(connection, &server, connection.source(Source::Variable))
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
    servers(connection, &desktop_server(connection), connection.source(Source::Placeholder))
}

/// The server alone, as the configuration of Claude Desktop has it: a bridge that it starts.
pub fn desktop_server(connection: &Connection<'_>) -> Value {
    let mut server = json!({"command": "npx", "args": bridge(connection)});
    if !connection.signs_in() {
        server["env"] = json!({BRIDGED_HEADER: connection.bearer()});
    }
    server
}

fn inspector(connection: &Connection<'_>) -> Vec<Snippet> {
    let page = fields(connection, &["Transport: Streamable HTTP"]);
    let Some(credential) = connection.in_shell() else { return vec![page] };
    let command = format!(
        "npx -y @modelcontextprotocol/inspector --cli {} \\\n  --transport http --method tools/list \\\n  --header \"Authorization: Bearer {credential}\"",
        word(connection.url),
    );
    vec![Snippet { format: Format::Shell, text: command, source: Source::Variable, is_named: false }, page]
}

fn other(connection: &Connection<'_>) -> Vec<Snippet> {
    let words = bridge(connection).into_iter().map(word).collect::<Vec<_>>().join(" ");
    let text = match connection.in_shell() {
        Some(credential) => format!("{BRIDGED_HEADER}=\"Bearer {credential}\" \\\nnpx {words}"),
        None => format!("npx {words}"),
    };
    let source = connection.source(Source::Variable);
    vec![fields(connection, &[]), Snippet { format: Format::Shell, text, source, is_named: false }]
}

fn zed(connection: &Connection<'_>) -> Snippet {
    let server = connection.with_written_header(json!({"url": connection.url}));
    let configuration = json!({"context_servers": {connection.name: server}});
    let source = connection.source(Source::Placeholder);
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source, is_named: true }
}

fn goose(connection: &Connection<'_>) -> Snippet {
    // A string of JSON is one of YAML too, and no name in quotation marks is a number.
    let (name, url) = (Value::from(connection.name), Value::from(connection.url));
    let headers = if connection.signs_in() {
        String::new()
    } else {
        format!("    headers:\n      Authorization: {}\n", Value::from(connection.bearer()))
    };
    let text = format!(
        "extensions:\n  {name}:\n    name: {name}\n    type: streamable_http\n    uri: {url}\n{headers}    enabled: true\n    \
         timeout: 300"
    );
    let source = connection.source(Source::Placeholder);
    Snippet { format: Format::Yaml, text, source, is_named: true }
}

/// Continue has no environment, but secrets with names.
fn in_continue(connection: &Connection<'_>) -> Snippet {
    let (name, url) = (Value::from(connection.name), Value::from(connection.url));
    let server = connection.with_headers(json!({}), |variable| format!("${{{{ secrets.{variable} }}}}"));
    let options = server
        .pointer("/headers/Authorization")
        .map(|bearer| format!("\n    requestOptions:\n      headers:\n        Authorization: {bearer}"));
    let text = format!(
        "name: {name}\nversion: 0.0.1\nschema: v1\nmcpServers:\n  - name: {name}\n    type: streamable-http\n    url: {url}{}",
        options.unwrap_or_default()
    );
    Snippet { format: Format::Yaml, text, source: connection.source(Source::Variable), is_named: true }
}

fn kiro(connection: &Connection<'_>) -> Snippet {
    let server = json!({"url": connection.url, "disabled": false});
    let server = connection.with_headers(server, |variable| format!("${{{variable}}}"));
    servers(connection, &server, connection.source(Source::Variable))
}

fn roo(connection: &Connection<'_>) -> Snippet {
    // It replaces references in every text of a server. Without `type` it speaks the older transport.
    let server = json!({"type": "streamable-http", "url": connection.url});
    let server = connection.with_headers(server, |variable| format!("${{env:{variable}}}"));
    servers(connection, &server, connection.source(Source::Variable))
}

fn cline(connection: &Connection<'_>) -> Snippet {
    let server = json!({"type": "streamableHttp", "url": connection.url, "disabled": false});
    servers(connection, &connection.with_written_header(server), connection.source(Source::Placeholder))
}

fn copilot_cli(connection: &Connection<'_>) -> Snippet {
    let server = json!({"type": "http", "url": connection.url, "tools": ["*"]});
    let server = connection.with_headers(server, |variable| format!("${{{variable}}}"));
    servers(connection, &server, connection.source(Source::Variable))
}

fn lm_studio(connection: &Connection<'_>) -> Snippet {
    servers(connection, &lm_studio_server(connection), connection.source(Source::Placeholder))
}

/// The server alone, as LM Studio's configuration has it.
pub(super) fn lm_studio_server(connection: &Connection<'_>) -> Value {
    connection.with_written_header(json!({"url": connection.url}))
}

fn warp(connection: &Connection<'_>) -> Snippet {
    let server = connection.with_written_header(json!({"url": connection.url}));
    servers(connection, &server, connection.source(Source::Placeholder))
}

/// What a person fills in where a client asks for it.
fn fields(connection: &Connection<'_>, first: &[&str]) -> Snippet {
    let url = format!("URL: {}", connection.url);
    let header = format!("Header: Authorization: Bearer {}", connection.written());
    let header = (!connection.signs_in()).then_some(header.as_str());
    let lines: Vec<&str> = first.iter().copied().chain([url.as_str()]).chain(header).collect();
    let source = connection.source(Source::Placeholder);
    Snippet { format: Format::Text, text: lines.join("\n"), source, is_named: false }
}

/// The variable that [`bridge`] takes the header's value from.
const BRIDGED_HEADER: &str = "AUTH_HEADER";

/// What starts `mcp-remote` with `npx`. Some clients break arguments apart at spaces, so that none has one: the
/// bridge itself puts the variable in. Without a header it signs in.
fn bridge<'a>(connection: &Connection<'a>) -> Vec<&'a str> {
    let header: &[&str] = if connection.signs_in() { &[] } else { &["--header", "Authorization:${AUTH_HEADER}"] };
    [&["-y", "mcp-remote", connection.url], header, &["--transport", "http-only"]].concat()
}

/// The configuration that most clients share: servers by name.
fn servers(connection: &Connection<'_>, server: &Value, source: Source) -> Snippet {
    let configuration = json!({"mcpServers": {connection.name: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}"), source, is_named: true }
}

impl Connection<'_> {
    /// Whether the client gets the credential by itself.
    fn signs_in(&self) -> bool {
        matches!(self.secret, Secret::SignIn { .. })
    }

    /// Where a client over HTTP gets the credential: here, unless by itself.
    fn source(&self, here: Source) -> Source {
        if self.signs_in() { Source::SignIn } else { here }
    }

    /// What is said of a server, with the header for a client that replaces what `reference` makes of a variable by its
    /// value. One that signs in by itself would not do so if it had a header.
    fn with_headers(&self, mut server: Value, reference: impl Fn(&str) -> String) -> Value {
        let secret = match self.secret {
            Secret::Referred { .. } => reference(self.variable),
            Secret::Literal(secret) => secret.to_owned(),
            Secret::SignIn { .. } => return server,
        };
        server["headers"] = json!({"Authorization": format!("Bearer {secret}")});
        server
    }

    /// The same for a client that replaces nothing.
    fn with_written_header(&self, server: Value) -> Value {
        self.with_headers(server, |_| self.written().to_owned())
    }

    /// The value of the header for a client that replaces nothing.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.written())
    }

    /// The credential between double quotes of a shell, unless the client signs in by itself.
    fn in_shell(&self) -> Option<String> {
        match self.secret {
            Secret::Referred { .. } => Some(format!("${}", self.variable)),
            Secret::Literal(secret) => Some(secret.to_owned()),
            Secret::SignIn { .. } => None,
        }
    }

    /// The credential in a place where a client replaces nothing.
    fn written(&self) -> &str {
        match self.secret {
            Secret::Referred { placeholder } | Secret::SignIn { placeholder } => placeholder,
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
                | ClientKind::GeminiCli
                | ClientKind::Continue
                | ClientKind::Kiro
                | ClientKind::Roo
                | ClientKind::CopilotCli => &[Source::Variable],
                ClientKind::Vscode => &[Source::Prompt],
                ClientKind::Codex => &[Source::Variable, Source::Variable],
                ClientKind::ClaudeAi
                | ClientKind::ClaudeDesktop
                | ClientKind::Zed
                | ClientKind::Goose
                | ClientKind::Cline
                | ClientKind::LmStudio
                | ClientKind::Warp
                | ClientKind::Jetbrains => &[Source::Placeholder],
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
    fn who_signs_in_is_told_of_no_credential_but_over_stdio() {
        for kind in ClientKind::ALL {
            for snippet in kind.snippets(&connection(Secret::SignIn { placeholder: PLACEHOLDER })) {
                let is_local = kind == ClientKind::Stdio;
                let has = |what: &str| snippet.text.contains(what);
                let told = ["Authorization", "Bearer", "ACME_PROD_KEY", "AUTH_HEADER", "input"].into_iter().any(has);
                assert!(!told, "{kind:?}: {}", snippet.text);
                assert_eq!(has(PLACEHOLDER), is_local, "{kind:?}");
                assert_eq!(snippet.source == Source::SignIn, !is_local, "{kind:?}");
                assert_eq!(has("https://a.example/mcp"), !is_local, "{kind:?}");
            }
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
