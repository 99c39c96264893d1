//! Bytes on a connection, for what no HTTP library would send.

use std::{fmt::Write as _, net::IpAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request line, headers and a body, as bytes. It gets a `Host`, a `Content-Length` and a
/// `Content-Type` unless the headers have their own; a header with the value `-` is left out.
pub fn request(authority: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let usual = [("Host", authority), ("Content-Length", &length), ("Content-Type", "application/json")];
    let has = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut head = format!("{target} HTTP/1.1\r\n");
    for (name, value) in usual.iter().filter(|(name, _)| !has(name)).chain(headers) {
        if *value != "-" {
            write!(head, "{name}: {value}\r\n").expect("a text takes everything");
        }
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// An answer as it came.
#[derive(Debug)]
pub struct RawReply {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// What followed them.
    pub body: String,
}

impl RawReply {
    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The code of a JSON-RPC error.
    pub fn error_code(&self) -> Option<i64> {
        self.json().pointer("/error/code").and_then(Value::as_i64)
    }

    /// A header's value, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.head.lines().filter_map(|line| line.split_once(':'));
        named.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Sends bytes on a new connection and reads one answer.
///
/// # Panics
/// When there is no connection, or no answer in time.
pub async fn send(authority: &str, bytes: &[u8]) -> RawReply {
    let mut stream = connect(authority).await;
    // A server that refuses a request need not read all of it.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await.expect("an answer before the end")
}

/// Opens a connection.
///
/// # Panics
/// When nobody listens.
pub async fn connect(authority: &str) -> TcpStream {
    TcpStream::connect(authority).await.expect("a listening server")
}

/// Opens a connection from an address of this machine, as from another client.
///
/// # Panics
/// When the address cannot be had, or nobody listens.
pub async fn connect_from(address: IpAddr, authority: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((address, 0).into()).expect("an address of this machine");
    socket.connect(authority.parse().expect("an address")).await.expect("a listening server")
}

/// Reads one answer; nothing when the server closes the connection without one.
///
/// # Panics
/// When neither comes in time.
pub async fn read(stream: &mut TcpStream) -> Option<RawReply> {
    let mut received = Vec::new();
    loop {
        if let Some(reply) = whole(&String::from_utf8_lossy(&received), false) {
            return Some(reply);
        }
        let mut part = [0; 4096];
        // A connection that is reset has ended, too.
        let count = timeout(PATIENCE, stream.read(&mut part)).await.expect("an answer in time").unwrap_or(0);
        if count == 0 {
            return whole(&String::from_utf8_lossy(&received), true);
        }
        received.extend_from_slice(&part[..count]);
    }
}

fn whole(text: &str, ended: bool) -> Option<RawReply> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let reply = RawReply { status, head: head.to_owned(), body: body.to_owned() };
    let length: usize = reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    (ended || body.len() >= length).then_some(reply)
}
