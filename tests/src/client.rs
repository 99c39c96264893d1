//! One caller over HTTP.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, ensure};
use reqwest::{
    StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

/// A revision of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// 2025-06-18, which opens with `initialize`.
    V2025_06_18,
    /// 2025-11-25, which opens with `initialize`.
    V2025_11_25,
    /// 2026-07-28, in which every request stands for itself.
    V2026_07_28,
}

impl Revision {
    /// Every revision that servers speak.
    pub const ALL: [Self; 3] = [Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];

    /// The revision on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether a client opens with `initialize`.
    pub const fn has_handshake(self) -> bool {
        !matches!(self, Self::V2026_07_28)
    }

    /// The parameters of `initialize`.
    pub fn handshake(self) -> Value {
        json!({
            "protocolVersion": self.as_str(),
            "capabilities": {},
            "clientInfo": { "name": "toolwright-tests", "version": "1" },
        })
    }

    /// The parameters with what every request of the revision carries.
    #[must_use]
    pub fn complete(self, mut params: Value) -> Value {
        if !self.has_handshake() {
            if params.is_null() {
                params = json!({});
            }
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.as_str(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": { "name": "toolwright-tests", "version": "1" },
            });
        }
        params
    }

    /// A whole request.
    pub fn request(self, id: i64, method: &str, params: Value) -> Value {
        let params = self.complete(params);
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            request["params"] = params;
        }
        request
    }
}

/// One caller of a server: a token and a revision.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    headers: HeaderMap,
    revision: Revision,
    next_id: AtomicI64,
}

impl Client {
    /// A caller that has sent nothing yet.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn new(url: String, token: Option<&str>, revision: Revision) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("accept", HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert("mcp-protocol-version", HeaderValue::from_static(revision.as_str()));
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
        }
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, url, headers, revision, next_id: AtomicI64::new(1) })
    }

    /// A caller after the handshake, if the revision has one.
    ///
    /// # Errors
    /// When the server refuses the handshake, or agrees to another revision.
    pub async fn connect(url: String, token: Option<&str>, revision: Revision) -> anyhow::Result<Self> {
        let client = Self::new(url, token, revision)?;
        if revision.has_handshake() {
            let answer = client.request("initialize", revision.handshake()).await?;
            let agreed = &answer.body["result"]["protocolVersion"];
            ensure!(agreed == revision.as_str(), "the handshake failed: {answer:?}");
            client.post(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        }
        Ok(client)
    }

    /// Sends a request with a new id.
    ///
    /// # Errors
    /// When there is no answer, or none that is JSON.
    pub async fn request(&self, method: &str, params: Value) -> anyhow::Result<Answer> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let answer = self.post(self.revision.request(id, method, params)).await?;
        if let Some(came) = answer.body.get("id") {
            ensure!(came == id, "the answer to request {id} has the id {came}");
        }
        Ok(answer)
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// When there is no answer, or none that is JSON. A tool's error is an answer.
    pub async fn call(&self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// The names of the tools that the caller is shown.
    ///
    /// # Errors
    /// When there is no list.
    pub async fn tools(&self) -> anyhow::Result<Vec<String>> {
        let answer = self.request("tools/list", Value::Null).await?;
        let tools = answer.body["result"]["tools"].as_array().with_context(|| format!("no list: {answer:?}"))?;
        Ok(tools.iter().filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect())
    }

    /// Sends a message as it is, with the headers of the revision.
    ///
    /// # Errors
    /// When there is no answer, or none that is JSON.
    pub async fn post(&self, message: Value) -> anyhow::Result<Answer> {
        let mut headers = self.headers.clone();
        if !self.revision.has_handshake() {
            let text = |value: &Value| value.as_str().map(HeaderValue::from_str).transpose();
            if let Some(method) = text(&message["method"])? {
                headers.insert("mcp-method", method);
            }
            if let Some(name) = text(&message["params"]["name"])? {
                headers.insert("mcp-name", name);
            }
        }
        let sent = self.http.post(&self.url).headers(headers).body(message.to_string()).send().await?;
        Answer::of(sent).await
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is empty.
    pub body: Value,
}

impl Answer {
    async fn of(response: reqwest::Response) -> anyhow::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).with_context(|| format!("{status} is not JSON: {text}"))?
        };
        Ok(Self { status, headers, body })
    }

    /// A header's value, empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The code of a JSON-RPC error.
    pub fn error_code(&self) -> Option<i64> {
        self.body["error"]["code"].as_i64()
    }

    /// The result of a tool that succeeded.
    ///
    /// # Panics
    /// When it did not, or when text and structured content differ.
    pub fn structured(&self) -> &Value {
        let result = &self.body["result"];
        assert_eq!(result["isError"], false, "not a success: {self:?}");
        let text = result["content"][0]["text"].as_str().expect("a text");
        let same: Value = serde_json::from_str(text).expect("JSON as text");
        assert_eq!(same, result["structuredContent"], "text and structured content differ");
        &result["structuredContent"]
    }

    /// The text of a tool that answered with an error.
    ///
    /// # Panics
    /// When it did not.
    pub fn tool_error(&self) -> &str {
        let result = &self.body["result"];
        assert_eq!(result["isError"], true, "not a tool's error: {self:?}");
        result["content"][0]["text"].as_str().expect("a text")
    }
}
