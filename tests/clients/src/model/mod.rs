//! A model that does as it is told: it calls these tools, one after the other, and then says that it is done. It is asked as three vendors'
//! models are, each in its own dialect, and has no memory: how far it is it sees from the results in what it is asked.

mod anthropic;
mod gemini;
mod openai;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// What a model is asked.
#[derive(Debug, Clone, Default)]
struct Turn {
    /// The tools that it is offered.
    tools: Vec<String>,
    /// What the tools have answered so far.
    results: Vec<String>,
    /// Whether the answer is to come as a stream.
    is_streamed: bool,
}

/// What a model answers.
enum Reply<'a> {
    Call { id: String, tool: &'a str, arguments: &'a Value },
    Say(&'static str),
}

/// The model.
#[derive(Debug)]
pub(crate) struct Model {
    address: String,
    state: Arc<Script>,
}

#[derive(Debug)]
struct Script {
    /// The tools and their arguments.
    calls: Vec<(String, Value)>,
    /// The turn that it was asked last, of those with tools.
    last: Mutex<Turn>,
    /// What it was asked and does not know.
    unknown: Mutex<Vec<String>>,
}

impl Model {
    /// A model that calls these tools of one server.
    pub(crate) async fn calling(calls: &[(&str, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = calls.iter().map(|(tool, arguments)| ((*tool).to_owned(), arguments.clone())).collect();
        let state = Arc::new(Script { calls, last: Mutex::default(), unknown: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What the tools have answered.
    pub(crate) fn results(&self) -> Vec<String> {
        self.state.last.lock().expect("no panic before").results.clone()
    }

    /// The tools of a server that it was offered, by what their names begin with.
    pub(crate) fn offered(&self, prefix: &str) -> usize {
        let last = self.state.last.lock().expect("no panic before");
        last.tools.iter().filter(|name| name.starts_with(prefix)).count()
    }

    /// What is worth knowing where a test fails.
    pub(crate) fn story(&self) -> String {
        let last = self.state.last.lock().expect("no panic before");
        let unknown = self.state.unknown.lock().expect("no panic before");
        format!("tools: {:?}\nresults: {:#?}\nunknown: {unknown:?}", last.tools, last.results)
    }
}

impl Script {
    /// The next call, of the tool as the client calls it, or the last word.
    fn reply<'a>(&'a self, turn: &'a Turn) -> Reply<'a> {
        let Some((wanted, arguments)) = self.calls.get(turn.results.len()) else { return Reply::Say("Done.") };
        // Clients put the server's name before the tool's.
        let offered = turn.tools.iter().find(|name| name.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('_')));
        match offered {
            Some(tool) => Reply::Call { id: format!("call_{}", turn.results.len()), tool, arguments },
            None => Reply::Say("No such tool."),
        }
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let turn = match path.as_str() {
        "/v1/messages" => anthropic::read(&body),
        "/v1/chat/completions" => openai::read(&body),
        path if path.ends_with(":streamGenerateContent") => gemini::read(&body, true),
        path if path.ends_with(":generateContent") => gemini::read(&body, false),
        _ => {
            script.unknown.lock().expect("no panic before").push(path);
            return StatusCode::NOT_FOUND.into_response();
        }
    };
    if !turn.tools.is_empty() {
        *script.last.lock().expect("no panic before") = turn.clone();
    }
    let reply = script.reply(&turn);
    let text = match path.as_str() {
        "/v1/messages" => anthropic::write(&reply, turn.is_streamed),
        "/v1/chat/completions" => openai::write(&reply, turn.is_streamed),
        _ => gemini::write(&reply, turn.is_streamed),
    };
    let kind = if turn.is_streamed { "text/event-stream" } else { "application/json" };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A list's items; nothing where there is none.
fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A text, be it written as one or as blocks.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().map(text).collect::<Vec<_>>().join("\n"),
        Value::Object(block) if block.get("text").is_some_and(Value::is_string) => text(&block["text"]),
        other => other.to_string(),
    }
}

/// The next events of a stream.
fn events(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect::<Vec<_>>().concat()
}
