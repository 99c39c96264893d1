//! Links that add a server to a client, of those that have such links.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    ClientKind, Connection, Secret,
    snippets::{cursor_server, lm_studio_server, vscode_server},
};

pub(super) fn of(kind: ClientKind, connection: &Connection<'_>) -> Option<String> {
    match kind {
        ClientKind::Cursor => Some(cursor(connection)),
        ClientKind::Vscode => Some(vscode(connection)),
        // They can refer to no credential, and nobody can put one in the place of a placeholder in a link.
        ClientKind::Goose | ClientKind::LmStudio if matches!(connection.secret, Secret::Referred { .. }) => None,
        ClientKind::Goose => Some(goose(connection)),
        ClientKind::LmStudio => Some(lm_studio(connection)),
        ClientKind::ClaudeCode
        | ClientKind::Windsurf
        | ClientKind::Codex
        | ClientKind::Opencode
        | ClientKind::GeminiCli
        | ClientKind::ClaudeAi
        | ClientKind::Stdio
        | ClientKind::ClaudeDesktop
        | ClientKind::Inspector
        | ClientKind::Other
        | ClientKind::Zed
        | ClientKind::Continue
        | ClientKind::Kiro
        | ClientKind::Roo
        | ClientKind::Cline
        | ClientKind::CopilotCli
        | ClientKind::Warp
        | ClientKind::Jetbrains => None,
    }
}

fn cursor(connection: &Connection<'_>) -> String {
    let config = in_query(&cursor_server(connection));
    format!("cursor://anysphere.cursor-deeplink/mcp/install?name={}&config={config}", connection.name)
}

/// A configuration in base64, as part of a query.
fn in_query(server: &Value) -> String {
    // A plus of base64 would be a space.
    utf8_percent_encode(&STANDARD.encode(server.to_string()), NON_ALPHANUMERIC).to_string()
}

fn goose(connection: &Connection<'_>) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (url, name) = (encoded(connection.url), encoded(connection.name));
    let header = match connection.secret {
        Secret::Literal(_) => format!("&header={}", encoded(&format!("Authorization={}", connection.bearer()))),
        Secret::Referred { .. } | Secret::SignIn { .. } => String::new(),
    };
    format!("goose://extension?type=streamable_http&url={url}&id={name}&name={name}{header}")
}

fn lm_studio(connection: &Connection<'_>) -> String {
    let config = in_query(&lm_studio_server(connection));
    format!("lmstudio://add_mcp?name={}&config={config}", connection.name)
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

    #[test]
    fn lm_studio_reads_its_configuration() {
        let link = ClientKind::LmStudio.install_link(&connection(Secret::Literal("acme_0+/"))).expect("a link");
        let config = STANDARD.decode(read(&link, "lmstudio://add_mcp?name=acme-prod&config=")).expect("base64");
        let config: Value = serde_json::from_slice(&config).expect("JSON");
        let expected =
            json!({"url": connection(Secret::Literal("")).url, "headers": {"Authorization": "Bearer acme_0+/"}});
        assert_eq!(config, expected);
    }

    #[test]
    fn goose_reads_each_part_of_its_query() {
        let parts = |secret| -> Vec<(String, String)> {
            let link = ClientKind::Goose.install_link(&connection(secret)).expect("a link");
            let link = url::Url::parse(&link).expect("a URL");
            assert_eq!((link.scheme(), link.host_str()), ("goose", Some("extension")));
            link.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
        };
        let known = [
            ("type", "streamable_http"),
            ("url", connection(Secret::Literal("")).url),
            ("id", "acme-prod"),
            ("name", "acme-prod"),
        ];
        let known: Vec<_> = known.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(parts(Secret::SignIn { placeholder: "x" }), known);
        let header = ("header".to_owned(), "Authorization=Bearer acme_0+/".to_owned());
        assert_eq!(parts(Secret::Literal("acme_0+/")), [known, vec![header]].concat());
    }

    #[test]
    fn no_link_has_a_placeholder() {
        for kind in ClientKind::ALL {
            let link = kind.install_link(&connection(Secret::Referred { placeholder: "PLACEHOLDER" }));
            assert!(link.is_none_or(|link| !link.contains("PLACEHOLDER")), "{kind:?}");
        }
        assert!(ClientKind::Goose.install_link(&connection(Secret::Referred { placeholder: "x" })).is_none());
    }
}
