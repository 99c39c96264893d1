//! A key goes to one origin, whatever that origin or a caller says.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use toolwright_core::Promise;
use toolwright_tests::promises::assert_kept;

use crate::{
    ALL, FORWARDER, HASTY,
    api::{Api, CHECK, Says, whose},
    before, http, key,
};

/// Somewhere else, where nobody may connect to.
struct Elsewhere(TcpListener);

impl Elsewhere {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    fn authority(&self) -> String {
        self.0.local_addr().expect("an address").to_string()
    }

    /// A connection is made before anything is answered, so that one that was tried is there to be accepted.
    fn assert_untouched(self) {
        let listener = self.0.into_std().expect("a listener");
        let tried = listener.accept().map(|(_, from)| from);
        assert_eq!(tried.expect_err("nobody").kind(), std::io::ErrorKind::WouldBlock);
    }
}

/// Every redirect, and what is told of it.
fn redirects(authority: &str) -> impl Iterator<Item = (u16, Says)> {
    let statuses = [
        (300, "300 Multiple Choices"),
        (301, "301 Moved Permanently"),
        (302, "302 Found"),
        (303, "303 See Other"),
        (307, "307 Temporary Redirect"),
        (308, "308 Permanent Redirect"),
    ];
    let locations =
        [format!("http://{authority}/v1/notes"), format!("//{authority}/v1/notes"), "/v1/whoami".to_owned()];
    statuses.into_iter().flat_map(move |(number, status)| {
        let says = |location: &String| {
            // The body would do as an answer.
            let body = whose("mallory", &ALL).to_string();
            let head = format!("Location: {location}\r\nRefresh: 0; url={location}\r\nContent-Type: application/json");
            Says::Raw(format!(
                "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            ))
        };
        locations.iter().map(says).map(|says| (number, says)).collect::<Vec<_>>()
    })
}

#[tokio::test]
async fn no_redirect_of_the_check_is_followed() {
    let (api, elsewhere) = (Api::start().await, Elsewhere::new().await);
    let server = before(&api, FORWARDER).start();
    let ada = key('a');
    let mut client = http(&server, &ada);
    for (count, (status, says)) in (1..).zip(redirects(&elsewhere.authority())) {
        api.say(&format!("GET {CHECK} "), says);
        let refused = client.list().await;
        assert_eq!((refused.status, refused.error_code()), (Some(502), Some(-31502)), "{refused:?}");
        server.wait_for_line(&[&format!("redirects elsewhere ({status}"), "where no credential is sent"]);
        assert_eq!(api.asked().len(), count);
    }
    elsewhere.assert_untouched();
}

#[tokio::test]
pub(super) async fn no_redirect_of_a_call_is_followed() {
    let (api, elsewhere) = (Api::start().await, Elsewhere::new().await);
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    let calls = [
        ("GET /v1/notes", "list_notes", json!({})),
        ("POST /v1/notes", "create_note", json!({"text": "x"})),
        ("DELETE /v1/notes/n_1", "delete_note", json!({"note_id": "n_1"})),
    ];
    let mut count = 1;
    for (status, says) in redirects(&elsewhere.authority()) {
        for (begin, tool, arguments) in &calls {
            api.say(begin, says.clone());
            let told = client.call(tool, arguments.clone()).await;
            count += 1;
            let expected = format!("unavailable: the API redirects elsewhere ({status}");
            assert_kept(Promise::RedirectOfApi, &told, tool);
            assert!(told.text().starts_with(&expected), "{}", told.text());
            assert!(!told.text().contains(&elsewhere.authority()), "{}", told.text());
            assert_eq!(api.asked().len(), count);
        }
    }
    elsewhere.assert_untouched();
}

#[tokio::test]
pub(super) async fn what_a_caller_names_stays_below_the_path() {
    let (api, elsewhere) = (Api::start().await, Elsewhere::new().await);
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    let host = elsewhere.authority();
    let port = host.replace(':', "%3A");
    let sent = |text: &str| Some(format!("/v1/notes/{text}"));
    let cases = [
        (format!("http://{host}/"), sent(&format!("http%3A%2F%2F{port}%2F"))),
        (format!("//{host}/x"), sent(&format!("%2F%2F{port}%2Fx"))),
        (format!("\\\\{host}\\x"), sent(&format!("%5C%5C{port}%5Cx"))),
        (format!("@{host}"), sent(&format!("%40{port}"))),
        ("../whoami".to_owned(), sent("..%2Fwhoami")),
        ("%2e%2e/whoami".to_owned(), sent("%252e%252e%2Fwhoami")),
        ("%2E%2E".to_owned(), sent("%252E%252E")),
        (".\t.".to_owned(), sent(".%09.")),
        ("..;/whoami".to_owned(), sent("..%3B%2Fwhoami")),
        ("n_1?admin=1".to_owned(), sent("n_1%3Fadmin%3D1")),
        ("n_1#x".to_owned(), sent("n_1%23x")),
        (
            format!("n_1 HTTP/1.1\r\nHost: {host}\r\nX: "),
            sent(&format!("n_1%20HTTP%2F1.1%0D%0AHost%3A%20{port}%0D%0AX%3A%20")),
        ),
        ("n\0".to_owned(), sent("n%00")),
        ("é/…".to_owned(), sent("%C3%A9%2F%E2%80%A6")),
        ("..".to_owned(), None),
        (".".to_owned(), None),
        (String::new(), None),
    ];
    // The check.
    assert!(client.list().await.error_code().is_none());
    for (id, path) in cases {
        for (tool, method) in [("get_note", "GET"), ("delete_note", "DELETE")] {
            let before = api.asked().len();
            let told = client.call(tool, json!({"note_id": id})).await;
            assert!(told.is_tool_error(), "{id:?}: {told:?}");
            let asked: Vec<_> = api.asked().into_iter().skip(before).map(|asked| asked.line).collect();
            let expected = path.iter().map(|path| format!("{method} {path} HTTP/1.1"));
            assert_eq!(asked, expected.collect::<Vec<_>>(), "{id:?}");
            if path.is_some() {
                assert_kept(Promise::PathInArgument, &told, &id);
            } else {
                assert!(told.text().starts_with("invalid_arguments: "), "{}", told.text());
            }
        }
    }
    elsewhere.assert_untouched();
}

#[tokio::test]
async fn a_query_is_one_value() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, HASTY).start();
    let mut client = http(&server, &ada);
    let asked_with = async |client: &mut toolwright_tests::Client, query: &str| -> String {
        let reply: Value = client.call("list_notes", json!({"query": query})).await.structured().clone();
        assert!(reply["notes"].is_array());
        api.asked().pop().expect("a request").line
    };
    assert_eq!(asked_with(&mut client, "a&limit=1#x").await, "GET /v1/notes?query=a%26limit%3D1%23x HTTP/1.1");
    assert_eq!(asked_with(&mut client, "a b\r\nX: y").await, "GET /v1/notes?query=a+b%0D%0AX%3A+y HTTP/1.1");
    assert_eq!(asked_with(&mut client, "").await, "GET /v1/notes?query= HTTP/1.1");
}
