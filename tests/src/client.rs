//! A client of one revision, over any transport.

use serde_json::{Value, json};

use crate::{Reply, Server, StdioPipe, Variables};

/// A revision of the protocol that servers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// Opened with `initialize`, by Codex and Gemini CLI among others.
    V2025_06_18,
    /// Opened with `initialize`, by most clients.
    V2025_11_25,
    /// Stateless: every request says what it is.
    V2026_07_28,
}

impl Revision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];

    /// The revision on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether requests carry their own `_meta` and need no `initialize`.
    pub fn is_stateless(self) -> bool {
        self == Self::V2026_07_28
    }

    /// Parameters as this revision sends them: with `_meta` where requests carry it.
    #[must_use]
    pub fn parameters(self, mut params: Value) -> Value {
        if self.is_stateless() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.as_str(),
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "toolwright-tests", "version": "1.0.0"},
            });
        }
        params
    }

    /// Parameters of `initialize`.
    #[must_use]
    pub fn initialize(self) -> Value {
        json!({
            "protocolVersion": self.as_str(),
            "capabilities": {},
            "clientInfo": {"name": "toolwright-tests", "version": "1.0.0"},
        })
    }
}

/// How a client reaches its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Streamable HTTP.
    Http,
    /// Lines over a pipe.
    Stdio,
    /// Lines over a pipe, which the process at its end forwards over HTTP.
    Gateway,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Http, Self::Stdio, Self::Gateway];
}

/// A client with one credential and one revision.
#[derive(Debug)]
pub struct Client {
    revision: Revision,
    capabilities: Value,
    way: Way,
    next_id: u64,
}

#[derive(Debug)]
enum Way {
    Http { http: reqwest::Client, url: String, token: Option<String> },
    Stdio(Box<StdioPipe>),
}

impl Client {
    /// A client of a server, over any transport; nothing is sent yet.
    pub fn of(
        server: &Server,
        variables: Variables,
        transport: Transport,
        revision: Revision,
        token: Option<&str>,
    ) -> Self {
        match transport {
            Transport::Http => Self::http(server.url(), token, revision),
            Transport::Stdio => Self::stdio(StdioPipe::beside(server, variables, token), revision),
            Transport::Gateway => Self::stdio(StdioPipe::through(server, variables, token), revision),
        }
    }

    /// A client over HTTP; nothing is sent yet.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn http(url: &str, token: Option<&str>, revision: Revision) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let way = Way::Http { http, url: url.to_owned(), token: token.map(str::to_owned) };
        Self { revision, capabilities: json!({}), way, next_id: 1 }
    }

    /// A client over a process's pipes; see [`StdioPipe::start`].
    pub fn stdio(pipe: StdioPipe, revision: Revision) -> Self {
        Self { revision, capabilities: json!({}), way: Way::Stdio(Box::new(pipe)), next_id: 1 }
    }

    /// The same client with these capabilities, where it had none.
    #[must_use]
    pub fn capable(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Opens the conversation as the revision wants it: `initialize`, or nothing.
    /// The answer is that of `initialize`, or of `server/discover`.
    pub async fn open(&mut self) -> Reply {
        if self.revision.is_stateless() {
            return self.request("server/discover", json!({})).await;
        }
        let mut params = self.revision.initialize();
        params["capabilities"] = self.capabilities.clone();
        let reply = self.request("initialize", params).await;
        if reply.error_code().is_none() {
            self.notify("notifications/initialized").await;
        }
        reply
    }

    /// Sends one request and waits for its answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Reply {
        let id = self.next_id;
        self.next_id += 1;
        let mut params = self.revision.parameters(params);
        if self.revision.is_stateless() {
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        match &mut self.way {
            Way::Http { http, url, token } => {
                post(http, url, token.as_deref(), self.revision, &message).await.expect("an answer")
            }
            Way::Stdio(pipe) => pipe.request(&message).await,
        }
    }

    /// Sends a text as it is, be it a message or not, and waits for what is said to it.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn say(&mut self, text: &str) -> Reply {
        match &mut self.way {
            Way::Http { http, url, token } => {
                let request = http.post(&*url).header("Content-Type", "application/json").body(text.to_owned());
                answer(request, token.as_deref()).await.expect("an answer")
            }
            Way::Stdio(pipe) => {
                pipe.send(text).await;
                Reply { status: None, challenge: None, retry_after: None, body: pipe.receive().await }
            }
        }
    }

    async fn notify(&mut self, method: &str) {
        let message = json!({"jsonrpc": "2.0", "method": method});
        match &mut self.way {
            Way::Http { http, url, token } => {
                post(http, url, token.as_deref(), self.revision, &message).await.expect("an answer");
            }
            Way::Stdio(pipe) => pipe.send(&message.to_string()).await,
        }
    }

    /// `tools/list`.
    pub async fn list(&mut self) -> Reply {
        self.request("tools/list", json!({})).await
    }

    /// `tools/call`.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Reply {
        self.request("tools/call", json!({"name": tool, "arguments": arguments})).await
    }
}

async fn post(
    http: &reqwest::Client,
    url: &str,
    token: Option<&str>,
    revision: Revision,
    message: &Value,
) -> reqwest::Result<Reply> {
    let method = message["method"].as_str().unwrap_or_default();
    let mut request = http
        .post(url)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .body(message.to_string());
    if method != "initialize" {
        request = request.header("MCP-Protocol-Version", revision.as_str());
    }
    if revision.is_stateless() {
        request = request.header("Mcp-Method", method);
        if let Some(name) = message["params"]["name"].as_str() {
            request = request.header("Mcp-Name", name);
        }
    }
    answer(request, token).await
}

async fn answer(request: reqwest::RequestBuilder, token: Option<&str>) -> reqwest::Result<Reply> {
    let request = match token {
        Some(token) => request.header("Authorization", format!("Bearer {token}")),
        None => request,
    };
    let response = request.send().await?;
    let header =
        |name: &str| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let [challenge, retry_after] = ["www-authenticate", "retry-after"].map(header);
    let status = Some(response.status().as_u16());
    let body = response.text().await?;
    Ok(Reply { status, challenge, retry_after, body: serde_json::from_str(&body).unwrap_or(Value::Null) })
}
