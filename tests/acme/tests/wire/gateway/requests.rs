//! What is sent, and what is not.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use toolwright_tests::{
    Revision, StdioPipe,
    fake::{Asked, Fake, http, json},
};

use super::{TOKEN, forwarding_to};
use crate::ACME;

/// How many messages are forwarded at a time.
const SLOTS: usize = 64;

fn echo(asked: &Asked) -> Value {
    json!({"jsonrpc": "2.0", "id": asked.json()["id"], "result": {"asked": asked.json()["method"]}})
}

/// What asks to be told of changes.
const LISTENS: &str = "GET /mcp HTTP/1.1";

/// Agrees on an older revision than it was asked for, keeps a session, takes notifications, and tells of no changes.
async fn obliging() -> Fake {
    Fake::new(async |asked: Asked| {
        if asked.line == LISTENS {
            return http("405 Method Not Allowed", "text/plain", "").into_bytes();
        }
        let method = asked.json()["method"].as_str().expect("a method").to_owned();
        match method.as_str() {
            "initialize" => {
                let result = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}});
                let answer = json(&json!({"jsonrpc": "2.0", "id": asked.json()["id"], "result": result}));
                answer.replacen("Content-Type", "Mcp-Session-Id: s1\r\nContent-Type", 1).into_bytes()
            }
            _ if method.starts_with("notifications/") => b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_vec(),
            _ => json(&echo(&asked)).into_bytes(),
        }
    })
    .await
}

/// The headers of a request, but for those that every one has.
fn own_headers(asked: &Asked) -> Vec<(&str, &str)> {
    const EVERY: [&str; 6] = ["host", "authorization", "content-type", "accept", "user-agent", "content-length"];
    let headers = asked.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    headers.filter(|(name, _)| !EVERY.contains(name)).collect()
}

#[tokio::test]
async fn every_message_is_one_post_with_the_headers_of_its_revision() {
    let fake = obliging().await;
    // A proxy of the environment would be asked for the credential, too.
    let proxy = Fake::saying(http("200 OK", "text/plain", "")).await;
    let mut environment = vec![("ACME_KEY", TOKEN), ("NOTES_GATEWAY", fake.address())];
    environment.extend(["http_proxy", "HTTP_PROXY", "ALL_PROXY"].map(|name| (name, proxy.address())));
    let mut pipe = StdioPipe::alone(ACME, &environment);
    let old = |method: &str, params: Value| (method.to_owned(), params);
    let new = |method: &str, params: Value| (method.to_owned(), Revision::V2026_07_28.parameters(params));
    let agreed = || vec![("mcp-protocol-version", "2025-06-18"), ("mcp-session-id", "s1")];
    let modern = |method: &'static str, name: Option<&'static str>| {
        let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
        headers.extend(name.map(|name| ("mcp-name", name)));
        headers
    };
    let cases = [
        (old("tools/list", json!({})), vec![]),
        (old("initialize", Revision::V2025_11_25.initialize()), vec![]),
        (old("notifications/initialized", json!({})), agreed()),
        (old("tools/call", json!({"name": "whoami"})), agreed()),
        (old("initialize", Revision::V2025_06_18.initialize()), vec![]),
        (new("server/discover", json!({})), modern("server/discover", None)),
        (new("tools/call", json!({"name": "whoami"})), modern("tools/call", Some("whoami"))),
        (new("prompts/get", json!({"name": "tidy\nup"})), modern("prompts/get", Some("=?base64?dGlkeQp1cA==?="))),
        (new("notifications/progress", json!({})), modern("notifications/progress", None)),
        (old("ping", json!({})), agreed()),
    ];
    let mut lines = Vec::new();
    let mut listens = 0;
    for (id, ((method, params), _)) in cases.iter().enumerate() {
        let mut message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        if method.starts_with("notifications/") {
            pipe.send(&message.to_string()).await;
        } else {
            message["id"] = json!(id);
            assert_eq!(pipe.request(&message).await.body["id"], json!(id));
        }
        lines.push(message.to_string());
        // From then on the client can be told of changes.
        listens += usize::from(method == "initialize");
        // Messages overtake one another unless somebody waits.
        fake.wait_for(lines.len() + listens).await;
    }
    let (listening, asked): (Vec<_>, Vec<_>) = fake.asked().into_iter().partition(|asked| asked.line == LISTENS);
    assert_eq!(listening.len(), listens);
    for listening in &listening {
        assert_eq!(listening.header("accept"), Some("text/event-stream"));
        assert_eq!(listening.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(own_headers(listening), agreed());
    }
    for ((asked, line), (_, headers)) in asked.iter().zip(&lines).zip(&cases) {
        assert_eq!(asked.line, "POST /mcp HTTP/1.1");
        assert_eq!(asked.body, *line, "it goes as it came");
        assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("accept"), Some("application/json, text/event-stream"));
        assert_eq!(asked.header("user-agent"), Some("acme/1.4.0"));
        assert_eq!(asked.header("host"), fake.address().strip_prefix("http://"));
        assert_eq!(own_headers(asked), *headers, "{line}");
    }
    assert_eq!(asked.len(), cases.len());
    let folder = pipe.own_folder().expect("a folder").to_owned();
    assert_eq!(std::fs::read_dir(folder).expect("the folder").count(), 0, "nothing was opened, nothing made");
    let (code, rest, log) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), vec![]));
    assert!(log.contains(&format!("forwarding to {}/mcp", fake.address())), "{log}");
    assert_eq!(proxy.asked().len(), 0);
}

#[tokio::test]
async fn what_would_be_refused_here_is_not_sent() {
    let fake = obliging().await;
    let mut pipe = forwarding_to(fake.address());
    let too_long = "x".repeat(70_000);
    for (line, reason) in [
        ("garbage", "parse_error"),
        ("[]", "invalid_request"),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, "invalid_request"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, "invalid_params"),
        (too_long.as_str(), "body_too_large"),
    ] {
        pipe.send(line).await;
        assert_eq!(pipe.receive().await["error"]["data"]["reason"], reason, "{line:.80}");
    }
    // A cancellation of nothing.
    pipe.send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#).await;
    let (code, rest, _) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), vec![]));
    for (token, reason) in [("", "missing_credential"), (&TOKEN[..20], "malformed_credential")] {
        let mut pipe = StdioPipe::alone(ACME, &[("ACME_KEY", token), ("NOTES_GATEWAY", fake.address())]);
        pipe.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        let reply = pipe.request(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).await;
        assert_eq!(reply.error_data()["reason"], reason, "{reply:?}");
        let (code, rest, _) = pipe.close().await;
        assert_eq!((code, rest), (Some(0), vec![]), "a notification is never answered");
    }
    assert_eq!(fake.asked().len(), 0);
}

#[tokio::test]
async fn requests_are_answered_as_their_answers_come_and_not_all_are_sent_at_once() {
    const REQUESTS: usize = 200;
    let (waiting, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let full = Arc::new(Semaphore::new(0));
    let seen = Arc::clone(&most);
    let fake = Fake::new(move |asked: Asked| {
        let (waiting, most, full) = (Arc::clone(&waiting), Arc::clone(&most), Arc::clone(&full));
        async move {
            let now = waiting.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            // All of the first wait until every slot is taken, and would see one that is too many; the
            // others find the gate open.
            if now == SLOTS {
                tokio::time::sleep(Duration::from_millis(200)).await;
                full.add_permits(REQUESTS);
            }
            full.acquire().await.expect("a gate").forget();
            waiting.fetch_sub(1, Ordering::SeqCst);
            json(&echo(&asked)).into_bytes()
        }
    })
    .await;
    let mut pipe = forwarding_to(fake.address());
    for id in 0..REQUESTS {
        pipe.send(&json!({"jsonrpc": "2.0", "id": id, "method": format!("m{id}")}).to_string()).await;
    }
    let mut answers = Vec::new();
    for _ in 0..REQUESTS {
        let answer = pipe.receive().await;
        let id = answer["id"].as_u64().expect("an id");
        assert_eq!(answer["result"]["asked"], format!("m{id}"), "each has its own");
        answers.push(id);
    }
    answers.sort_unstable();
    assert!(answers.into_iter().eq(0..REQUESTS as u64));
    assert_eq!(seen.load(Ordering::SeqCst), SLOTS);
}

#[tokio::test]
async fn a_cancellation_reaches_what_holds_the_last_slot() {
    let fake = Fake::new(async |asked: Asked| {
        if asked.json()["method"] == "hang" {
            pending::<()>().await;
        }
        json(&echo(&asked)).into_bytes()
    })
    .await;
    let mut pipe = forwarding_to(fake.address());
    for id in 0..SLOTS {
        pipe.send(&json!({"jsonrpc": "2.0", "id": id, "method": "hang"}).to_string()).await;
    }
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    pipe.send(&cancel.to_string()).await;
    let reply = pipe.request(&json!({"jsonrpc": "2.0", "id": "after", "method": "ping"})).await;
    assert_eq!(reply.result(), &json!({"asked": "ping"}));
    // Its id is free again.
    pipe.send(&cancel.to_string().replace('7', "8")).await;
    let reply = pipe.request(&json!({"jsonrpc": "2.0", "id": 7, "method": "ping"})).await;
    assert_eq!(reply.result(), &json!({"asked": "ping"}));
    assert!(!fake.asked().iter().any(|asked| asked.body.contains("cancelled")), "the connection's end says it");
}
