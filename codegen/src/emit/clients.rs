//! How each client is told about a server: as files and documentation, which name an environment
//! variable wherever the client can read one, and as templates inside the crate, for places where a
//! person's own credential is filled in.

use serde_json::{Map, Value, json};

use super::{File, notice};
use crate::api::{Api, ClientKind, Gateway};

/// A client, and what it is told.
pub(super) struct Client {
    /// Name in the manifest and of its files.
    pub(super) key: &'static str,
    /// Name for people.
    pub(super) title: &'static str,
    /// What to run, paste or fill in; the first is what a template is made of.
    pub(super) snippets: Vec<Snippet>,
}

/// Something to run, paste or fill in.
pub(super) struct Snippet {
    pub(super) format: Format,
    pub(super) text: String,
}

/// The format of a snippet, which is also how its file ends.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Shell,
    Json,
    Text,
}

impl Format {
    /// How the format is called where a block of code names its language.
    pub(super) fn language(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Json => "json",
            Self::Text => "text",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Json => "json",
            Self::Text => "txt",
        }
    }
}

/// A client's snippet with `{{url}}`, `{{base}}` and `{{token}}` where the endpoint, its address without
/// the path and a credential belong.
pub(super) struct Template {
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) snippet: String,
}

/// A file for each snippet.
pub(super) fn files(api: &Api) -> Vec<File> {
    let file = |key: &str, Snippet { format, text }: Snippet| {
        let path = format!("clients/{key}.{}", format.extension());
        match format {
            Format::Shell | Format::Text => File::new(path, format!("# {}\n{text}\n", notice(api))),
            Format::Json => File::new(path, format!("{text}\n")),
        }
    };
    documented(api)
        .into_iter()
        .flat_map(|Client { key, title: _, snippets }| snippets.into_iter().map(move |snippet| file(key, snippet)))
        .collect()
}

/// The declared clients as the documentation shows them.
pub(super) fn documented(api: &Api) -> Vec<Client> {
    let placeholder = placeholder(api);
    let connection = Connection {
        key: &api.server.key,
        command: &api.server.name,
        env: &api.credential.env,
        url: &api.server.endpoint,
        gateway: api.server.gateway.as_ref().map(|Gateway { env, example }| (env.as_str(), example.as_str())),
        token: Token::Named { literal: &placeholder },
    };
    api.clients.iter().map(|kind| client(*kind, &connection)).collect()
}

/// The declared clients as the crate has them.
pub(super) fn templates(api: &Api) -> Vec<Template> {
    let connection = Connection {
        key: &api.server.key,
        command: &api.server.name,
        env: &api.credential.env,
        url: "{{url}}",
        gateway: api.server.gateway.as_ref().map(|Gateway { env, example: _ }| (env.as_str(), "{{base}}")),
        token: Token::Literal("{{token}}"),
    };
    let template = |Client { key, title, snippets }: Client| Template {
        key,
        title,
        snippet: snippets.into_iter().next().map(|snippet| snippet.text).unwrap_or_default(),
    };
    api.clients.iter().map(|kind| template(client(*kind, &connection))).collect()
}

/// What stands for a credential where a client reads no environment: as long as a real one.
pub(super) fn placeholder(api: &Api) -> String {
    let length = usize::try_from(api.credential.length).unwrap_or(usize::MAX);
    format!("{}{}", api.credential.prefix, "x".repeat(length))
}

/// What a snippet connects.
struct Connection<'a> {
    /// What the client's configuration calls the server.
    key: &'a str,
    /// The server's program.
    command: &'a str,
    /// The environment variable of the credential.
    env: &'a str,
    url: &'a str,
    /// The environment variable of a gateway, and its address.
    gateway: Option<(&'a str, &'a str)>,
    token: Token<'a>,
}

/// How a snippet has the credential.
enum Token<'a> {
    /// By the name of its environment variable; literally where the client reads none.
    Named { literal: &'a str },
    /// Literally everywhere.
    Literal(&'a str),
}

impl Connection<'_> {
    /// The credential in a place where the client replaces `reference` by the variable's value.
    fn referred(&self, reference: String) -> String {
        match self.token {
            Token::Named { .. } => reference,
            Token::Literal(literal) => literal.to_owned(),
        }
    }

    /// The credential in a place where the client replaces nothing.
    fn literal(&self) -> &str {
        match self.token {
            Token::Named { literal } | Token::Literal(literal) => literal,
        }
    }
}

fn client(kind: ClientKind, connection: &Connection<'_>) -> Client {
    match kind {
        ClientKind::ClaudeCode => claude_code(connection),
        ClientKind::Cursor => cursor(connection),
        ClientKind::ClaudeAi => claude_ai(connection),
        ClientKind::Stdio => stdio(connection),
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
        snippets: vec![Snippet { format: Format::Shell, text: command }],
    }
}

fn cursor(connection: &Connection<'_>) -> Client {
    let token = connection.referred(format!("${{env:{}}}", connection.env));
    let server = json!({"url": connection.url, "headers": {"Authorization": format!("Bearer {token}")}});
    Client { key: "cursor", title: "Cursor", snippets: vec![servers(connection, &server)] }
}

fn claude_ai(connection: &Connection<'_>) -> Client {
    let fields = format!("URL: {}\nHeader: Authorization: Bearer {}", connection.url, connection.literal());
    Client { key: "claude-ai", title: "Claude.ai", snippets: vec![Snippet { format: Format::Text, text: fields }] }
}

fn stdio(connection: &Connection<'_>) -> Client {
    let variables: Vec<_> = [(connection.env, connection.literal())].into_iter().chain(connection.gateway).collect();
    let env: Map<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let server = json!({"command": connection.command, "args": ["stdio"], "env": env});
    let mut words: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={}", word(value))).collect();
    words.push(format!("{} stdio", word(connection.command)));
    let command = words.join(if connection.gateway.is_some() { " \\\n" } else { " " });
    Client {
        key: "stdio",
        title: "Local, over stdio",
        snippets: vec![servers(connection, &server), Snippet { format: Format::Shell, text: command }],
    }
}

/// The configuration that most clients share: servers by name.
fn servers(connection: &Connection<'_>, server: &Value) -> Snippet {
    let configuration = json!({"mcpServers": {connection.key: server}});
    Snippet { format: Format::Json, text: format!("{configuration:#}") }
}

/// Text as one word of a shell; in double quotes where any will do, which other shells read as well.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else if text.contains(['$', '`', '\\', '"', '!']) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ClientKind; 4] =
        [ClientKind::ClaudeCode, ClientKind::Cursor, ClientKind::ClaudeAi, ClientKind::Stdio];

    fn connection<'a>(url: &'a str, base: &'a str, token: Token<'a>) -> Connection<'a> {
        let gateway = Some(("ACME_GATEWAY_URL", base));
        Connection { key: "acme", command: "acme", env: "ACME_KEY", url, gateway, token }
    }

    #[test]
    fn a_filled_template_is_the_snippet_of_what_fills_it() {
        // A URL that a shell has to be given in quotation marks, as the template's place for it is.
        let (url, base, token) = ("http://127.0.0.1:8080/mcp?a=1&b=2", "http://127.0.0.1:8080", "acme_0123456789");
        for kind in KINDS {
            let template =
                &client(kind, &connection("{{url}}", "{{base}}", Token::Literal("{{token}}"))).snippets[0].text;
            let expected = &client(kind, &connection(url, base, Token::Literal(token))).snippets[0].text;
            let filled = template.replace("{{url}}", url).replace("{{base}}", base).replace("{{token}}", token);
            assert_eq!(filled, *expected, "{kind:?}");
        }
    }

    #[test]
    fn only_what_reads_no_environment_has_a_literal_credential() {
        let literal = "acme_xxxx";
        for kind in KINDS {
            let client =
                client(kind, &connection("https://a.example/mcp", "https://a.example", Token::Named { literal }));
            let has_literal = client.snippets.iter().all(|snippet| snippet.text.contains(literal));
            let expected = matches!(kind, ClientKind::ClaudeAi | ClientKind::Stdio);
            assert_eq!(has_literal, expected, "{kind:?}");
        }
    }

    #[test]
    fn a_word_of_a_shell_is_one_word() {
        for (text, expected) in [
            ("acme", "acme"),
            ("https://a.example/mcp", "https://a.example/mcp"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("a&b;c|d", "\"a&b;c|d\""),
            ("{{url}}", "\"{{url}}\""),
            ("it's", "\"it's\""),
            ("$HOME", "'$HOME'"),
            ("`id`", "'`id`'"),
            ("$it's", r"'$it'\''s'"),
            ("\"quoted\"", "'\"quoted\"'"),
            ("back\\slash", "'back\\slash'"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
