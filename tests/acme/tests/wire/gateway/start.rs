//! Where the credential is sent, and where not.

use serde_json::{Value, json};
use toolwright_tests::{
    Revision, Server, StdioPipe,
    fake::{self, Fake},
    run,
};

use super::{TOKEN, forwarding_to};
use crate::{ACME, PREFIX};

#[tokio::test]
async fn an_address_where_no_credential_can_go_is_refused_at_the_start() {
    let plain = "sends credentials without encryption: use `https`; `http` is for this machine only";
    let user = "holds a user's name or password: leave it out: the credential goes into a header";
    let rest = "has a query or a fragment: leave out what follows the path";
    for (address, why) in [
        ("http://gateway.example", plain),
        ("http://10.0.0.1:8081", plain),
        ("http://0.0.0.0:8081", plain),
        ("http://localhost.example.com", plain),
        ("https://me:hunter2secret@gateway.example", user),
        ("http://hunter2secret@localhost:8081", user),
        ("http://localhost:8081?token=hunter2secret", rest),
        ("http://localhost:8081/#hunter2secret", rest),
        ("localhost:8081", "is no web address: use `https`"),
        ("ftp://localhost", "is no web address: use `https`"),
        ("8081", "is no URL: relative URL without a base: write it as `http://localhost:8081`"),
        ("http://hunter2secret@:1", "is no URL: empty host: write it as `http://localhost:8081`"),
    ] {
        let pipe = forwarding_to(address);
        let folder = pipe.own_folder().expect("a folder").to_owned();
        let (code, rest, log) = pipe.end().await;
        assert_eq!((code, rest, log), (Some(1), vec![], format!("acme: NOTES_GATEWAY {why}\n")), "{address}");
        assert!(!folder.join("data").exists(), "{address}: it does not serve by itself instead");
    }
}

#[tokio::test]
async fn an_address_can_have_a_path_and_a_slash_at_its_end() {
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let fake = Fake::new(async |_| fake::json(&json!({"jsonrpc": "2.0", "id": 1, "result": {}})).into_bytes()).await;
    let port = fake.address().rsplit_once(':').expect("a port").1.to_owned();
    let cases = [
        (fake.address().to_owned(), "POST /mcp HTTP/1.1"),
        (format!("{}/", fake.address()), "POST /mcp HTTP/1.1"),
        (format!("  {}/a/b//  ", fake.address()), "POST /a/b/mcp HTTP/1.1"),
        (format!("HTTP://LocalHost:{port}"), "POST /mcp HTTP/1.1"),
        // No resolver is asked for it.
        (format!("http://gateway.localhost:{port}"), "POST /mcp HTTP/1.1"),
    ];
    for (address, _) in &cases {
        assert_eq!(forwarding_to(address).request(&ping).await.result(), &json!({}), "{address}");
    }
    let lines: Vec<_> = fake.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, cases.map(|(_, line)| line));
}

#[tokio::test]
async fn an_empty_address_is_none() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for address in ["", " "] {
        let environment = [("ACME_KEY", token.as_str()), ("NOTES_GATEWAY", address)];
        let mut pipe = StdioPipe::start(ACME, server.folder(), &environment, &[]);
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}});
        assert_eq!(pipe.request(&call).await.structured()["subject"], "local");
        assert!(!pipe.close().await.2.contains("forwarding"));
    }
}

#[tokio::test]
async fn a_server_can_come_later_and_come_back() {
    let mut server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let address = server.address();
    let listen = server.authority().to_owned();
    server.kill();
    let mut pipe = StdioPipe::alone(ACME, &[("ACME_KEY", &token), ("NOTES_GATEWAY", &address)]);
    let initialize = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": Revision::V2025_11_25.initialize(),
    });
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "whoami"}});
    assert_eq!(pipe.request(&initialize).await.error_data()["reason"], "gateway_unavailable");
    for _ in 0..2 {
        let mut again = Server::of(ACME).folder(server.folder()).arg("--listen").arg(&listen).start();
        assert_eq!(pipe.request(&initialize).await.result()["protocolVersion"], "2025-11-25");
        assert_eq!(pipe.request(&call).await.structured()["subject"], "local");
        again.kill();
        let reply: Value = pipe.request(&call).await.body;
        assert_eq!(reply["error"]["data"]["reason"], "gateway_unavailable", "{reply}");
    }
}

#[test]
fn the_help_names_what_the_environment_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = run(ACME, folder.path(), &["stdio", "--help"]).stdout;
    assert!(!help.contains(TOKEN));
    let environment: Vec<_> = help.lines().skip_while(|line| *line != "Environment:").collect();
    assert_eq!(
        environment,
        [
            "Environment:",
            "  ACME_KEY       The Access Key of the client",
            "  NOTES_GATEWAY  Address, without /mcp, of a running server to forward to instead of serving",
        ],
        "{help}"
    );
}
