//! Links that add a server to a client, of those that have such links.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    ClientKind, Connection,
    snippets::{cursor_server, vscode_server},
};

pub(super) fn of(kind: ClientKind, connection: &Connection<'_>) -> Option<String> {
    match kind {
        ClientKind::Cursor => Some(cursor(connection)),
        ClientKind::Vscode => Some(vscode(connection)),
        ClientKind::ClaudeCode
        | ClientKind::Windsurf
        | ClientKind::Codex
        | ClientKind::Opencode
        | ClientKind::GeminiCli
        | ClientKind::ClaudeAi
        | ClientKind::Stdio
        | ClientKind::ClaudeDesktop
        | ClientKind::Inspector
        | ClientKind::Other => None,
    }
}

fn cursor(connection: &Connection<'_>) -> String {
    let config = STANDARD.encode(cursor_server(connection).to_string());
    // A plus of base64 would be a space in a query.
    let config = utf8_percent_encode(&config, NON_ALPHANUMERIC);
    format!("cursor://anysphere.cursor-deeplink/mcp/install?name={}&config={config}", connection.name)
}

/// Its handler takes the name and what is asked for out of the object; the rest is the server.
fn vscode(connection: &Connection<'_>) -> String {
    let (mut server, input) = vscode_server(connection);
    server["name"] = connection.name.into();
    if let Some(input) = input {
        server["inputs"] = Value::Array(vec![input]);
    }
    format!("vscode:mcp/install?{}", utf8_percent_encode(&server.to_string(), NON_ALPHANUMERIC))
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use serde_json::json;

    use super::*;
    use crate::client::Secret;

    fn connection(secret: Secret<'static>) -> Connection<'static> {
        Connection {
            name: "acme-prod",
            command: "acme",
            credential: "API key \u{2713}",
            env: "ACME_KEY",
            variable: "ACME_PROD_KEY",
            secret,
            url: "https://a.example/mcp?x=1&y=ä#+",
            account: None,
            gateway: None,
        }
    }

    /// What a client reads after the last `=` or `?` of its link.
    fn read(link: &str, begins: &str) -> String {
        let rest = link.strip_prefix(begins).expect("the link of this client");
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{rest}");
        percent_decode_str(rest).decode_utf8().expect("UTF-8").into_owned()
    }

    #[test]
    fn cursor_reads_its_configuration() {
        let begins = "cursor://anysphere.cursor-deeplink/mcp/install?name=acme-prod&config=";
        for (secret, header) in [
            (Secret::Referred { placeholder: "x" }, "Bearer ${env:ACME_PROD_KEY}"),
            (Secret::Literal("acme_0+/"), "Bearer acme_0+/"),
        ] {
            let link = ClientKind::Cursor.install_link(&connection(secret)).expect("a link");
            let config = STANDARD.decode(read(&link, begins)).expect("base64");
            let config: Value = serde_json::from_slice(&config).expect("JSON");
            let expected = json!({"url": connection(secret).url, "headers": {"Authorization": header}});
            assert_eq!(config, expected);
        }
    }

    #[test]
    fn vscode_asks_for_the_credential() {
        let link = ClientKind::Vscode.install_link(&connection(Secret::Literal("acme_0"))).expect("a link");
        let server: Value = serde_json::from_str(&read(&link, "vscode:mcp/install?")).expect("JSON");
        let expected = json!({
            "name": "acme-prod",
            "type": "http",
            "url": connection(Secret::Literal("")).url,
            "headers": {"Authorization": "Bearer ${input:acme-prod-key}"},
            "inputs": [{
                "type": "promptString",
                "id": "acme-prod-key",
                "description": "API key \u{2713} for acme-prod",
                "password": true,
            }],
        });
        assert_eq!(server, expected);
    }
}
