//! Work beside the calls that panics.

use std::{fs, time::Duration};

use serde_json::json;
use toolwright_tests::{Revision, Server};

use crate::{
    ACME, full,
    operations::{get, operations, until},
};

#[tokio::test]
async fn background_work_that_panics_is_told_to_whatever_starts_the_server_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let frail = folder.path().join("frail");
    let start = || Server::of(ACME).env("ACME_FRAIL", &frail).arg("--operations-listen=127.0.0.1:0");
    let mut server = start().start();
    let operations = operations(&server);
    let mut client = full(&server, Revision::V2026_07_28).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(server.authority(), path).await.status, 200, "{path}");
    }

    fs::write(&frail, "").expect("a file");
    server.wait_for_line(&["ERROR", "background work has panicked and does not go on", "start the server again"]);
    let broken = until(server.authority(), "/healthz", 503).await;
    assert_eq!(broken.body, "broken");
    assert_eq!(get(server.authority(), "/readyz").await.status, 503);
    let report = get(&operations, "/readyz").await.json();
    assert_eq!(report["parts"]["background"]["why"], "it has panicked; start the server again", "{report}");
    assert_eq!(report["parts"]["database"]["ready"], true, "{report}");
    assert_eq!(client.call("whoami", json!({})).await.status, Some(200), "calls are answered while somebody asks");

    server.terminate();
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0), "it ends as ever: {}", server.log());
    fs::remove_file(&frail).expect("a file");
    let again = start().folder(server.folder()).start();
    assert_eq!(get(again.authority(), "/healthz").await.status, 200);
}
