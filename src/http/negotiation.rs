//! What client and server must agree on before a message means anything.

use http::{HeaderMap, header};
use serde_json::json;
use toolwright_core::ErrorCode;

use crate::{ServerSpec, envelope::Message, protocol::REVISIONS, refusal::Refusal};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

/// Checks what the body is, and what the client takes for an answer.
pub(super) fn check_media_types(headers: &HeaderMap) -> Result<(), ErrorCode> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ErrorCode::UnsupportedEncoding);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !essence(content_type).eq_ignore_ascii_case(JSON) {
        return Err(ErrorCode::UnsupportedEncoding);
    }
    if accepts(headers, JSON) && accepts(headers, EVENT_STREAM) { Ok(()) } else { Err(ErrorCode::NotAcceptable) }
}

/// Whether the client takes a media type; one that says nothing takes all (RFC 9110, section 12.5.1).
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    ranges.peek().is_none() || ranges.any(|range| !is_refused(range) && covers(essence(range), wanted))
}

fn covers(range: &str, wanted: &str) -> bool {
    range == "*/*"
        || range.eq_ignore_ascii_case(wanted)
        || range.strip_suffix("/*").is_some_and(|kind| {
            wanted.split_once('/').is_some_and(|(wanted_kind, _)| kind.eq_ignore_ascii_case(wanted_kind))
        })
}

/// Whether a range has the weight 0, which excludes it.
fn is_refused(range: &str) -> bool {
    range.split(';').skip(1).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
    })
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Checks the revision in the header of clients that negotiated one before. Clients that send
/// none are served; a request that names its revision itself is checked by the protocol.
pub(super) fn check_revision(headers: &HeaderMap, message: &Message<'_>, spec: &ServerSpec) -> Result<(), Refusal> {
    let Some(header) = headers.get("mcp-protocol-version") else { return Ok(()) };
    let id = match message {
        Message::Request(request) if request.inline_version().is_some() || request.method == "initialize" => {
            return Ok(());
        }
        Message::Request(request) => Some(&request.id),
        Message::Notification { .. } => None,
    };
    if REVISIONS.iter().any(|revision| header.as_bytes() == revision.as_str().as_bytes()) {
        return Ok(());
    }
    let supported: Vec<_> = REVISIONS.iter().map(rmcp::model::ProtocolVersion::as_str).collect();
    let requested: String = String::from_utf8_lossy(header.as_bytes()).chars().take(32).collect();
    let refusal = Refusal::new(spec, ErrorCode::UnsupportedVersion, None)
        .with_data(json!({ "supported": supported, "requested": requested }));
    Err(match id {
        Some(id) => refusal.answering(id),
        None => refusal,
    })
}
