//! A billing system that says what the test has it say.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep},
};
use url::form_urlencoded;

/// How long a test waits for a question.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said to a question.
#[derive(Clone)]
pub(crate) enum Say {
    /// A status and a body.
    At(u16, String),
    /// The same with status 200, when the gate is open.
    Held(String),
    /// Where else to ask.
    Elsewhere(String),
    /// Nothing.
    Never,
    /// The first byte, and then no more.
    Begin,
    /// Half of a body, and then the connection ends.
    BreakOff,
}

impl Say {
    pub(crate) fn balance(credits: i64) -> Self {
        Self::At(200, balance(credits))
    }
}

/// The answer of a system that works.
pub(crate) fn balance(credits: i64) -> String {
    format!(r#"{{"balance": {credits}, "unit": "credits"}}"#)
}

/// A question that came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
}

/// A billing system on a free port of the loopback address, up for as long as the test runs.
pub(crate) struct BillingSystem {
    url: String,
    state: Arc<Behaviour>,
}

struct Behaviour {
    say: Mutex<Say>,
    questions: Mutex<Vec<Question>>,
    gate: watch::Sender<bool>,
}

impl BillingSystem {
    pub(crate) async fn start(say: Say) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/balance", listener.local_addr().expect("an address"));
        let state =
            Arc::new(Behaviour { say: Mutex::new(say), questions: Mutex::default(), gate: watch::channel(false).0 });
        let router = Router::new().route("/balance", get(answer)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What is said from now on.
    pub(crate) fn say(&self, say: Say) {
        *self.state.say.lock().expect("an answer") = say;
    }

    /// Lets what is held be said.
    pub(crate) fn open_gate(&self) {
        self.state.gate.send_replace(true);
    }

    pub(crate) fn questions(&self) -> Vec<Question> {
        self.state.questions.lock().expect("questions").clone()
    }

    /// Waits until so many questions have come.
    pub(crate) async fn asked(&self, times: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.questions().len() < times {
            assert!(Instant::now() < deadline, "it was asked {} times", self.questions().len());
            sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn answer(State(system): State<Arc<Behaviour>>, uri: Uri, headers: HeaderMap) -> Response {
    let parameters = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let say = system.say.lock().expect("an answer").clone();
    system.questions.lock().expect("questions").push(Question { parameters, authorization });
    let json = [(header::CONTENT_TYPE, "application/json")];
    match say {
        Say::At(status, body) => (StatusCode::from_u16(status).expect("a status"), json, body).into_response(),
        Say::Held(body) => {
            // The sender lives as long as the system.
            let _ = system.gate.subscribe().wait_for(|open| *open).await;
            (json, body).into_response()
        }
        Say::Elsewhere(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
        Say::Never => std::future::pending().await,
        Say::Begin => (json, body([Some(Ok("{")), None])).into_response(),
        Say::BreakOff => {
            let broken = std::io::Error::other("the other side has gone");
            (json, body([Some(Ok(r#"{"balance": 1,"#)), Some(Err(broken))])).into_response()
        }
    }
}

/// A body in pieces; where there is none, the rest never comes.
fn body<const N: usize>(pieces: [Option<Result<&'static str, std::io::Error>>; N]) -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    tokio::spawn(async move {
        for piece in pieces {
            match piece {
                Some(piece) => {
                    // Whoever asked may have gone.
                    let _ = sender.send(piece.map(Bytes::from)).await;
                }
                None => sender.closed().await,
            }
        }
    });
    Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver))
}
