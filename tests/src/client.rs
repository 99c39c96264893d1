//! A client of one revision, over any transport.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{Events, Reply, Server, StdioPipe, Variables};

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

    /// Parameters as this revision sends them: with more in `_meta` where requests carry it.
    #[must_use]
    pub fn parameters(self, mut params: Value) -> Value {
        if self.is_stateless() {
            let meta = &mut params["_meta"];
            meta["io.modelcontextprotocol/protocolVersion"] = self.as_str().into();
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
            meta["io.modelcontextprotocol/clientInfo"] = json!({"name": "toolwright-tests", "version": "1.0.0"});
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
    Http { http: reqwest::Client, url: String, token: Option<String>, session: Option<String> },
    Stdio(Box<StdioPipe>),
}

/// What was said to one request: messages, and then the answer.
#[derive(Debug)]
pub struct Heard {
    /// The messages before the answer: notifications, and requests of the server's own.
    pub told: Vec<Value>,
    /// The answer.
    pub reply: Reply,
    /// The media type of the response; none over stdio.
    pub media_type: Option<String>,
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
        let way = Way::Http { http, url: url.to_owned(), token: token.map(str::to_owned), session: None };
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

    /// The session that the server has begun, if it has one; what is set here is sent from now on.
    ///
    /// # Panics
    /// Over stdio, where there are none.
    pub fn session(&mut self) -> &mut Option<String> {
        match &mut self.way {
            Way::Http { session, .. } => session,
            Way::Stdio(_) => panic!("no sessions over stdio"),
        }
    }

    /// Sends one request and waits for its answer. Messages before it are passed over.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn request(&mut self, method: &str, params: Value) -> Reply {
        self.converse(method, params, |_| None).await.reply
    }

    /// Sends one request and hears what is said until it is answered. What the server asks is answered as `respond` says: with an object that
    /// has a `result` or an `error`, or not at all.
    ///
    /// # Panics
    /// When there is no answer, or the server does not take one of ours.
    pub async fn converse(
        &mut self,
        method: &str,
        params: Value,
        mut respond: impl FnMut(&Value) -> Option<Value>,
    ) -> Heard {
        let message = self.message(method, params);
        let mut told = Vec::new();
        let mut response = |message: &Value| {
            let mut response = message.get("id").and_then(|_| respond(message))?;
            response["jsonrpc"] = json!("2.0");
            response["id"] = message["id"].clone();
            Some(response)
        };
        match &mut self.way {
            Way::Http { http, url, token, session } => {
                let post = async |message: &Value, session: Option<&str>| {
                    post(http, url, token.as_deref(), session, self.revision, message).await.expect("an answer")
                };
                let answered = post(&message, session.as_deref()).await;
                let mut reply = head(&answered);
                let header = |name: &str| Some(answered.headers().get(name)?.to_str().expect("text").to_owned());
                let media_type = header("content-type");
                if method == "initialize" {
                    *session = header("mcp-session-id");
                }
                let mut events = Events::of(answered);
                while let Some(message) = events.next().await {
                    if message.get("method").is_none() {
                        reply.body = message;
                        continue;
                    }
                    if let Some(response) = response(&message) {
                        let taken = post(&response, session.as_deref()).await;
                        assert_eq!(taken.status(), 202, "{}", taken.text().await.unwrap_or_default());
                    }
                    told.push(message);
                }
                Heard { told, reply, media_type }
            }
            Way::Stdio(pipe) => {
                pipe.send(&message.to_string()).await;
                loop {
                    let body = pipe.receive().await;
                    if body.get("method").is_some() {
                        if let Some(response) = response(&body) {
                            pipe.send(&response.to_string()).await;
                        }
                        told.push(body);
                    } else if body.get("id") == message.get("id") {
                        let reply = Reply { status: None, challenge: None, retry_after: None, body };
                        return Heard { told, reply, media_type: None };
                    }
                }
            }
        }
    }

    /// A request of the client's, with an id of its own.
    fn message(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let mut params = self.revision.parameters(params);
        if self.revision.is_stateless() {
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        }
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    }

    /// Sends a text as it is, be it a message or not, and waits for what is said to it.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn say(&mut self, text: &str) -> Reply {
        match &mut self.way {
            Way::Http { http, url, token, session: _ } => {
                let request = http.post(&*url).header("Content-Type", "application/json").body(text.to_owned());
                let answered = send(request, token.as_deref()).await.expect("an answer");
                let reply = head(&answered);
                Reply { body: Events::of(answered).next().await.unwrap_or_default(), ..reply }
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
            Way::Http { http, url, token, session } => {
                let sent = post(http, url, token.as_deref(), session.as_deref(), self.revision, &message).await;
                sent.expect("an answer");
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

/// Sends a message as a client of this revision does.
///
/// # Errors
/// When there is no response.
pub async fn post(
    http: &reqwest::Client,
    url: &str,
    token: Option<&str>,
    session: Option<&str>,
    revision: Revision,
    message: &Value,
) -> reqwest::Result<reqwest::Response> {
    let method = message["method"].as_str().unwrap_or_default();
    let mut request = http
        .post(url)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .body(message.to_string());
    if method != "initialize" {
        request = request.header("MCP-Protocol-Version", revision.as_str());
        if let Some(session) = session {
            request = request.header("Mcp-Session-Id", session);
        }
    }
    if revision.is_stateless() {
        request = request.header("Mcp-Method", method);
        let name = if method == "resources/read" { "uri" } else { "name" };
        if let Some(name) = message["params"][name].as_str() {
            request = request.header("Mcp-Name", header_text(name));
        }
    }
    send(request, token).await
}

/// A name as a header has it: in Base64 where it is no plain text.
fn header_text(name: &str) -> String {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { name.to_owned() } else { format!("=?base64?{}?=", BASE64_STANDARD.encode(name)) }
}

async fn send(request: reqwest::RequestBuilder, token: Option<&str>) -> reqwest::Result<reqwest::Response> {
    let request = match token {
        Some(token) => request.header("Authorization", format!("Bearer {token}")),
        None => request,
    };
    request.send().await
}

/// An answer without its body.
fn head(response: &reqwest::Response) -> Reply {
    let header =
        |name: &str| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let [challenge, retry_after] = ["www-authenticate", "retry-after"].map(header);
    Reply { status: Some(response.status().as_u16()), challenge, retry_after, body: Value::Null }
}
