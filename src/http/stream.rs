//! An answer that comes as a stream (`text/event-stream`): the messages of its request, and then itself.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::response::{
    IntoResponse as _, Response, Sse,
    sse::{Event, KeepAlive},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Collected};
use tokio_stream::Stream;

use crate::{
    conversation::outbox::Messages,
    observation::{Observation, Outcome},
};

/// What is said in a stream. When it is dropped before its end, the client has gone, and the request is cancelled as with any other answer.
pub(super) struct Talk {
    first: Option<String>,
    messages: Messages,
    /// What becomes the answer, until it is there.
    answering: Option<Answering>,
    answer: Option<String>,
    outcome: Arc<OnceLock<Outcome>>,
}

type Answering = Pin<Box<dyn Future<Output = String> + Send>>;

impl Talk {
    pub(super) fn new(
        first: String,
        messages: Messages,
        answering: impl Future<Output = Response> + Send + 'static,
        outcome: Arc<OnceLock<Outcome>>,
    ) -> Self {
        let answering: Answering = Box::pin(async move {
            // It is in memory already, and text.
            let body = answering.await.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
            String::from_utf8_lossy(&body).into_owned()
        });
        Self { first: Some(first), messages, answering: Some(answering), answer: None, outcome }
    }

    /// The response; what becomes of it is noted in `seen`.
    pub(super) fn into_response(self, mut seen: Observation) -> Response {
        seen.status = Some(StatusCode::OK.as_u16());
        seen.response_bytes = Some(0);
        let mut response = Sse::new(Events { talk: self, seen }).keep_alive(KeepAlive::new()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A proxy that gathers an answer would keep its messages back until the end.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }

    /// The next message; whether it is the answer, which is the last one.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(String, bool)>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some((first, false)));
        }
        if let Some(answering) = &mut self.answering
            && let Poll::Ready(answer) = answering.as_mut().poll(context)
        {
            self.answering = None;
            self.answer = Some(answer);
            // A write can go on after a refusal that is its answer.
            self.messages.close();
        }
        if self.answering.is_some() {
            return match self.messages.poll_recv(context) {
                Poll::Ready(Some(message)) => Poll::Ready(Some((message, false))),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            };
        }
        let message = self.messages.try_recv().ok().map(|message| (message, false));
        Poll::Ready(message.or_else(|| Some((self.answer.take()?, true))))
    }
}

struct Events {
    talk: Talk,
    seen: Observation,
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { talk, seen } = &mut *self;
        talk.poll_next(context).map(|next| {
            let (message, is_answer) = next?;
            if let (Some(sent), Ok(more)) = (&mut seen.response_bytes, u64::try_from(message.len())) {
                *sent += more;
            }
            if is_answer {
                seen.outcome = talk.outcome.get().copied();
                seen.is_answered = true;
            }
            Some(Ok(Event::default().data(message)))
        })
    }
}
