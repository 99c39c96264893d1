//! Whom the listener for operations answers.

use toolwright_tests::{Server, raw};

use super::{get, operations};
use crate::ACME;

#[tokio::test]
async fn it_is_there_when_it_is_asked_for() {
    let server = Server::of(ACME).start();
    assert!(!server.log().contains("operations on"), "{}", server.log());

    let server = Server::of(ACME).env("ACME_OPERATIONS_LISTEN", "127.0.0.1:0").start();
    let operations = operations(&server);
    assert_eq!(get(&operations, "/healthz").await.status, 200);
    for path in ["/", "/mcp", "/settings", "/readyz/"] {
        assert_eq!(get(&operations, path).await.status, 404, "{path}");
    }
    let taken = server.command(&["--listen", "127.0.0.1:0", "--operations-listen", &operations]);
    let expected = format!("acme: cannot listen on {operations} for operations: ");
    assert!(!taken.status.success() && taken.stderr.contains(&expected), "{}", taken.stderr);
}

#[tokio::test]
async fn it_answers_programs_and_no_pages() {
    let server =
        Server::of(ACME).arg("--operations-listen=127.0.0.1:0").arg("--allow-host=acme.monitoring.example").start();
    let authority = operations(&server);
    let own = authority.as_str();
    for (hosts, origin, status) in [
        (&[own][..], None, 200),
        (&["localhost"], None, 200),
        (&["acme.monitoring.example:9464"], None, 200),
        // As it is reached within a cluster: an address is no name that somebody else could have.
        (&["10.1.2.3:9464"], None, 200),
        (&["[fd00::1]:9464"], None, 200),
        // HTTP/1.0 knows no `Host`, and balancers speak it.
        (&[], None, 200),
        // A page whose name was made to lead to this machine.
        (&["evil.example"], None, 403),
        (&["10.1.2.3.evil.example"], None, 403),
        (&[own, "evil.example"], None, 403),
        (&["bad host"], None, 403),
        (&[own], Some("http://localhost"), 403),
        (&[own], Some("null"), 403),
    ] {
        for path in ["/healthz", "/readyz"] {
            let mut headers = vec![("Content-Type", "-"), ("Content-Length", "-"), ("Host", "-")];
            headers.extend(hosts.iter().map(|host| ("host", *host)));
            headers.extend(origin.map(|origin| ("Origin", origin)));
            let reply = raw::send(own, &request(path, &headers)).await;
            assert_eq!(reply.status, status, "{path} {hosts:?} {origin:?}: {reply:?}");
        }
    }
}

/// Without a `Host` it is one of HTTP/1.0.
fn request(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let text = String::from_utf8(raw::request("unused", &format!("GET {path}"), headers, b"")).expect("text");
    if headers.iter().any(|(name, _)| *name == "host") { text } else { text.replace("HTTP/1.1", "HTTP/1.0") }.into()
}
