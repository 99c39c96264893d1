//! How many calls a key may make: in a minute, and at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, StdioPipe, Transport, promises::assert_kept};

use crate::{ACME_LIMITS, SCOPES, VARIABLES, prompts::complete};

/// By the declaration of the binary.
const A_MINUTE: u64 = 12;

/// How long one of a minute's calls takes to come back.
const BACK: Duration = Duration::from_secs(60 / A_MINUTE);

/// How long something may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who does not wait for an answer before they call again.
enum Caller<'a> {
    Http { server: &'a Server, token: String, waiting: Vec<JoinHandle<()>> },
    Pipe { pipe: Box<StdioPipe>, server: Option<&'a Server> },
}

impl<'a> Caller<'a> {
    fn of(server: &'a Server, transport: Transport, token: &str) -> Self {
        let pipe = match transport {
            Transport::Http => return Self::Http { server, token: token.to_owned(), waiting: Vec::new() },
            Transport::Stdio => StdioPipe::beside(server, VARIABLES, Some(token)),
            Transport::Gateway => StdioPipe::through(server, VARIABLES, Some(token)),
        };
        Self::Pipe { pipe: Box::new(pipe), server: (transport == Transport::Gateway).then_some(server) }
    }

    /// Has a tool that misbehaves begin.
    async fn begin(&mut self, tool: &'static str, how: &'static str) {
        match self {
            Self::Http { server, token, waiting } => {
                let mut client = Client::http(server.url(), Some(token), Revision::V2025_11_25);
                waiting.push(tokio::spawn(async move { drop(client.call(tool, json!({"how": how})).await) }));
            }
            Self::Pipe { pipe, .. } => pipe.send(&request(tool, tool, &json!({"how": how})).to_string()).await,
        }
        let began = format!("{tool} began");
        match self {
            Self::Http { server, .. } | Self::Pipe { server: Some(server), .. } => {
                drop(server.wait_for_line(&[&began]));
            }
            Self::Pipe { pipe, server: None } => pipe.wait_for_line(&[&began]).await,
        }
    }

    /// Calls, and waits for the answer.
    async fn call(&mut self, id: &str, tool: &str, arguments: Value) -> Reply {
        match self {
            Self::Http { server, token, .. } => {
                let mut client = Client::http(server.url(), Some(token), Revision::V2025_11_25);
                client.call(tool, arguments).await
            }
            Self::Pipe { pipe, .. } => pipe.request(&request(id, tool, &arguments)).await,
        }
    }

    /// Hangs up on everything that was begun.
    fn hang_up(self) {
        if let Self::Http { waiting, .. } = self {
            waiting.iter().for_each(JoinHandle::abort);
        }
    }
}

fn request(id: &str, tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

/// The code of a call that was refused because there are too many.
pub(crate) fn is_refused(reply: &Reply) -> bool {
    reply.error_code() == Some(-31429)
}

async fn until_it_passes(caller: &mut Caller<'_>) {
    let deadline = Instant::now() + PATIENCE;
    while is_refused(&caller.call("again", "whoami", json!({})).await) {
        assert!(Instant::now() < deadline, "no call passes any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn only_so_many_calls_run_at_once() {
    for transport in Transport::ALL {
        let server = Server::of(ACME_LIMITS).start();
        let other = server.token("other", &SCOPES);
        let token = server.token("busy", &["notes:write"]);
        let mut caller = Caller::of(&server, transport, &token);
        caller.begin("misbehave", "hang").await;
        caller.begin("misbehave_writing", "block").await;

        let refused = caller.call("third", "whoami", json!({})).await;
        let is_http = transport == Transport::Http;
        assert_kept(Promise::TooManyCalls, &refused, "a third at once");
        assert_eq!(refused.status.is_some(), is_http, "{transport:?}: {refused:?}");
        assert_eq!(refused.retry_after.as_deref(), is_http.then_some("1"));
        if !is_http {
            assert_eq!(refused.body["id"], "third");
        }
        assert_eq!(
            refused.body["error"],
            json!({
                "code": -31429,
                "message": "This Access Key has as many calls running as it may: 2 at once. Try again in 1 second. Wait as many \
                    seconds as `Retry-After` says, which is `retry_after` in the error's data, and call again; have fewer calls \
                    made side by side.",
                "data": {
                    "reason": "too_many_calls",
                    "operation": "whoami",
                    "limit": "calls_in_flight",
                    "allowed": 2,
                    "retry_after": 1,
                },
            })
        );
        // What is refused for another reason is refused for that.
        assert_eq!(caller.call("denied", "price_notes", json!({})).await.error_code(), Some(-31403));
        assert_eq!(caller.call("unknown", "no_such_tool", json!({})).await.error_code(), Some(-32602));
        if transport != Transport::Stdio {
            let mut another = Client::http(server.url(), Some(&other), Revision::V2026_07_28);
            assert_eq!(another.call("whoami", json!({})).await.structured()["key"], "other");
            let mut same = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
            assert!(same.list().await.tool_names().len() > 5, "a list is no call");
        }
        until_it_passes(&mut caller).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nobody_waits_for_still_runs() {
    let server = Server::of(ACME_LIMITS).start();
    let token = server.token("impatient", &["notes:write"]);
    let lines = |text: &str| server.log().lines().filter(|line| line.contains(text)).count();
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let mut caller = Caller::of(&server, Transport::Http, &token);
    caller.begin("misbehave_writing", "block").await;
    caller.begin("misbehave_writing", "block").await;
    until(|| lines("misbehave_writing began") == 2).await;
    caller.hang_up();
    until(|| lines("caller_gone") == 2).await;
    assert!(is_refused(&client.call("whoami", json!({})).await));
    until(|| lines("a call ended without its caller") == 2).await;
    client.call("whoami", json!({})).await.structured();
}

async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many calls pass one after the other until one is refused, with that refusal.
async fn passing(client: &mut Client) -> (u64, Reply) {
    for passed in 0..=4 * A_MINUTE {
        let reply = client.call("whoami", json!({})).await;
        if is_refused(&reply) {
            return (passed, reply);
        }
    }
    panic!("no call was refused");
}

/// How many calls can have come back since then.
fn come_back(since: Instant) -> u64 {
    since.elapsed().as_secs() / BACK.as_secs() + 1
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn only_so_many_calls_begin_in_a_minute() {
    let server = Server::of(ACME_LIMITS).start();
    for transport in Transport::ALL {
        for revision in Revision::ALL {
            let token = server.token(&format!("{transport:?} {revision:?}"), &["notes:read"]);
            let started = Instant::now();
            let mut client = Client::of(&server, VARIABLES, transport, revision, Some(&token));
            client.open().await;
            let (passed, refused) = passing(&mut client).await;
            let most = A_MINUTE + come_back(started);
            assert!((A_MINUTE..=most).contains(&passed), "{transport:?}, {revision:?}: {passed}");
            let data = refused.error_data();
            let seconds = data["retry_after"].as_u64().expect("a number");
            assert!((1..=BACK.as_secs()).contains(&seconds), "{refused:?}");
            assert_eq!((&data["limit"], &data["allowed"]), (&json!("calls_per_minute"), &json!(A_MINUTE)));
            let what = format!(
                "This Access Key has begun as many calls as it may: 12 calls a minute. The next one can begin in {seconds} second"
            );
            assert!(refused.error_message().starts_with(&what), "{refused:?}");
            let is_http = transport == Transport::Http;
            assert_kept(Promise::TooManyCalls, &refused, "one more in a minute");
            assert_eq!(refused.retry_after, is_http.then(|| seconds.to_string()));
            if is_http && revision == Revision::V2026_07_28 {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                client.call("whoami", json!({})).await.structured();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_is_a_call_that_was_authorized() {
    const TIMES: u64 = 4;
    let call = |tool: &'static str, arguments: Value| ("tools/call", json!({"name": tool, "arguments": arguments}));
    let reference = json!({"type": "ref/prompt", "name": "show_note"});
    let cases = [
        ("a result", call("list_notes", json!({})), true),
        ("a tool's error", call("misbehave", json!({"how": "fail"})), true),
        ("wrong arguments", call("list_notes", json!({"limit": "all"})), true),
        ("a question", call("print_note", json!({"note_id": "n1"})), true),
        (
            "what a tool lists",
            ("completion/complete", json!({"ref": reference, "argument": {"name": "note_id", "value": ""}})),
            true,
        ),
        ("a denial", call("price_notes", json!({})), false),
        ("an unknown tool", call("no_such_tool", json!({})), false),
        ("arguments that are none", ("tools/call", json!({"name": "whoami", "arguments": []})), false),
        ("a list", ("tools/list", json!({})), false),
        ("a prompt", ("prompts/get", json!({"name": "show_note", "arguments": {"note_id": "n1"}})), false),
    ];
    let server = Server::of(ACME_LIMITS).start();
    for (what, (method, params), counts) in cases {
        let token = server.token(what, &["notes:write"]);
        let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
        let started = Instant::now();
        for _ in 0..TIMES {
            let reply = client.request(method, params.clone()).await;
            assert!(!is_refused(&reply), "{what}: {reply:?}");
        }
        let (passed, _) = passing(&mut client).await;
        let left = if counts { A_MINUTE - TIMES } else { A_MINUTE };
        assert!((left..=left + come_back(started)).contains(&passed), "{what}: {passed}");
        if counts {
            let refused = client.request(method, params).await;
            assert!(is_refused(&refused), "{what}: {refused:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_keeps_a_place_that_does_not_run() {
    let server = Server::of(ACME_LIMITS).start();
    let token = server.token("careful", &["notes:write"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    for (tool, arguments) in [
        ("print_note", json!({"note_id": "n1"})),
        ("list_notes", json!({"limit": "all"})),
        ("misbehave", json!({"how": "panic"})),
        ("misbehave_writing", json!({"how": "fail"})),
    ] {
        for _ in 0..2 {
            let reply = client.call(tool, arguments.clone()).await;
            assert!(reply.is_tool_error(), "{tool}: {reply:?}");
        }
    }
    assert!(complete(&mut client, "go_wrong", "fail", "").await.error_code() == Some(-32603));
    client.call("whoami", json!({})).await.structured();
}
