//! What callers are told while the API does not answer.

use std::path::Path;

use catalyst::{Access, NewKey, Options, Service};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use toolwright_tests::{Client, Reply, Revision, Server, StdioPipe};

use crate::place::BINARY;

/// The API, served by the test, which can stop it.
struct Api {
    origin: String,
    key: String,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Api {
    async fn start(folder: &Path) -> Self {
        let service = Service::open(&Options { store: folder.join("catalyst.db") }).await.expect("a store");
        service.create_team("Ours").await.expect("a team");
        service.create_project("Ours", "own").await.expect("a project");
        let new = NewKey { name: "a test's", team: "Ours", grants: &[("own", Access::Write)], default: None };
        let key = service.create_key(new).await.expect("a key").expose_secret().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(service.serve(listener, shutdown.clone()));
        Self { origin, key, shutdown, serving }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.expect("a task").expect("a good end");
    }
}

/// A key that looks like one.
fn some_key() -> String {
    format!("sk-inference-{}", "a".repeat(40))
}

/// That the answer is about the API, in plain words, and not about the key.
fn assert_unavailable(reply: &Reply, status: Option<u16>) {
    assert_eq!((reply.status, reply.error_code()), (status, Some(-31502)), "{reply:?}");
    assert_eq!(reply.error_data()["reason"], "upstream_unavailable", "{reply:?}");
    assert!(reply.error_message().contains("That says nothing about your Project API key."), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_nowhere_is_no_fault_of_a_key() {
    const NOWHERE: &str = "http://127.0.0.1:9";
    let server = Server::of(BINARY).env("CATALYST_BASE_URL", NOWHERE).start();
    let mut client = Client::http(server.url(), Some(&some_key()), Revision::V2026_07_28);
    for reply in [client.list().await, client.call("whoami", json!({})).await] {
        assert_unavailable(&reply, Some(502));
    }
    server.wait_for_line(&["cannot be reached"]);
    // It has made no store, since the API is elsewhere.
    assert!(!server.folder().join("data").exists());

    let key = some_key();
    let environment = [("CATALYST_BASE_URL", NOWHERE), ("INFERENCE_API_KEY", &key)];
    let mut stdio = Client::stdio(StdioPipe::alone(BINARY, &environment), Revision::V2025_11_25);
    stdio.open().await;
    assert_unavailable(&stdio.call("whoami", json!({})).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_stops_is_told_apart_from_a_key_that_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let api = Api::start(folder.path()).await;
    let server = Server::of(BINARY).env("CATALYST_BASE_URL", &api.origin).start();
    let environment = [("CATALYST_BASE_URL", api.origin.as_str()), ("INFERENCE_API_KEY", api.key.as_str())];
    let mut ways = [
        Client::http(server.url(), Some(&api.key), Revision::V2025_11_25),
        Client::stdio(StdioPipe::alone(BINARY, &environment), Revision::V2025_11_25),
    ];
    let rubric = json!({"name": "Any", "checks": [{"type": "exact"}]});
    for way in &mut ways {
        way.open().await;
        assert_eq!(way.call("list_rubrics", json!({})).await.structured()["rubrics"], json!([]));
    }
    api.stop().await;
    for way in &mut ways {
        // The key is still believed, and the call meets nobody.
        for (tool, arguments) in [("list_rubrics", json!({})), ("create_rubric", rubric.clone())] {
            let told = way.call(tool, arguments).await;
            assert!(told.is_tool_error(), "{told:?}");
            assert!(told.text().starts_with("unavailable: the API cannot be reached: "), "{told:?}");
        }
    }
    let mut other = Client::http(server.url(), Some(&some_key()), Revision::V2025_11_25);
    assert_unavailable(&other.call("whoami", json!({})).await, Some(502));
}
