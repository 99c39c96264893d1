//! Bytes on a connection, for what no HTTP library would send.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context as _;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as it came.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// What followed them.
    pub body: String,
}

impl RawAnswer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header's value, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let named = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = named.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// Sends bytes and reads until the server closes the connection or has sent a whole answer.
///
/// # Errors
/// When the connection fails, or no answer comes in time.
pub async fn send(address: SocketAddr, bytes: &[u8]) -> anyhow::Result<RawAnswer> {
    let mut stream = TcpStream::connect(address).await?;
    // A server that has refused a request need not read the rest of it.
    let _ = stream.write_all(bytes).await;
    read(&mut stream).await
}

/// Reads one answer from a connection.
///
/// # Errors
/// When the connection ends without one, or none comes in time.
pub async fn read(stream: &mut TcpStream) -> anyhow::Result<RawAnswer> {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received);
        if let Some(answer) = whole(&text, false) {
            return Ok(answer);
        }
        let mut part = [0; 4096];
        let count = timeout(PATIENCE, stream.read(&mut part)).await.context("no answer in time")?.unwrap_or(0);
        if count == 0 {
            let text = String::from_utf8_lossy(&received);
            return whole(&text, true).with_context(|| format!("the connection ended after {text:?}"));
        }
        received.extend_from_slice(&part[..count]);
    }
}

fn whole(text: &str, ended: bool) -> Option<RawAnswer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let answer = RawAnswer { status, head: head.to_owned(), body: body.to_owned() };
    let length: usize = answer.header("content-length").parse().unwrap_or(0);
    (ended || body.len() >= length).then_some(answer)
}
