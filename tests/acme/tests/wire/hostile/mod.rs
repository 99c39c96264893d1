//! Requests that no good client sends, and what each must come to.

mod http;
mod messages;
mod promises;

use serde_json::{Value, json};
use toolwright_tests::{
    Revision, Server,
    raw::{self, RawReply},
};

use crate::{ACME, PREFIX};

const INVALID_PARAMS: i64 = -32602;

/// A request that is good but for what a case changes.
struct Asked {
    target: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn legacy(method: &str, params: &Value) -> Self {
        Self::body(json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string())
    }

    fn body(body: impl Into<Vec<u8>>) -> Self {
        Self { target: "POST /mcp", headers: Vec::new(), body: body.into() }
    }

    fn modern(method: &'static str, params: Value) -> Self {
        let name = params["name"].as_str().map(str::to_owned);
        let params = Revision::V2026_07_28.parameters(params);
        let asked =
            Self::legacy(method, &params).header("MCP-Protocol-Version", "2026-07-28").header("Mcp-Method", method);
        match name {
            Some(name) => asked.header("Mcp-Name", &name),
            None => asked,
        }
    }

    fn list() -> Self {
        Self::legacy("tools/list", &json!({}))
    }

    fn whoami() -> Self {
        Self::legacy("tools/call", &json!({"name": "whoami"}))
    }

    /// Sets a header; `-` leaves it out.
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(given, _)| *given != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn more(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    async fn of(self, server: &Server, token: &str) -> RawReply {
        let bearer = format!("Bearer {token}");
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if !self.headers.iter().any(|(name, _)| *name == "Authorization") {
            headers.push(("Authorization", &bearer));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        raw::send(server.authority(), &raw::request(server.authority(), self.target, &headers, &self.body)).await
    }
}

/// A name, a request, the status that it must get, and the JSON-RPC error's code.
type Case = (&'static str, Asked, u16, Option<i64>);

/// What is promised stands in `promises`; this is for what stands beside it, most of which is served.
async fn check(cases: Vec<Case>) {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for (name, asked, status, code) in cases {
        let reply = asked.of(&server, &token).await;
        assert_eq!((reply.status, reply.error_code()), (status, code), "{name}: {reply:?}");
        assert_well_formed(&reply, name);
    }
}

/// What every answer is, whatever was sent.
fn assert_well_formed(reply: &RawReply, name: &str) {
    let json = reply.json();
    // Where no MCP is, and where no request was read, an error is none of JSON-RPC's.
    let is_ours = reply.status >= 400 && !matches!(reply.status, 404 | 431) && !reply.body.is_empty();
    assert!(!is_ours || json.get("error").is_some(), "{name}: every refusal is JSON: {reply:?}");
    if let Some(error) = json.get("error").filter(|_| json.get("jsonrpc").is_some()) {
        assert_eq!(reply.header("content-type"), Some("application/json"), "{name}");
        assert_eq!(json["jsonrpc"], "2.0", "{name}: {reply:?}");
        assert_ne!(json.get("id"), Some(&Value::Null), "{name}: an unknown id is left out");
        assert!(error["message"].as_str().is_some_and(|text| text.len() < 600), "{name}: {reply:?}");
    }
}
