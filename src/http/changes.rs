//! The stream that clients of the revisions before 2026-07-28 `GET`: what changes, for as long as they listen.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use toolwright_core::ErrorCode;

use super::{Front, credential};
use crate::{
    ServerSpec,
    caller::Named,
    changes::{Listening, Wanted},
    observation::Observation,
    protocol::{STATELESS, is_spoken},
    refusal::Refusal,
};

/// How many changes wait for a client that is slow to read.
const WAITING: usize = 16;

/// How often a stream without changes shows that it is still there.
const STILL_THERE: Duration = Duration::from_secs(15);

const EVENT_STREAM: &str = "text/event-stream";

/// Whether the request is for a stream that the server has: one of a revision that has such streams, by its name.
pub(super) fn is_wanted(headers: &HeaderMap, spec: &ServerSpec) -> bool {
    let texts = |name: &str| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>();
    let asks = |accept: &&str| {
        accept
            .split(',')
            .any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(EVENT_STREAM))
    };
    let version = texts("mcp-protocol-version");
    spec.announces_changes()
        && texts(header::ACCEPT.as_str()).iter().any(asks)
        && version.iter().all(|version| is_spoken(version) && *version != STATELESS.as_str())
}

impl Front {
    /// The same verdicts as about a message.
    pub(super) async fn changes(&self, parts: &Parts, seen: &mut Observation) -> Result<Response, Refusal> {
        let spec = self.server.spec;
        seen.listens();
        let presented = credential::presented(&parts.headers)
            .map_err(|detail| Refusal::new(spec, ErrorCode::InvalidRequest, Some(detail)))?;
        let authenticated = self.server.authenticate(presented).await?;
        seen.caller = Some((&*authenticated.identity).into());
        let named = spec.named_in(parts.uri.path()).map_or(Named::Only, Named::By);
        let caller = self.server.resolve(authenticated, named).await?;
        let open = self.server.open_stream(&caller)?;
        let mut listening = Listening::new(&self.server, &caller, Wanted::Subscribed, open);
        let (sender, told) = mpsc::channel::<Result<Event, Infallible>>(WAITING);
        tokio::spawn(async move {
            loop {
                let change = tokio::select! {
                    () = sender.closed() => return,
                    change = listening.next() => change,
                };
                let Ok(change) = change else { return };
                let event = Event::default().event("message").data(change.message().to_string());
                // Who does not read that much has gone, as far as anybody can tell.
                if sender.try_send(Ok(event)).is_err() {
                    return;
                }
            }
        });
        let alive = KeepAlive::new().interval(STILL_THERE);
        let mut response = Sse::new(ReceiverStream::new(told)).keep_alive(alive).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response.map(Body::new))
    }
}
