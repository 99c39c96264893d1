//! A language model to ask, which speaks OpenAI's chat completions: well, or in one of the ways in
//! which one goes wrong. What it was sent is kept.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};
use tokio_stream::wrappers::ReceiverStream;

/// The name that the model gives itself, whatever it is asked for.
pub(crate) const NAME: &str = "stub-model-7b";

/// The tokens that it counts, of what it was sent and of what it wrote.
pub(crate) const TOKENS: [u32; 2] = [11, 7];

/// How it answers a request.
#[derive(Debug, Clone)]
pub(crate) enum Manner {
    /// With this text.
    Writes(&'static str),
    /// With what it was sent: the key and the messages.
    Repeats,
    /// With this text as soon as [`Model::open_gate`] is called.
    Waits(&'static str),
    /// With this body, whatever it is, as a success.
    Says(&'static str),
    /// With a choice that ended for this reason.
    Ends(&'static str),
    /// With this status, and an error that repeats the key.
    Fails(u16),
    /// With the status 429, and when to come again.
    IsBusy { retry_after: &'static str },
    /// With a redirect.
    SendsTo(String),
    /// With a body of this many bytes.
    Floods(usize),
    /// With the beginning of a body.
    BreaksOff,
    /// With the beginning of a body, and the connection stays open.
    Stalls,
}

impl Manner {
    /// Whether there is no answer, however long one waits.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::Waits(_) | Self::Stalls)
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Asked {
    /// The key that was presented.
    pub(crate) fn key(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }
}

/// A model on a free port of the loopback address, up for as long as the test runs.
pub(crate) struct Model {
    address: SocketAddr,
    state: Arc<Behaviour>,
}

struct Behaviour {
    /// One a request; the last one stays.
    manners: Mutex<VecDeque<Manner>>,
    asked: watch::Sender<Vec<Asked>>,
    gate: watch::Sender<bool>,
}

impl Model {
    /// A model that answers well.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Behaviour {
            manners: Mutex::new([Manner::Writes("All is well.")].into()),
            asked: watch::Sender::default(),
            gate: watch::channel(false).0,
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// A base URL where nothing listens.
    pub(crate) async fn nowhere() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/v1", listener.local_addr().expect("an address"))
    }

    /// What comes before `/chat/completions`.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How it answers from now on: one manner a request, and the last one all that follow.
    pub(crate) fn behave(&self, manners: impl IntoIterator<Item = Manner>) {
        *self.state.manners.lock().expect("manners") = manners.into_iter().collect();
    }

    /// What it was sent so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.borrow().clone()
    }

    /// Waits until it was sent so many requests.
    pub(crate) async fn when_asked(&self, times: usize) {
        // The sender lives as long as the model.
        let _ = self.state.asked.subscribe().wait_for(|asked| asked.len() >= times).await;
    }

    /// Lets [`Manner::Waits`] be answered.
    pub(crate) fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }
}

async fn answer(State(model): State<Arc<Behaviour>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let asked =
        Asked { path: uri.path().to_owned(), headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) };
    model.asked.send_modify(|all| all.push(asked.clone()));
    let manner = {
        let mut manners = model.manners.lock().expect("manners");
        if manners.len() > 1 { manners.pop_front() } else { manners.front().cloned() }
    };
    let key = asked.key().unwrap_or_default();
    match manner.expect("a manner") {
        Manner::Writes(text) => completion(text, NAME),
        Manner::Repeats => completion(&format!("You sent {key} and {}.", asked.body["messages"]), key),
        Manner::Waits(text) => {
            // The sender lives as long as the model.
            let _ = model.gate.subscribe().wait_for(|open| *open).await;
            completion(text, NAME)
        }
        Manner::Says(body) => json_body(body.to_owned()),
        Manner::Ends(reason) => json_body(choice("It could not", NAME, reason).to_string()),
        Manner::Fails(status) => {
            let body = json!({"error": {"message": format!("This went wrong with {key}."), "type": "stub"}});
            (StatusCode::from_u16(status).expect("a status"), json_body(body.to_string())).into_response()
        }
        Manner::IsBusy { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, retry_after)]).into_response()
        }
        Manner::SendsTo(url) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response(),
        Manner::Floods(bytes) => completion(&"x".repeat(bytes), NAME),
        Manner::BreaksOff => beginning(Some(std::io::Error::other("the model has gone"))).await,
        Manner::Stalls => beginning(None).await,
    }
}

/// Size of an answer with a text.
pub(crate) fn bytes_of(text: &str) -> usize {
    choice(text, NAME, "stop").to_string().len()
}

fn completion(text: &str, model: &str) -> Response {
    json_body(choice(text, model, "stop").to_string())
}

fn choice(text: &str, model: &str, finish_reason: &str) -> Value {
    let [prompt, completion] = TOKENS;
    json!({
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": finish_reason,
        }],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    })
}

fn json_body(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The first bytes of an answer, and then an end of the connection, or nothing.
async fn beginning(end: Option<std::io::Error>) -> Response {
    let (sender, receiver) = mpsc::channel(2);
    sender.send(Ok(Bytes::from_static(b"{\"choices\": ["))).await.expect("room");
    if let Some(end) = end {
        sender.send(Err(end)).await.expect("room");
    } else {
        tokio::spawn(async move { sender.closed().await });
    }
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(ReceiverStream::new(receiver))).into_response()
}
