//! One client over standard input and output: a line a message. What answers is the server in this
//! process, or one that the messages are forwarded to.

mod gateway;
mod lines;
mod local;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::{Mutex as AsyncMutex, Notify, Semaphore},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use toolwright_core::ErrorCode;

pub(crate) use gateway::Gateway;
pub(crate) use local::Local;

use crate::{
    ServerSpec,
    conversation::outbox::{self, Outbox},
    credential::Presented,
    envelope::{self, Answer, Id, Message, Request},
    observation::Observation,
    refusal::Refusal,
};
use lines::{Line, Lines};

/// How many messages are dealt with at the same time; the next line waits. Answers are counted by themselves, since what they
/// answer can take all places.
const MESSAGES: usize = 64;

/// What answers the requests.
pub(crate) enum Backend {
    Local(Local),
    Gateway(Box<Gateway>),
}

/// The conversation with one client.
struct Session<W> {
    backend: Backend,
    /// The credential, as the environment has it; verified anew for every request.
    credential: Option<String>,
    output: AsyncMutex<W>,
    in_flight: Mutex<HashMap<Id<'static>, CancellationToken>>,
    /// That there was a handshake.
    opened: Notify,
}

/// What is to be done about a message.
enum Work {
    Answer(Pending),
    Take(Taken),
    PassOn(Notification),
}

/// What a client says to a question of the server's.
struct Taken {
    text: Vec<u8>,
    answer: Answer,
}

/// A request that is to be answered.
struct Pending {
    text: Vec<u8>,
    request: Request<'static>,
    cancelled: CancellationToken,
}

/// A message that wants no answer.
struct Notification {
    text: Vec<u8>,
    method: String,
    params: Map<String, Value>,
}

/// Serves until the input ends or `stop` completes, and then until the requests in flight are
/// answered, but not longer than `grace`.
pub(crate) async fn serve<R, W>(backend: Backend, input: R, output: W, stop: impl Future<Output = ()>, grace: Duration)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let spec = backend.spec();
    let credential = std::env::var(spec.credential.env).ok();
    let credential = credential.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut lines = Lines::new(input, spec.limits.body_bytes);
    let session = Arc::new(Session {
        backend,
        credential,
        output: AsyncMutex::new(output),
        in_flight: Mutex::default(),
        opened: Notify::new(),
    });
    let telling = Arc::clone(&session);
    let _telling = AbortOnDropHandle::new(tokio::spawn(async move {
        if spec.announces_changes() {
            telling.tell_changes().await;
        }
    }));
    let messages = TaskTracker::new();
    let [slots, answer_slots] = [(), ()].map(|()| Arc::new(Semaphore::new(MESSAGES)));
    let mut stop = std::pin::pin!(stop);
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            () = &mut stop => break,
        };
        let Some(line) = line else { break };
        // A cancellation needs no slot, so that it reaches what holds one.
        let Some(work) = session.take(line).transpose() else { continue };
        let slots = if matches!(work, Ok(Work::Take(_))) { &answer_slots } else { &slots };
        let slot = tokio::select! {
            slot = Arc::clone(slots).acquire_owned() => slot,
            () = &mut stop => break,
        };
        let settling = Arc::clone(&session);
        messages.spawn(async move {
            settling.settle(work).await;
            drop(slot);
        });
    }
    session.backend.close();
    messages.close();
    if tokio::time::timeout(grace, messages.wait()).await.is_err() {
        tracing::warn!("requests in flight were given up");
    }
}

impl Backend {
    fn spec(&self) -> &'static ServerSpec {
        match self {
            Self::Local(local) => local.spec(),
            Self::Gateway(gateway) => gateway.spec(),
        }
    }

    fn observe(&self) -> Observation {
        match self {
            Self::Local(local) => local.observe(),
            Self::Gateway(gateway) => gateway.observe(),
        }
    }

    /// The answer to a request, as one line. Once the request is cancelled, nobody reads it.
    async fn answer(
        &self,
        pending: Pending,
        presented: Presented<'_>,
        outbox: Outbox,
        seen: &mut Observation,
    ) -> Result<String, Refusal> {
        match self {
            Self::Local(local) => local.answer(pending, presented, outbox, seen).await,
            Self::Gateway(gateway) => gateway.answer(pending, presented, &outbox, seen).await,
        }
    }

    /// Hands on what a client has answered. What is said to it, if anything is, is one line.
    async fn take(
        &self,
        taken: Taken,
        presented: Presented<'_>,
        seen: &mut Observation,
    ) -> Result<Option<String>, Refusal> {
        match self {
            Self::Local(local) => local.take(taken, presented, seen).await.map(|()| None),
            Self::Gateway(gateway) => gateway.take(taken, presented, seen).await,
        }
    }

    /// Passes on what changes, for as long as the credential is good.
    async fn listen(&self, presented: Presented<'_>, outbox: &Outbox) {
        match self {
            Self::Local(local) => local.listen(presented, outbox).await,
            Self::Gateway(gateway) => gateway.listen(presented, outbox).await,
        }
    }

    /// Ends what would go on for ever: nobody is told of changes any more.
    fn close(&self) {
        match self {
            Self::Local(local) => local.close(),
            Self::Gateway(gateway) => gateway.close(),
        }
    }
}

impl<W: AsyncWrite + Unpin + Send + 'static> Session<W> {
    /// Takes a line in before the next one is read, which may cancel it. Often nothing is left to do
    /// for a message that is no request.
    fn take(&self, line: Line) -> Result<Option<Work>, Refusal> {
        let spec = self.backend.spec();
        let Line::Text(text) = line else { return Err(Refusal::new(spec, ErrorCode::BodyTooLarge, None)) };
        let message = envelope::parse(&text).map_err(|fault| Refusal::misunderstood(spec, fault))?;
        match message {
            Message::Notification { method, mut params } if method == "notifications/cancelled" => {
                self.cancel(params.remove("requestId"));
                Ok(None)
            }
            Message::Notification { method, params } => {
                let method = method.into_owned();
                let is_forwarded = matches!(self.backend, Backend::Gateway(_));
                Ok(is_forwarded.then(|| Work::PassOn(Notification { text, method, params })))
            }
            Message::Answer(answer) => Ok(Some(Work::Take(Taken { text, answer }))),
            Message::Request(request) => {
                let request = request.into_owned();
                let cancelled = self.register(&request.id).ok_or_else(|| {
                    let detail = "A request with the same `id` is still being answered.";
                    Refusal::new(spec, ErrorCode::InvalidRequest, Some(detail)).answering(&request.id)
                })?;
                Ok(Some(Work::Answer(Pending { text, request, cancelled })))
            }
        }
    }

    /// Notes a request as in flight, unless its id already is.
    fn register(&self, id: &Id<'static>) -> Option<CancellationToken> {
        let mut in_flight = self.in_flight();
        if in_flight.contains_key(id) {
            return None;
        }
        let cancelled = CancellationToken::new();
        in_flight.insert(id.clone(), cancelled.clone());
        Some(cancelled)
    }

    fn cancel(&self, id: Option<Value>) {
        if let Some(id) = id.and_then(Id::of)
            && let Some(cancelled) = self.in_flight().get(&id)
        {
            cancelled.cancel();
        }
    }

    async fn settle(&self, work: Result<Work, Refusal>) {
        let mut seen = self.backend.observe();
        seen.is_answered = true;
        let answer = match work {
            Ok(Work::Answer(pending)) => self.answer(pending, &mut seen).await,
            Ok(Work::Take(taken)) => {
                seen.replies();
                let id = taken.answer.id.clone();
                match self.backend.take(taken, self.presented(), &mut seen).await {
                    Ok(None) => return,
                    said => said.map(Option::unwrap_or_default).map_err(|refusal| refusal.answering(&id)),
                }
            }
            Ok(Work::PassOn(notification)) => return self.pass_on(notification, &mut seen).await,
            Err(refusal) => Err(refusal),
        };
        let text = answer.unwrap_or_else(|refusal| {
            seen.refused(refusal.code);
            refusal.body().to_string()
        });
        seen.response_bytes = u64::try_from(text.len()).ok();
        if seen.is_answered {
            self.write(text).await;
        }
    }

    async fn answer(&self, pending: Pending, seen: &mut Observation) -> Result<String, Refusal> {
        let id = pending.request.id.clone();
        let cancelled = pending.cancelled.clone();
        seen.asks(&pending.request);
        seen.request_bytes = u64::try_from(pending.text.len()).ok();
        let has_handshake = pending.request.method == "initialize";
        let (outbox, mut messages) = outbox::channel();
        let answer = {
            let mut answering = std::pin::pin!(self.backend.answer(pending, self.presented(), outbox, seen));
            loop {
                tokio::select! {
                    biased;
                    Some(message) = messages.recv() => self.tell(message, &cancelled).await,
                    answer = &mut answering => break answer,
                }
            }
        };
        while let Ok(message) = messages.try_recv() {
            self.tell(message, &cancelled).await;
        }
        if has_handshake && answer.is_ok() {
            self.opened.notify_one();
        }
        self.in_flight().remove(&id);
        seen.is_answered = !cancelled.is_cancelled();
        answer.map_err(|refusal| refusal.answering(&id))
    }

    /// Writes what comes before an answer, unless nobody waits for that any more.
    async fn tell(&self, message: String, cancelled: &CancellationToken) {
        if !cancelled.is_cancelled() {
            self.write(message).await;
        }
    }

    async fn pass_on(&self, notification: Notification, seen: &mut Observation) {
        let Backend::Gateway(gateway) = &self.backend else { return };
        seen.notifies(&notification.method);
        if let Err(refusal) = gateway.pass_on(notification, self.presented(), seen).await {
            seen.refused(refusal.code);
        }
    }

    /// Tells a client of the older revisions what changes, from its handshake on.
    async fn tell_changes(&self) {
        loop {
            self.opened.notified().await;
            let (outbox, mut messages) = outbox::channel();
            let listening = async move {
                self.backend.listen(self.presented(), &outbox).await;
                drop(outbox);
            };
            let writing = async {
                while let Some(message) = messages.recv().await {
                    self.write(message).await;
                }
            };
            tokio::join!(listening, writing);
        }
    }

    fn presented(&self) -> Presented<'_> {
        self.credential.as_deref().map_or(Presented::Nothing, Presented::Bearer)
    }

    async fn write(&self, mut text: String) {
        text.push('\n');
        let mut output = self.output.lock().await;
        let written = match output.write_all(text.as_bytes()).await {
            Ok(()) => output.flush().await,
            error => error,
        };
        if let Err(error) = written {
            tracing::warn!(%error, "an answer was not written");
        }
    }

    /// A panic while the lock was held leaves a map that is as good as before.
    fn in_flight(&self) -> MutexGuard<'_, HashMap<Id<'static>, CancellationToken>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
