//! The messages in an HTTP response.

use serde_json::Value;

use crate::{Reply, Revision};

/// The messages of a response, one by one: those of a stream (`text/event-stream`), or the only one of any other.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    is_stream: bool,
    /// What has arrived and was not read yet.
    arrived: Vec<u8>,
    has_ended: bool,
}

impl Events {
    /// The messages of this response.
    pub fn of(response: reqwest::Response) -> Self {
        let media_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let is_stream = media_type.is_some_and(|value| value.starts_with("text/event-stream"));
        Self { response, is_stream, arrived: Vec::new(), has_ended: false }
    }

    /// Posts a request that is answered with a stream.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post(url: &str, token: &str, revision: Revision, message: &Value) -> Self {
        let request = http().post(url).header("Content-Type", "application/json").body(message.to_string());
        let method = message["method"].as_str().unwrap_or_default();
        Self::open(request.header("Mcp-Method", method), token, revision).await
    }

    /// Asks for the stream of a revision that has one without a request.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get(url: &str, token: &str, revision: Revision) -> Self {
        Self::open(http().get(url), token, revision).await
    }

    async fn open(request: reqwest::RequestBuilder, token: &str, revision: Revision) -> Self {
        let request = request
            .header("Accept", "application/json, text/event-stream")
            .header("MCP-Protocol-Version", revision.as_str())
            .header("Authorization", format!("Bearer {token}"));
        Self::of(request.send().await.expect("an answer"))
    }

    /// The status of the response.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header of the response.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The answer of a response that is no stream.
    pub async fn reply(mut self) -> Reply {
        let header = |name: &str| self.header(name).map(str::to_owned);
        let (challenge, retry_after) = (header("www-authenticate"), header("retry-after"));
        let status = Some(self.status());
        Reply { status, challenge, retry_after, body: self.next().await.unwrap_or_default() }
    }

    /// The next message; none at the end, and none for a body that is no JSON.
    ///
    /// # Panics
    /// When the response breaks off, or an event is no JSON.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if self.is_stream {
                while let Some(end) = self.arrived.windows(2).position(|pair| pair == b"\n\n") {
                    let event: Vec<u8> = self.arrived.drain(..end + 2).collect();
                    if let Some(data) = data(&String::from_utf8(event).expect("text")) {
                        return Some(serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error} in {data}")));
                    }
                }
            }
            if self.has_ended {
                let rest = std::mem::take(&mut self.arrived);
                return serde_json::from_slice(&rest).ok();
            }
            match self.response.chunk().await.expect("the rest of the response") {
                Some(chunk) => self.arrived.extend_from_slice(&chunk),
                None => self.has_ended = true,
            }
        }
    }
}

/// What an event says; a comment, which keeps a connection alive, says nothing.
fn data(event: &str) -> Option<String> {
    let lines: Vec<&str> = event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("an HTTP client")
}
