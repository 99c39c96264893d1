//! An encrypted connection, and whose certificates are believed.

use serde_json::{Value, json};
use toolwright_tests::{
    Server, StdioPipe,
    tls::{encrypted, trusting},
};

use crate::{ACME, PREFIX};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_that_this_machine_trusts_is_shown_the_credential() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let folder = tempfile::tempdir().expect("a folder");
    let [trusted, other] = ["trusted.pem", "other.pem"].map(|name| folder.path().join(name));
    let port = encrypted(server.authority(), &trusted).await;
    encrypted(server.authority(), &other).await;
    let plain = server.authority().rsplit_once(':').expect("a port").1;
    for (address, authority, problem) in [
        (format!("https://localhost:{port}"), &trusted, None),
        (format!("https://localhost:{port}"), &other, Some("cannot be reached: invalid peer certificate: ")),
        (
            format!("https://127.0.0.1:{port}"),
            &trusted,
            Some("cannot be reached: invalid peer certificate: certificate not valid for name \"127.0.0.1\""),
        ),
        (format!("https://localhost:{plain}"), &trusted, Some("cannot be reached: received corrupt message")),
    ] {
        let environment = [("ACME_KEY", token.as_str()), ("NOTES_GATEWAY", &address)];
        let mut pipe = StdioPipe::alone(ACME, &[environment, trusting(authority)].concat());
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami"}});
        let reply = pipe.request(&call).await;
        match problem {
            None => assert_eq!(reply.structured()["subject"], "local"),
            Some(problem) => {
                assert!(reply.error_message().starts_with(&format!("`{address}/mcp` {problem}")), "{reply:?}");
            }
        }
    }
    let calls = server.log().lines().filter(|line| line.contains("operation=\"whoami\"")).count();
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn who_trusts_nobody_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").expect("a file");
    let to = |address| [&[("NOTES_GATEWAY", address)][..], &trusting(&empty)].concat();
    let (code, rest, log) = StdioPipe::alone(ACME, &to("https://localhost:1")).end().await;
    assert_eq!((code, rest), (Some(1), vec![]));
    assert!(log.starts_with("acme: cannot read the certificates that this machine trusts: "), "{log}");
    // In the clear, on this machine, none is needed.
    let mut pipe = StdioPipe::alone(ACME, &to("http://localhost:1"));
    let reply: Value = pipe.request(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await.body;
    assert_eq!(reply["error"]["data"]["reason"], "missing_credential");
}
