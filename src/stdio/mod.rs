//! One client over standard input and output: a line a message, and the same verdicts as over HTTP.

mod lines;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, GetExtensions as _, ServerJsonRpcMessage},
    service::serve_directly_with_ct,
    transport::OneshotTransport,
};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::{Mutex as AsyncMutex, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use toolwright_core::ErrorCode;

use crate::{
    credential::Presented,
    envelope::{self, Id, Message, Request},
    log::RequestLine,
    protocol::Protocol,
    refusal::Refusal,
    server::Server,
};
use lines::{Line, Lines};

/// How many requests are answered at the same time; the next line waits.
const REQUESTS: usize = 64;

/// The conversation with one client.
struct Session<W> {
    server: Arc<Server>,
    /// The credential, as the environment has it; verified anew for every request.
    credential: Option<String>,
    output: AsyncMutex<W>,
    in_flight: Mutex<HashMap<Id<'static>, CancellationToken>>,
}

/// A request that is to be answered.
struct Pending {
    text: Vec<u8>,
    request: Request<'static>,
    cancelled: CancellationToken,
}

/// Serves until the input ends or `stop` completes, and then until the requests in flight are
/// answered, but not longer than `grace`.
pub(crate) async fn serve<R, W>(
    server: Arc<Server>,
    input: R,
    output: W,
    stop: impl Future<Output = ()>,
    grace: Duration,
) where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let credential = std::env::var(server.spec.credential.env).ok();
    let credential = credential.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut lines = Lines::new(input, server.spec.limits.body_bytes);
    let session =
        Arc::new(Session { server, credential, output: AsyncMutex::new(output), in_flight: Mutex::default() });
    let requests = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(REQUESTS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            () = &mut stop => break,
        };
        let Some(line) = line else { break };
        let taken = session.take(line);
        // Only what is answered waits for a slot, so that a cancellation reaches what holds one.
        if matches!(taken, Ok(None)) {
            continue;
        }
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            () = &mut stop => break,
        };
        let session = Arc::clone(&session);
        requests.spawn(async move {
            session.settle(taken).await;
            drop(slot);
        });
    }
    requests.close();
    if tokio::time::timeout(grace, requests.wait()).await.is_err() {
        tracing::warn!("requests in flight were given up");
    }
}

impl<W: AsyncWrite + Unpin + Send + 'static> Session<W> {
    /// Takes a line in before the next one is read, which may cancel it. Nothing is left to do
    /// for a message that is no request.
    fn take(&self, line: Line) -> Result<Option<Pending>, Refusal> {
        let spec = self.server.spec;
        let Line::Text(text) = line else { return Err(Refusal::new(spec, ErrorCode::BodyTooLarge, None)) };
        let message = envelope::parse(&text).map_err(|fault| Refusal::misunderstood(spec, fault))?;
        match message {
            Message::Notification { method, mut params } => {
                if method == "notifications/cancelled" {
                    self.cancel(params.remove("requestId"));
                }
                Ok(None)
            }
            Message::Request(request) => {
                let request = request.into_owned();
                let cancelled = self.register(&request.id).ok_or_else(|| {
                    let detail = "A request with the same `id` is still being answered.";
                    Refusal::new(spec, ErrorCode::InvalidRequest, Some(detail)).answering(&request.id)
                })?;
                Ok(Some(Pending { text, request, cancelled }))
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

    async fn settle(&self, taken: Result<Option<Pending>, Refusal>) {
        let Some(taken) = taken.transpose() else { return };
        let mut line = RequestLine::start();
        line.is_answered = true;
        let answer = match taken {
            Ok(pending) => {
                let id = pending.request.id.clone();
                let cancelled = pending.cancelled.clone();
                let answer = self.answer(pending, &mut line).await;
                self.in_flight().remove(&id);
                line.is_answered = !cancelled.is_cancelled();
                answer
            }
            Err(refusal) => Err(refusal),
        };
        let text = answer.unwrap_or_else(|refusal| {
            line.outcome.get_or_insert(refusal.code.entry().name);
            refusal.body().to_string()
        });
        if line.is_answered {
            self.write(text).await;
        }
    }

    async fn answer(&self, pending: Pending, line: &mut RequestLine) -> Result<String, Refusal> {
        let Pending { text, request, cancelled } = pending;
        let spec = self.server.spec;
        let id = request.id.clone();
        let message = Message::Request(request);
        line.operation = Some(message.operation());
        let presented = self.credential.as_deref().map_or(Presented::Nothing, Presented::Bearer);
        let identity = self.server.authenticate(presented).await.map_err(|refusal| refusal.answering(&id))?;
        line.credential = Some(identity.credential_id.clone());
        let passage = self.server.examine(message, identity)?;
        let outcome = Arc::clone(&passage.outcome);

        let Ok(ClientJsonRpcMessage::Request(mut request)) = serde_json::from_slice(&text) else {
            return Err(Refusal::new(spec, ErrorCode::InvalidRequest, None).answering(&id));
        };
        request.request.extensions_mut().insert(passage);
        let answer = self.pass_on(ClientJsonRpcMessage::Request(request), &cancelled).await;
        line.outcome = outcome.get().copied();
        let text = answer.and_then(|answer| serde_json::to_string(&answer).ok());
        text.ok_or_else(|| Refusal::new(spec, ErrorCode::Internal, None).answering(&id))
    }

    /// Each request is served by itself, as over HTTP: nothing depends on those before it.
    async fn pass_on(
        &self,
        message: ClientJsonRpcMessage,
        cancelled: &CancellationToken,
    ) -> Option<ServerJsonRpcMessage> {
        let (transport, mut answers) = OneshotTransport::<RoleServer>::new(message);
        // The service cancels its token when it ends, and that is not the client's doing.
        let ended = cancelled.child_token();
        let _service = serve_directly_with_ct(Protocol(Arc::clone(&self.server)), transport, None, ended);
        answers.recv().await
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
