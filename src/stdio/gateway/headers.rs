//! What a message says of itself in the headers of its request, by its revision of the protocol.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use crate::envelope::inline_version;

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// What a handshake has led to; without one, nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Handshake {
    /// The revision that was agreed on.
    revision: Option<HeaderValue>,
    /// The session, if the server keeps one.
    session: Option<HeaderValue>,
}

impl Handshake {
    pub(super) fn new(revision: &str, answered: &HeaderMap) -> Self {
        Self { revision: HeaderValue::from_str(revision).ok(), session: answered.get(SESSION).cloned() }
    }
}

/// The headers of a message. One that names its revision has all that 2026-07-28 asks for; any other
/// has what the handshake has led to, unless it is the handshake.
pub(super) fn of(method: &str, params: &Map<String, Value>, handshake: Handshake) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(version) = inline_version(params) else {
        if method != "initialize" {
            headers.extend(handshake.revision.map(|revision| (PROTOCOL_VERSION, revision)));
            headers.extend(handshake.session.map(|session| (SESSION, session)));
        }
        return headers;
    };
    let name = match method {
        "tools/call" | "prompts/get" => params.get("name"),
        "resources/read" => params.get("uri"),
        _ => None,
    };
    let name = name.and_then(Value::as_str).map(encoded);
    // What is no header's text is none that the server knows, and it says so by the body.
    let values = [(PROTOCOL_VERSION, version), (METHOD, method)];
    headers.extend(values.into_iter().filter_map(|(header, text)| Some((header, HeaderValue::from_str(text).ok()?))));
    headers.extend(name.and_then(|name| Some((NAME, HeaderValue::from_str(&name).ok()?))));
    headers
}

/// A name as a header has it: in Base64 where plain text would be cut, changed or misread.
fn encoded(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && name.trim_ascii() == name
        && !(name.starts_with("=?base64?") && name.ends_with("?="));
    if is_plain { name.to_owned() } else { format!("=?base64?{}?=", BASE64_STANDARD.encode(name)) }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::{Handshake, of};

    #[test]
    fn each_revision_has_its_headers() {
        let meta = |params: Value, version: &str| {
            let mut params = params;
            params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": version});
            params
        };
        let new = |params: Value| meta(params, "2026-07-28");
        let encoded = |name: &str| ("mcp-name", name.to_owned());
        let cases = [
            ("initialize", json!({}), vec![]),
            ("tools/call", json!({"name": "echo"}), vec![("mcp-protocol-version", "2025-11-25".to_owned())]),
            ("tools/list", json!({"_meta": {}}), vec![("mcp-protocol-version", "2025-11-25".to_owned())]),
            ("tools/list", new(json!({"name": "echo"})), vec![]),
            ("tools/call", new(json!({"name": "echo"})), vec![encoded("echo")]),
            ("prompts/get", new(json!({"name": "tidy up"})), vec![encoded("tidy up")]),
            ("resources/read", new(json!({"uri": "note:1", "name": "x"})), vec![encoded("note:1")]),
            ("tools/call", new(json!({"name": 1})), vec![]),
            ("tools/call", new(json!({"name": ""})), vec![encoded("")]),
            ("tools/call", new(json!({"name": "é"})), vec![encoded("=?base64?w6k=?=")]),
            ("tools/call", new(json!({"name": " a"})), vec![encoded("=?base64?IGE=?=")]),
            ("tools/call", new(json!({"name": "a\r\nb: c"})), vec![encoded("=?base64?YQ0KYjogYw==?=")]),
            ("tools/call", new(json!({"name": "=?base64?eA==?="})), vec![encoded("=?base64?PT9iYXNlNjQ/ZUE9PT89?=")]),
        ];
        for (method, params, mut expected) in cases {
            if params.pointer("/_meta/io.modelcontextprotocol~1protocolVersion").is_some() {
                expected.insert(0, ("mcp-protocol-version", "2026-07-28".to_owned()));
                expected.insert(1, ("mcp-method", method.to_owned()));
            }
            let Value::Object(params) = params else { unreachable!("an object") };
            let found = of(method, &params, Handshake::new("2025-11-25", &HeaderMap::new()));
            let found: Vec<_> =
                found.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text").to_owned())).collect();
            assert_eq!(found, expected, "{method} {params:?}");
        }
        let Value::Object(unsafe_version) = meta(json!({}), "2026\r\nx: y") else { unreachable!("an object") };
        assert_eq!(of("ping\n", &unsafe_version, Handshake::default()).len(), 0);
    }
}
