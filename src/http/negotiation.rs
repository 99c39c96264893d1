//! What client and server must agree on before a message means anything.

use http::{HeaderMap, header};
use toolwright_core::ErrorCode;

use crate::{
    ServerSpec,
    envelope::{Message, PROTOCOL_VERSION},
    password_grant::Format,
    protocol::{STATELESS, is_spoken},
    refusal::Refusal,
};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
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

/// Checks that the body is what a browser makes of a form.
#[cfg(feature = "console")]
pub(crate) fn check_form(headers: &HeaderMap) -> Result<(), ErrorCode> {
    match grant_format(headers)? {
        Format::Form => Ok(()),
        Format::Json => Err(ErrorCode::UnsupportedEncoding),
    }
}

/// How a request for a grant is written: as a form, as OAuth has it, or as JSON.
pub(super) fn grant_format(headers: &HeaderMap) -> Result<Format, ErrorCode> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ErrorCode::UnsupportedEncoding);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match essence(content_type) {
        essence if essence.eq_ignore_ascii_case(JSON) => Ok(Format::Json),
        essence if essence.eq_ignore_ascii_case(FORM) => Ok(Format::Form),
        _ => Err(ErrorCode::UnsupportedEncoding),
    }
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

/// Checks the revision in the header. Clients of the older revisions that send none are served; what
/// a request says of its revision itself is checked with the request.
pub(super) fn check_revision(headers: &HeaderMap, message: &Message<'_>, spec: &ServerSpec) -> Result<(), Refusal> {
    let (id, named, is_free) = match message {
        Message::Request(request) => (Some(&request.id), request.inline_version(), request.method == "initialize"),
        Message::Notification { .. } | Message::Answer(_) => (None, None, false),
    };
    let refused = |refusal: Refusal| match id {
        Some(id) => refusal.answering(id),
        None => refusal,
    };
    let mut values = headers.get_all("mcp-protocol-version").iter();
    let Some(header) = values.next() else { return Ok(()) };
    if values.next().is_some() {
        let detail = "There are several `MCP-Protocol-Version` headers.";
        return Err(refused(Refusal::new(spec, ErrorCode::InvalidRequest, Some(detail))));
    }
    let header = String::from_utf8_lossy(header.as_bytes());
    match named {
        Some(named) if named == header => return Ok(()),
        Some(_) => return Err(refused(Refusal::new(spec, ErrorCode::HeaderMismatch, None))),
        None if is_free => return Ok(()),
        None => {}
    }
    if !is_spoken(&header) {
        return Err(refused(Refusal::unsupported_version(spec, &header)));
    }
    if id.is_some() && header == STATELESS.as_str() {
        let detail = format!("A request of revision {STATELESS} says so in `_meta`, with `{PROTOCOL_VERSION}`.");
        return Err(refused(Refusal::new(spec, ErrorCode::InvalidParams, Some(&detail))));
    }
    Ok(())
}
