//! An HTTP server that answers as it is told, also as no real one does, and writes down what it is asked.

use std::{
    future::{Future, pending},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line.
    pub line: String,
    /// Names in lower case, with their values, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
}

impl Asked {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (line, headers) = head.split_once("\r\n")?;
        let header = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_lowercase(), value.to_owned()));
        let headers = headers.lines().filter_map(header).collect();
        let asked = Self { line: line.to_owned(), headers, body: body.to_owned() };
        let length: usize = asked.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        (asked.body.len() >= length).then_some(asked)
    }
}

/// In an answer, this leaves the connection open after it.
pub const OPEN: &str = "Connection: keep-alive";

/// The server: a connection has one request.
#[derive(Debug)]
pub struct Fake {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// A server that answers a request with the bytes that are made for it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn new<F, A>(answer: F) -> Self
    where
        F: Fn(Asked) -> A + Send + Sync + 'static,
        A: Future<Output = Vec<u8>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move {
                    let Some(asked) = read(&mut stream).await else { return };
                    log.lock().expect("the log").push(asked.clone());
                    let answer = answer(asked).await;
                    // Who has gone does not read it.
                    let _ = stream.write_all(&answer).await;
                    if String::from_utf8_lossy(&answer).contains(OPEN) {
                        pending::<()>().await;
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// One that answers every request in the same way.
    pub async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |_| std::future::ready(answer.clone())).await
    }

    /// Its address, as `http://127.0.0.1:1234`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The requests so far.
    ///
    /// # Panics
    /// Never: nothing panics with them in its hands.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the log").clone()
    }

    /// Waits until so many requests have come.
    ///
    /// # Panics
    /// When they do not come within 20 seconds.
    pub async fn wait_for(&self, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.asked().len() < count {
            assert!(Instant::now() < deadline, "{} of {count} requests", self.asked().len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut received = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => received.extend_from_slice(&part[..count]),
        }
        if let Some(asked) = Asked::parse(&String::from_utf8_lossy(&received)) {
            return Some(asked);
        }
    }
}

/// An answer with a status, a media type and a body.
pub fn http(status: &str, media_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The begin of a stream that does not end.
pub fn endless(events: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{OPEN}\r\n\r\n{events}")
}

/// An answer as a server gives it.
pub fn json(body: &Value) -> String {
    http("200 OK", "application/json", &body.to_string())
}
