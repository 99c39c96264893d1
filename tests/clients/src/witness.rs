//! What a server is sent: it stands between a client and its server, writes everything down and changes nothing, unless it is told to.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// A request as it came, and the status of its answer.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `POST /mcp`.
    pub(crate) asked: String,
    /// The header `MCP-Protocol-Version`.
    pub(crate) header: Option<String>,
    /// The message; `null` where there was none.
    pub(crate) message: Value,
    /// The answer's status.
    pub(crate) status: u16,
}

/// The way from a client to a server.
#[derive(Debug)]
pub(crate) struct Witness {
    address: String,
    state: Arc<Between>,
}

#[derive(Debug)]
struct Between {
    http: reqwest::Client,
    server: String,
    seen: Mutex<Vec<Seen>>,
    /// A tool, and the credential with which calls of it arrive, whatever they came with.
    lessened: Mutex<Option<(String, String)>>,
}

impl Witness {
    /// The way to a server at this address.
    pub(crate) async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let http = reqwest::Client::builder().no_proxy().no_gzip().redirect(reqwest::redirect::Policy::none()).build();
        let state = Arc::new(Between {
            http: http.expect("an HTTP client"),
            server: server.to_owned(),
            seen: Mutex::default(),
            lessened: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// Its address, which has no path.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Has calls of a tool arrive with another credential, as if scopes had been taken away since the client has listed it: most
    /// clients call nothing that they were not shown.
    pub(crate) fn lessen(&self, tool: &str, credential: &str) {
        *self.state.lessened.lock().expect("no panic before") = Some((tool.to_owned(), credential.to_owned()));
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().expect("no panic before").clone()
    }

    /// The revision in which the last call of this tool spoke: that of its header, or, where it has none, what was asked for at the
    /// start.
    pub(crate) fn revision_of(&self, tool: &str) -> Option<String> {
        let seen = self.seen();
        let call = seen.iter().rev().find(|one| is_call(&one.message, tool))?;
        let messages: Vec<_> = seen.iter().map(|one| one.message.clone()).collect();
        call.header.clone().or_else(|| revision_of(&messages, tool))
    }

    /// The status of the answer to the last call of this tool.
    pub(crate) fn status_of(&self, tool: &str) -> Option<u16> {
        self.seen().iter().rev().find(|one| is_call(&one.message, tool)).map(|one| one.status)
    }

    /// What came, a line each.
    pub(crate) fn story(&self) -> String {
        let line = |one: &Seen| format!("{} {} {}\n", one.status, one.asked, one.message["method"]);
        self.seen().iter().map(line).collect()
    }
}

fn is_call(message: &Value, tool: &str) -> bool {
    message["method"] == "tools/call" && message["params"]["name"] == tool
}

/// The revision that a message itself says.
fn said(message: &Value) -> Option<&str> {
    let of_request = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    of_request.as_str().or(message["params"]["protocolVersion"].as_str())
}

/// The revision in which the last call of a tool among these messages spoke: what it says itself, or what was asked for at the
/// start.
pub(crate) fn revision_of(messages: &[Value], tool: &str) -> Option<String> {
    let at = messages.iter().rposition(|message| is_call(message, tool))?;
    let opened = messages[..at].iter().rev().find(|message| message["method"] == "initialize");
    said(&messages[at]).or(opened.and_then(said)).map(str::to_owned)
}

async fn pass(State(between): State<Arc<Between>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut headers = parts.headers.clone();
    headers.remove(header::HOST);
    headers.remove(header::CONNECTION);
    if let Some((tool, credential)) = &*between.lessened.lock().expect("no panic before")
        && message["params"]["name"] == *tool
    {
        let value = format!("Bearer {credential}").parse().expect("a credential");
        headers.insert(header::AUTHORIZATION, value);
    }
    let answer = forward(&between, parts.method.clone(), path, headers, body).await;
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    between.seen.lock().expect("no panic before").push(Seen {
        asked: format!("{} {path}", parts.method),
        header: header("mcp-protocol-version"),
        message,
        status: answer.status().as_u16(),
    });
    answer
}

async fn forward(between: &Between, method: reqwest::Method, path: &str, headers: HeaderMap, body: Bytes) -> Response {
    let request = between.http.request(method, format!("{}{path}", between.server)).headers(headers).body(body);
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != header::TRANSFER_ENCODING && name != header::CONNECTION {
            response = response.header(name, value);
        }
    }
    response.body(Body::from_stream(answer.bytes_stream())).expect("an answer as it came")
}
