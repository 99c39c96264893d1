//! What is made of an answer.

use std::future::pending;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use toolwright_tests::{
    StdioPipe,
    fake::{Fake, endless, http},
};

use super::{TOKEN, forwarding_to};
use crate::ACME;

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#;

/// What a caller is told after what happened.
const FIX: &str = "Check that the server runs, and that `NOTES_GATEWAY` is its address without the `/mcp` at the end.";

const UNKNOWN: &str =
    " Whether the call took effect is not known: read back what it was to change before you repeat it.";

/// Calls a tool, and expects the error of a gateway.
async fn assert_unavailable(address: &str, what: &str) {
    let mut pipe = forwarding_to(address);
    pipe.send(CALL).await;
    let answer = answer(&mut pipe).await;
    let url = format!("{address}/mcp");
    let expected = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": -31502,
            "message": format!("`{url}` {what} {FIX}"),
            "data": {"reason": "gateway_unavailable", "gateway": url},
        },
    });
    assert_eq!(answer, expected);
    let (code, rest, log) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), vec![]));
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains(what)), "{log}");
    assert!(log.lines().any(|line| line.contains("outcome=\"gateway_unavailable\"")), "{log}");
}

/// The answer of a gateway, after the messages before it.
async fn answer(pipe: &mut StdioPipe) -> Value {
    loop {
        let message = pipe.receive().await;
        if message.get("method").is_none() {
            return message;
        }
    }
}

fn event(message: &Value) -> String {
    format!("data: {message}\n\n")
}

#[tokio::test]
async fn what_is_no_answer_is_said() {
    let no_server = |status: &str| format!("answered with {status}, and not as an MCP server.");
    let answer = |id: Value| json!({"jsonrpc": "2.0", "id": id, "result": {}}).to_string();
    let asking = json!({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage"});
    let page = "<!doctype html><title>Not here</title>";
    for (raw, what) in [
        (http("404 Not Found", "text/html", page), no_server("404 Not Found")),
        (http("413 Payload Too Large", "text/html", page), no_server("413 Payload Too Large")),
        (http("200 OK", "text/html", page), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", ""), no_server("200 OK") + UNKNOWN),
        (http("202 Accepted", "application/json", ""), no_server("202 Accepted") + UNKNOWN),
        (http("502 Bad Gateway", "text/html", page), no_server("502 Bad Gateway") + UNKNOWN),
        (http("401 Unauthorized", "application/json", r#"{"error":"no"}"#), no_server("401 Unauthorized")),
        (http("200 OK", "application/json", &answer(json!(2))), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", &answer(json!("1"))), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", &answer(Value::Null)), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", &format!("[{}]", answer(json!(1)))), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", &answer(json!(1)).replace("2.0", "1.0")), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "application/json", &asking.to_string()), no_server("200 OK") + UNKNOWN),
        (
            http(
                "200 OK",
                "application/json",
                r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#,
            ),
            no_server("200 OK") + UNKNOWN,
        ),
        (
            http("200 OK", "application/json", r#"{"jsonrpc":"2.0","id":1,"result":{},"result":{}}"#),
            no_server("200 OK") + UNKNOWN,
        ),
        (http("200 OK", "text/event-stream", &event(&asking)), no_server("200 OK") + UNKNOWN),
        (http("200 OK", "text/event-stream", ""), no_server("200 OK") + UNKNOWN),
    ] {
        assert_unavailable(Fake::saying(raw).await.address(), &what).await;
    }
}

#[tokio::test]
async fn what_breaks_off_is_said() {
    let cut = http("200 OK", "application/json", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    let cut = cut[..cut.len() - 3].to_owned();
    let too_large = http("200 OK", "application/json", &" ".repeat((64 << 20) + 1));
    for (raw, reason) in [
        (String::new(), "connection closed before message completed"),
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "invalid HTTP version parsed"),
        (cut, "end of file before message length reached"),
        (too_large, "length limit exceeded"),
    ] {
        let what = format!("did not answer to the end: {reason}.{UNKNOWN}");
        assert_unavailable(Fake::saying(raw).await.address(), &what).await;
    }
}

#[tokio::test]
async fn nobody_there_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let reason = std::net::TcpStream::connect(&address["http://".len()..]).expect_err("nobody listens");
    assert_unavailable(&address, &format!("cannot be reached: {reason}.")).await;
}

#[tokio::test]
async fn no_answer_in_time_is_said() {
    // The limit of a call is 2 seconds, and the answer may take 5 more.
    let never = Fake::new(async |_| pending().await).await;
    let alive = Fake::saying(endless(": alive\n\n")).await;
    let what = format!("did not answer within 7 seconds.{UNKNOWN}");
    tokio::join!(assert_unavailable(never.address(), &what), assert_unavailable(alive.address(), &what));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Fake::saying(http("200 OK", "application/json", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)).await;
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let body = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
        let to = format!("Location: {}/mcp\r\nContent-Type", elsewhere.address());
        let raw = http(status, "application/json", body).replacen("Content-Type", &to, 1);
        let what = format!("redirects elsewhere ({status}), where no credential is sent.");
        assert_unavailable(Fake::saying(raw).await.address(), &what).await;
    }
    assert_eq!(elsewhere.asked().len(), 0);
}

#[tokio::test]
async fn an_answer_in_any_dress_is_passed_on_as_one_line() {
    let done = r#"{"jsonrpc":"2.0","id":1,"result":{"text":"a\nb"}}"#;
    let pretty = "\u{20}{\n  \"result\": {\r\n    \"text\": \"a\\nb\"\n  },\n  \"id\": 1, \"jsonrpc\": \"2.0\"\n}\n";
    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}});
    let other = json!({"jsonrpc": "2.0", "id": 2, "result": {"text": "of somebody else"}});
    let stream = format!(
        ": hello\r\n\r\nid: 0\r\ndata:\r\n\r\nevent: message\r\ndata: {progress}\r\n\r\ndata: {other}\r\n\r\nid: 1\r\ndata: {done}\r\n\r\n"
    );
    let lines = pretty.lines().map(|line| format!("data: {line}")).collect::<Vec<_>>().join("\n") + "\n\n";
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &done[..7],
        done.len() - 7,
        &done[7..]
    );
    let expected: Value = serde_json::from_str(done).expect("JSON");
    for raw in [
        http("200 OK", "application/json", done),
        http("200 OK", "application/json; charset=utf-8", pretty),
        http("200 OK", "text/plain", done),
        http("201 Created", "application/json", done),
        http("500 Internal Server Error", "application/json", done),
        http("200 OK", "text/event-stream", &stream),
        http("200 OK", "Text/Event-Stream; charset=utf-8", &lines),
        // Whoever waits for the end of this stream waits in vain.
        endless(&stream),
        chunked,
    ] {
        let fake = Fake::saying(raw.clone()).await;
        let mut pipe = forwarding_to(fake.address());
        pipe.send(CALL).await;
        if raw.contains("notifications/progress") {
            assert_eq!(pipe.receive().await, progress, "{raw}");
        }
        assert_eq!(pipe.receive().await, expected, "{raw}");
    }
}

#[tokio::test]
async fn an_answer_keeps_its_numbers_and_gets_its_id() {
    let exact = r#"{"big":123456789012345678901234567890,"small":1e-400,"one":1.0,"text":"\u0041\/"}"#;
    let result = format!(r#"{{"id":"é","jsonrpc":"2.0","result":{exact}}}"#);
    let refused = r#"{"jsonrpc":"2.0","error":{"code":-31401,"message":"no"}}"#;
    for (id, raw, expected) in [
        (
            r#""é""#,
            http("200 OK", "application/json", &result),
            format!(r#"{{"jsonrpc":"2.0","id":"é","result":{exact}}}"#),
        ),
        (
            "9223372036854775807",
            http("401 Unauthorized", "application/json", refused),
            r#"{"jsonrpc":"2.0","id":9223372036854775807,"error":{"code":-31401,"message":"no"}}"#.to_owned(),
        ),
        (
            "-1",
            http("400 Bad Request", "application/json", &refused.replace(r#""error""#, r#""id":null,"error""#)),
            r#"{"jsonrpc":"2.0","id":-1,"error":{"code":-31401,"message":"no"}}"#.to_owned(),
        ),
    ] {
        let fake = Fake::saying(raw).await;
        let mut pipe = forwarding_to(fake.address());
        pipe.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)).await;
        let (_, rest, _) = pipe.close().await;
        assert_eq!(rest, [expected]);
    }
}

#[tokio::test]
async fn a_notification_is_never_answered() {
    for raw in [
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
        http("200 OK", "application/json", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
        http("401 Unauthorized", "application/json", r#"{"jsonrpc":"2.0","error":{"code":-31401,"message":"no"}}"#),
        http("404 Not Found", "text/html", "<html>"),
        String::new(),
    ] {
        let fake = Fake::saying(raw.clone()).await;
        let mut pipe = forwarding_to(fake.address());
        pipe.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        let (code, rest, _) = pipe.close().await;
        assert_eq!((code, rest, fake.asked().len()), (Some(0), vec![], 1), "{raw}");
    }
}

#[tokio::test]
async fn the_credential_is_in_no_log_and_no_answer() {
    let bodies = ["", "<html>", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#];
    let statuses = ["200 OK", "302 Found", "401 Unauthorized", "500 Internal Server Error"];
    for (status, body) in statuses.into_iter().flat_map(|status| bodies.map(|body| (status, body))) {
        let fake = Fake::saying(http(status, "application/json", body)).await;
        let environment = [("ACME_KEY", TOKEN), ("NOTES_GATEWAY", fake.address()), ("RUST_LOG", "trace")];
        let mut pipe = StdioPipe::alone(ACME, &environment);
        pipe.send(CALL).await;
        pipe.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        let (_, rest, log) = pipe.close().await;
        assert_eq!(rest.len(), 1);
        assert!(log.contains("TRACE"), "{log}");
        assert!(!(log + &rest[0]).contains(&TOKEN["acme_".len()..]), "{status} {body}");
    }
}
