//! Each client: how it connects, and what it is told, as of November 2026.

use serde_json::{Map, Value, json};

use super::{Client, Connection, Format, Snippet, Transport};
use crate::{api::ClientKind, emit::shell::word};

/// What a client is told.
pub(super) fn client(kind: ClientKind, connection: &Connection<'_>) -> Client {
    match kind {
        ClientKind::ClaudeCode => claude_code(connection),
        ClientKind::Cursor => cursor(connection),
        ClientKind::ClaudeAi => claude_ai(connection),
        ClientKind::Stdio => stdio(connection),
        ClientKind::ClaudeDesktop => claude_desktop(connection),
        ClientKind::Inspector => inspector(connection),
        ClientKind::Other => other(connection),
    }
}

fn claude_code(connection: &Connection<'_>) -> Client {
    // `--header` takes every word that follows, so that it comes last.
    let command = format!(
        "claude mcp add --transport http --scope user {} {} \\\n  --header \"Authorization: Bearer {}\"",
        word(connection.key),
        word(connection.url),
        connection.referred(format!("${}", connection.env)),
    );
    Client {
        key: "claude-code",
        title: "Claude Code",
        transport: Transport::Http,
        authentication: format!("header, with the value that `{}` has when you add the server", connection.env),
        bridge: None,
        snippets: vec![Snippet { format: Format::Shell, text: command }],
    }
}

fn cursor(connection: &Connection<'_>) -> Client {
    let token = connection.referred(format!("${{env:{}}}", connection.env));
    let server = json!({"url": connection.url, "headers": {"Authorization": format!("Bearer {token}")}});
    Client {
        key: "cursor",
        title: "Cursor",
        transport: Transport::Http,
        authentication: format!("header, which refers to `{}` in the environment", connection.env),
        bridge: None,
        snippets: vec![servers(connection, &server)],
    }
}

fn claude_ai(connection: &Connection<'_>) -> Client {
    Client {
        key: "claude-ai",
        title: "Claude.ai",
        transport: Transport::Http,
        authentication: "header, filled in among the connector's values".to_owned(),
        bridge: None,
        snippets: vec![Snippet { format: Format::Text, text: fields(connection) }],
    }
}

fn stdio(connection: &Connection<'_>) -> Client {
    let credential = [(connection.env, connection.literal())];
    let variables: Vec<_> = credential.into_iter().chain(connection.account).chain(connection.gateway).collect();
    let env: Map<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let server = json!({"command": connection.command, "args": ["stdio"], "env": env});
    let mut words: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
    words.push(format!("{} stdio", word(connection.command)));
    let command = words.join(if variables.len() > 1 { " \\\n" } else { " " });
    Client {
        key: "stdio",
        title: "Local, over stdio",
        transport: Transport::Stdio,
        authentication: format!("`{}` in the environment of the process", connection.env),
        bridge: None,
        snippets: vec![servers(connection, &server), Snippet { format: Format::Shell, text: command }],
    }
}

fn claude_desktop(connection: &Connection<'_>) -> Client {
    let env = json!({BRIDGED_HEADER: format!("Bearer {}", connection.literal())});
    let server = json!({"command": "npx", "args": bridge(connection.url), "env": env});
    Client {
        key: "claude-desktop",
        title: "Claude Desktop",
        transport: Transport::Stdio,
        authentication: format!("header, which the bridge takes from `{BRIDGED_HEADER}` in the file"),
        bridge: Some("`mcp-remote`"),
        snippets: vec![servers(connection, &server)],
    }
}

fn inspector(connection: &Connection<'_>) -> Client {
    let command = format!(
        "npx -y @modelcontextprotocol/inspector --cli {} \\\n  --transport http --method tools/list \\\n  --header \"Authorization: Bearer {}\"",
        word(connection.url),
        connection.referred(format!("${}", connection.env)),
    );
    let page = format!("Transport: {}\n{}", Transport::Http.as_str(), fields(connection));
    Client {
        key: "inspector",
        title: "MCP Inspector",
        transport: Transport::Http,
        authentication: format!("header, with the value of `{}`, or filled in on its page", connection.env),
        bridge: None,
        snippets: vec![Snippet { format: Format::Shell, text: command }, Snippet { format: Format::Text, text: page }],
    }
}

fn other(connection: &Connection<'_>) -> Client {
    let token = connection.referred(format!("${}", connection.env));
    let command = format!("{BRIDGED_HEADER}=\"Bearer {token}\" \\\nnpx {}", bridge(connection.url).map(word).join(" "));
    Client {
        key: "other",
        title: "Other clients",
        transport: Transport::Http,
        authentication: "header, given as the client asks for it".to_owned(),
        bridge: Some("`mcp-remote`, where the client speaks stdio only"),
        snippets: vec![
            Snippet { format: Format::Text, text: fields(connection) },
            Snippet { format: Format::Shell, text: command },
        ],
    }
}

/// What a person fills in where a client asks for it.
fn fields(connection: &Connection<'_>) -> String {
    format!("URL: {}\nHeader: Authorization: Bearer {}", connection.url, connection.literal())
}

/// The variable that [`bridge`] takes the header's value from.
const BRIDGED_HEADER: &str = "AUTH_HEADER";

/// What starts `mcp-remote` with `npx`. Some clients break arguments apart at spaces, so that none has one: the
/// bridge itself puts the variable in.
fn bridge(url: &str) -> [&str; 7] {
    ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only"]
}

/// The configuration that most clients share: servers by name.
fn servers(connection: &Connection<'_>, server: &Value) -> Snippet {
    let configuration = json!({"mcpServers": {connection.key: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}") }
}

#[cfg(test)]
mod tests {
    use super::{super::Token, *};

    const KINDS: [ClientKind; 7] = [
        ClientKind::ClaudeCode,
        ClientKind::Cursor,
        ClientKind::ClaudeAi,
        ClientKind::Stdio,
        ClientKind::ClaudeDesktop,
        ClientKind::Inspector,
        ClientKind::Other,
    ];

    fn connection<'a>(url: &'a str, base: &'a str, token: Token<'a>) -> Connection<'a> {
        let gateway = Some(("ACME_GATEWAY_URL", base));
        let account = Some(("ACME_ACCOUNT", if url == "{{url}}" { "{{account}}" } else { "4711" }));
        Connection { key: "acme", command: "acme", env: "ACME_KEY", url, account, gateway, token }
    }

    #[test]
    fn a_filled_template_is_the_snippet_of_what_fills_it() {
        // A URL that a shell has to be given in quotation marks, as the template's place for it is.
        let (url, base, token) = ("http://127.0.0.1:8080/mcp?a=1&b=2", "http://127.0.0.1:8080", "acme_0123456789");
        for kind in KINDS {
            let template =
                &client(kind, &connection("{{url}}", "{{base}}", Token::Literal("{{token}}"))).snippets[0].text;
            let expected = &client(kind, &connection(url, base, Token::Literal(token))).snippets[0].text;
            let filled = template
                .replace("{{url}}", url)
                .replace("{{base}}", base)
                .replace("{{account}}", "4711")
                .replace("{{token}}", token);
            assert_eq!(filled, *expected, "{kind:?}");
        }
    }

    #[test]
    fn only_what_reads_no_environment_has_a_literal_credential() {
        let literal = "acme_xxxx";
        for kind in KINDS {
            let connection = connection("https://a.example/mcp", "https://a.example", Token::Named { literal });
            let snippets = client(kind, &connection).snippets;
            let is_literal: Vec<bool> = snippets.iter().map(|snippet| snippet.text.contains(literal)).collect();
            let is_named = |snippet: &Snippet| snippet.text.contains("ACME_KEY");
            let expected: &[bool] = match kind {
                ClientKind::ClaudeCode | ClientKind::Cursor => &[false],
                ClientKind::ClaudeAi | ClientKind::ClaudeDesktop => &[true],
                ClientKind::Stdio => &[true, true],
                ClientKind::Inspector => &[false, true],
                ClientKind::Other => &[true, false],
            };
            assert_eq!(is_literal, expected, "{kind:?}");
            assert!(snippets.iter().zip(expected).all(|(snippet, literal)| *literal || is_named(snippet)), "{kind:?}");
        }
    }
}
