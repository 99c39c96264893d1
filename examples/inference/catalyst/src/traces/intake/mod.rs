//! How spans come in: OTLP over HTTP, as JSON, <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! A body is read whole, and its syntax checked; then it is gone through in a thread of its own, and what is in it goes to
//! the database by the chunk. What is sent again is not kept again, so that whoever gets no answer sends all of it once
//! more.

use std::time::Duration;

use anyhow::Context as _;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest as _, Request},
    routing::post,
};
use http::header;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};
use tower_http::decompression::RequestDecompressionLayer;

use crate::{access::Writing, error::ApiError, extract};

mod keep;
mod lineage;
mod otlp;
mod read;

/// How large a body can be, in bytes after decompression.
pub(crate) const BODY_LIMIT: usize = 256 << 20;

/// How many bodies are read at a time: they are large.
static READING: Semaphore = Semaphore::const_new(4);

/// How long a body may take to arrive: others wait for their turn.
const BODY_TIME: Duration = Duration::from_mins(2);

/// How many spans a change of the database has. Others can write between two of them.
const CHUNK: usize = 2000;

pub(crate) fn routes() -> Router {
    // What is encoded otherwise comes through as it is, for an answer in the API's own words.
    let decompression = RequestDecompressionLayer::new().pass_through_unaccepted(true);
    Router::new().route("/v1/traces", post(take_in)).layer(DefaultBodyLimit::max(BODY_LIMIT)).layer(decompression)
}

/// The protocol's answer. Where all was taken in, it is empty.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartialSuccess {
    /// A text, as the protocol writes integers of 64 bits.
    rejected_spans: String,
    error_message: String,
}

async fn take_in(writing: Writing, request: Request) -> Result<Json<Answer>, ApiError> {
    extract::must_be_json(request.headers())?;
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(ApiError::UnsupportedEncoding);
    }
    let _permit = READING.acquire().await.context("the semaphore")?;
    let body = timeout(BODY_TIME, Bytes::from_request(request, &())).await;
    let body = body.map_err(|_| ApiError::invalid("body", "it takes too long to arrive: send less at a time"))?;
    let body = body.map_err(extract::body_error)?;
    let taken = import(body, &writing).await?;
    let partial_success = taken
        .rejection
        .map(|first| PartialSuccess { rejected_spans: taken.rejected.to_string(), error_message: first });
    Ok(Json(Answer { partial_success }))
}

/// What became of the spans that were sent.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many are kept now, those that were there before among them.
    pub accepted: u64,
    /// How many are malformed, or too many.
    pub rejected: u64,
    /// Why the first of those was rejected.
    pub rejection: Option<String>,
}

/// Takes in what a text of OTLP/JSON has.
pub(crate) async fn import(text: Bytes, writing: &Writing) -> Result<Taken, ApiError> {
    let (chunks, mut read) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || read_all(&text, &chunks));
    let mut refused = Vec::new();
    while let Some(chunk) = read.recv().await {
        let mut change = writing.change().await?;
        refused.extend(keep::keep(&mut change, chunk).await?);
        change.commit().await?;
    }
    let mut taken = reading.await.context("reading spans")??;
    for keep::Refused { spans, why } in refused {
        taken.accepted -= spans;
        taken.rejected += spans;
        taken.rejection.get_or_insert(why);
    }
    Ok(taken)
}

/// Goes through a text, and hands on its spans by the chunk. With an error in its syntax it hands on nothing.
fn read_all(text: &[u8], chunks: &mpsc::Sender<Vec<read::NewSpan>>) -> Result<Taken, ApiError> {
    let export: otlp::Export<'_> = serde_json::from_slice(text).map_err(|error| ApiError::invalid("body", error))?;
    let mut taken = Taken::default();
    let mut chunk = Vec::with_capacity(CHUNK);
    for resource in export.resource_spans.unwrap_or_default() {
        let service = read::service(resource.resource);
        let scopes = resource.scope_spans.unwrap_or_default();
        for span in scopes.into_iter().flat_map(|scope| scope.spans.unwrap_or_default()) {
            let span: &RawValue = span;
            match service.as_ref().map_err(Clone::clone).and_then(|service| read::span(span, service)) {
                Ok(span) => {
                    taken.accepted += 1;
                    chunk.push(span);
                }
                Err(why) => {
                    let number = taken.accepted + taken.rejected + 1;
                    taken.rejected += 1;
                    taken.rejection.get_or_insert_with(|| format!("span {number} of the request: {why}"));
                }
            }
            if chunk.len() == CHUNK
                && chunks.blocking_send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_err()
            {
                // Nobody takes them any more, and says why.
                return Ok(taken);
            }
        }
    }
    if !chunk.is_empty() {
        // As above.
        let _ = chunks.blocking_send(chunk);
    }
    Ok(taken)
}
