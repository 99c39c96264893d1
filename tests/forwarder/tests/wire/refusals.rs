//! What a caller is told when the API refuses, fails or says nothing.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use toolwright_core::Promise;
use toolwright_tests::{fake::http as raw, promises::assert_kept};

use crate::{
    ALL, FORWARDER, HASTY,
    api::{Api, CHECK, Says, whose},
    before, http, key,
};

const LIST: &str = "GET /v1/notes ";
const CREATE: &str = "POST /v1/notes ";

#[tokio::test]
async fn each_status_has_its_words() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    let unknown = "Whether the call took effect is not known: read back what it was to change before you repeat it.";
    let said = |message: &'static str| Some(message);
    // The status, what the API says, and what the callers of a read and of a write tool are told.
    let cases = [
        ("400 Bad Request", said("`limit` is odd"), "invalid_arguments: `limit` is odd", None),
        ("422 Unprocessable Entity", said("too long"), "invalid_arguments: too long", None),
        ("402 Payment Required", said("7 credits are missing"), "out_of_credits: 7 credits are missing", None),
        ("403 Forbidden", said("not in this project"), "insufficient_scope: not in this project", None),
        ("404 Not Found", said("there is no such note"), "not_found: there is no such note", None),
        ("410 Gone", said("it was deleted"), "not_found: it was deleted", None),
        ("409 Conflict", said("it is locked"), "wrong_state: it is locked", None),
        ("429 Too Many Requests", said("slow down"), "unavailable: slow down", None),
        ("503 Service Unavailable", None, "unavailable: the API answered with 503 Service Unavailable", None),
        (
            "500 Internal Server Error",
            said("stack trace"),
            "unavailable: the API failed (500",
            Some("outcome_unknown: the API failed (500"),
        ),
        ("502 Bad Gateway", None, "unavailable: the API failed (502", Some("outcome_unknown: the API failed (502")),
        ("404 Not Found", None, "not_found: the API answered with 404 Not Found: there is no such thing", None),
        ("400 Bad Request", None, "invalid_arguments: the API answered with 400", None),
        ("405 Method Not Allowed", said("no"), "internal: the server failed; its log has the details", None),
        ("418 I'm a teapot", None, "internal: the server failed; its log has the details", None),
    ];
    for (status, message, read, write) in cases {
        let says =
            message.map_or_else(|| Says::Raw(raw(status, "text/html", "<p>")), |message| Says::error(status, message));
        api.say(LIST, says.clone());
        api.say(CREATE, says);
        let told = client.call("list_notes", json!({})).await;
        assert!(told.is_tool_error() && told.text().starts_with(read), "{status}: {}", told.text());
        let told = client.call("create_note", json!({"text": "x"})).await;
        assert!(told.is_tool_error() && told.text().starts_with(write.unwrap_or(read)), "{status}: {}", told.text());
        assert_eq!(told.text().contains(unknown), write.is_some(), "{status}: {}", told.text());
        assert!(!told.text().contains("stack trace"), "{}", told.text());
    }
    assert_eq!(api.checks(), 1);
}

#[tokio::test]
pub(super) async fn the_apis_words_are_bounded_and_plain() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    let long = format!("a\r\n\u{1b}[31mb\u{0}{}", "x".repeat(5000));
    api.say(LIST, Says::error("409 Conflict", &long));
    let told = client.call("list_notes", json!({})).await;
    assert_kept(Promise::WordsOfApi, &told, "long words");
    let said = told.text().strip_prefix("wrong_state: ").expect("the code");
    assert!(said.starts_with("a   [31mb xxx") && said.chars().count() == 500, "{said}");
    for odd in [json!({"error": {"message": 7}}), json!({"error": "x"}), json!([]), json!({"error": {"message": "  "}})]
    {
        api.say(LIST, Says::json("409 Conflict", &odd));
        let told = client.call("list_notes", json!({})).await;
        assert_eq!(
            told.text(),
            "wrong_state: the API answered with 409 Conflict: its state does not allow this",
            "{odd}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_as_such() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    let huge = raw("200 OK", "application/json", &format!("{}{{}}", " ".repeat(16 << 20)));
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_owned();
    let cases = [
        (Says::Raw(raw("200 OK", "text/html", "<p>")), "the API answered with 200 OK, and not in JSON"),
        (Says::Raw(raw("200 OK", "application/json", "{\"id\": ")), "the API answered with 200 OK, and not in JSON"),
        (Says::Raw(huge), "the API answered with more than 16777216 bytes"),
        (Says::Raw(half), "the API did not answer to the end"),
        (Says::Raw("hello\r\n\r\n".to_owned()), "the API did not answer to the end"),
    ];
    for (says, why) in cases {
        for (begin, tool, arguments, code) in [
            (LIST, "list_notes", json!({}), "unavailable"),
            (CREATE, "create_note", json!({"text": "x"}), "outcome_unknown"),
        ] {
            api.say(begin, says.clone());
            let told = client.call(tool, arguments).await;
            assert!(told.is_tool_error() && told.text().starts_with(&format!("{code}: {why}")), "{}", told.text());
            server.wait_for_line(&["WARN", tool, "the API"]);
        }
    }
    // JSON, but not what the manifest says: the API is another one.
    api.say(LIST, Says::json("200 OK", &json!({"notes": [{"id": 1}]})));
    let told = client.call("list_notes", json!({})).await;
    assert_eq!(
        told.text().split_once('\n').map_or(told.text(), |(line, _)| line).split(". ").next(),
        Some("internal: the server failed; its log has the details"),
        "{told:?}"
    );
    server.wait_for_line(&["ERROR", "the API answered `list_notes` with something else", "notes"]);
}

#[tokio::test]
pub(super) async fn an_api_that_hangs_ends_with_the_calls_time() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, HASTY).start();
    let mut client = http(&server, &ada);
    for (begin, tool, arguments, codes) in [
        (LIST, "list_notes", json!({}), ["timed_out", "unavailable"]),
        (CREATE, "create_note", json!({"text": "x"}), ["outcome_unknown", "outcome_unknown"]),
    ] {
        api.say(begin, Says::Nothing);
        let told = client.call(tool, arguments).await;
        let code = told.text().split(':').next().unwrap_or_default();
        assert!(told.is_tool_error() && codes.contains(&code), "{}", told.text());
        if tool == "create_note" {
            assert_kept(Promise::SlowWrite, &told, tool);
        }
    }
}

/// A byte every now and then keeps no call alive.
#[tokio::test]
pub(super) async fn an_api_that_drips_ends_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // What comes before the request is no answer to it.
                let asked = stream.read(&mut [0; 1024]).await;
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
                let mut written = asked.and(stream.write_all(head).await);
                while written.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    written = stream.write_all(b" ").await;
                }
            });
        }
    });
    let server = toolwright_tests::Server::of(HASTY).env(crate::BASE_URL, address).start();
    let refused = http(&server, &key('a')).list().await;
    assert_kept(Promise::SilentApi, &refused, "a byte now and then");
    server.wait_for_line(&["did not answer within 1 seconds"]);
}

#[tokio::test]
pub(super) async fn an_api_that_is_not_there_is_no_fault_of_a_key() {
    // A port that nobody listens on.
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let server = toolwright_tests::Server::of(FORWARDER).env(crate::BASE_URL, format!("http://{gone}")).start();
    let refused = http(&server, &key('a')).list().await;
    assert_kept(Promise::SilentApi, &refused, "nobody listens");
    assert!(refused.error_message().contains("That says nothing about your Notes API Key."), "{refused:?}");
    server.wait_for_line(&["cannot be reached"]);
}

/// An API that repeats the key wherever it can does not have it repeated further.
#[tokio::test]
pub(super) async fn a_key_is_in_no_log_and_no_answer() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).env("RUST_LOG", "trace").start();
    let mut client = http(&server, &ada);
    let mut answers = Vec::new();
    let note = json!({"notes": [{"id": "n_1", "text": format!("your key is {ada}, or {}", &ada[..40])}]});
    api.say(LIST, Says::json("200 OK", &note));
    let shown = client.call("list_notes", json!({})).await;
    assert_kept(Promise::SecretInText, &shown, "the key in a text");
    assert_eq!(shown.structured()["notes"][0]["text"], json!("your key is [redacted], or [redacted]"));
    answers.push(shown.body.to_string());
    let odd = format!(
        "HTTP/1.1 302 {ada}\r\nLocation: https://example.com/?{ada}\r\n{ada}: {ada}\r\nContent-Length: 0\r\n\r\n"
    );
    for says in [
        Says::error("404 Not Found", &format!("{ada} has no notes")),
        Says::error("401 Unauthorized", &format!("who is {ada}?")),
        Says::error("500 Internal Server Error", &ada),
        Says::error("418 I'm a teapot", &ada),
        Says::Raw(raw("200 OK", "application/json", &format!("{{\"{ada}\""))),
        Says::json("200 OK", &json!({ &ada: &ada })),
        Says::Raw(odd),
        Says::Raw(format!("{ada}\r\n\r\n")),
    ] {
        api.say(LIST, says.clone());
        answers.push(client.call("list_notes", json!({})).await.body.to_string());
        // The same of a check, with another key.
        let bob = key('b');
        api.say(&format!("GET {CHECK} "), says);
        answers.push(http(&server, &bob).list().await.body.to_string());
        api.say(&format!("GET {CHECK} "), Says::json("200 OK", &whose("ada", &ALL)));
    }
    for place in ["/key/id", "/key/name", "/owner"] {
        let mut told = whose("carl", &ALL);
        let carl = key('c');
        *told.pointer_mut(place).expect("a place") = json!(format!("carl-{carl}"));
        api.say(&format!("GET {CHECK} "), Says::json("200 OK", &told));
        let refused = http(&server, &carl).list().await;
        assert_eq!(refused.status, Some(502), "{place}: {refused:?}");
        answers.push(refused.body.to_string());
    }
    server.wait_for_line(&["it has the credential itself where its id"]);
    for text in answers.iter().chain([&server.log()]) {
        for letter in ['a', 'b', 'c'] {
            assert!(!text.contains(&key(letter)[..30]), "{text}");
        }
    }
}
