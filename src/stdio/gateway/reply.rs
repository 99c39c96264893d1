//! The JSON-RPC answer in an HTTP response.

use std::io;

use http::{HeaderMap, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use sse_stream::SseStream;
use tokio_stream::StreamExt as _;

use crate::{
    conversation::outbox::{Gone, Outbox},
    envelope::Id,
};

/// How large an answer may be.
const SIZE: usize = 64 * 1024 * 1024;

/// The answer to a request; the text of it is the server's own.
#[derive(Deserialize)]
pub(super) struct Answer {
    jsonrpc: String,
    id: Option<Value>,
    result: Option<Box<RawValue>>,
    error: Option<Box<RawValue>>,
}

impl Answer {
    /// What a text answers to a request, if it does. An error may lack the id, when the server refused
    /// the request before it was read.
    fn parse(text: &[u8], id: &Id<'_>) -> Option<Self> {
        let answer: Self = serde_json::from_slice(text).ok()?;
        let is_its = match &answer.id {
            Some(value) => Id::of(value.clone()).as_ref() == Some(id),
            None => answer.error.is_some(),
        };
        (answer.jsonrpc == "2.0" && is_its && answer.result.is_some() != answer.error.is_some()).then_some(answer)
    }

    /// The answer with the request's id, as one line.
    pub(super) fn into_line(self, id: &Id<'_>) -> String {
        let (key, value) = match (&self.result, &self.error) {
            (Some(result), _) => ("result", result.get()),
            (None, error) => ("error", error.as_ref().map_or("null", |error| error.get())),
        };
        // Line ends stand between values only: in a text they are escaped.
        let value = value.replace(['\r', '\n'], " ");
        let id = serde_json::to_string(id).unwrap_or_default();
        format!(r#"{{"jsonrpc":"2.0","id":{id},"{key}":{value}}}"#)
    }

    /// The revision that the answer to a handshake agrees on.
    pub(super) fn agreed(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Initialized {
            protocol_version: String,
        }
        let initialized: Initialized = serde_json::from_str(self.result.as_ref()?.get()).ok()?;
        Some(initialized.protocol_version)
    }
}

/// The last word to a client that has listened until the process ended.
pub(super) fn listened(id: &Id<'_>) -> String {
    let meta = json!({ "io.modelcontextprotocol/subscriptionId": id });
    json!({ "jsonrpc": "2.0", "id": id, "result": { "resultType": "complete", "_meta": meta } }).to_string()
}

/// What a server says before its answer, as one line, if it is a message of its own.
fn told(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        jsonrpc: String,
        #[serde(rename = "method")]
        _method: String,
    }
    let told: Told = serde_json::from_str(text).ok()?;
    // Line ends stand between values only: in a text they are escaped.
    (told.jsonrpc == "2.0").then(|| text.replace(['\r', '\n'], " "))
}

/// Reads the answer to a request out of a response, which may be a stream of messages before it: those are passed on. Nothing
/// comes of a response without an answer.
///
/// # Errors
/// When the response breaks off, or is too large.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    id: &Id<'_>,
    outbox: &Outbox,
) -> io::Result<Option<Answer>> {
    let body = Limited::new(body, SIZE);
    if !is_stream(headers) {
        let body = body.collect().await.map_err(io::Error::other)?;
        return Ok(Answer::parse(&body.to_bytes(), id));
    }
    let mut events = SseStream::new(body.map_err(io::Error::other));
    while let Some(event) = events.next().await {
        let Some(data) = event.map_err(io::Error::other)?.data else { continue };
        if let Some(answer) = Answer::parse(data.as_bytes(), id) {
            return Ok(Some(answer));
        }
        if let Some(message) = told(&data) {
            // Who does not read it does not read the answer either, and is seen to have gone by that.
            let _ = outbox.send(message).await;
        }
    }
    Ok(None)
}

/// Passes on the messages of a stream that answers nothing, until it ends or nobody reads them.
///
/// # Errors
/// When the stream breaks off.
pub(super) async fn pass_on(body: Incoming, outbox: &Outbox) -> io::Result<Result<(), Gone>> {
    let mut events = SseStream::new(body.map_err(io::Error::other));
    while let Some(event) = events.next().await {
        let data = event.map_err(io::Error::other)?.data;
        if let Some(message) = data.as_deref().and_then(told)
            && let Err(gone) = outbox.send(message).await
        {
            return Ok(Err(gone));
        }
    }
    Ok(Ok(()))
}

pub(super) fn is_stream(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
}
