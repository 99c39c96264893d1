//! Answers by this process, with the same verdicts as over HTTP.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, GetExtensions as _, ServerJsonRpcMessage},
    service::serve_directly_with_ct,
    transport::OneshotTransport,
};
use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

use super::{Pending, Taken};
use crate::{
    ServerSpec,
    caller::Named,
    changes::{Listening, Wanted},
    conversation::{Capabilities, Handshake, outbox::Outbox},
    credential::Presented,
    envelope::Message,
    observation::{Observation, Transport},
    protocol::Protocol,
    refusal::Refusal,
    server::{Passage, Server},
};

/// The server in this process.
pub(crate) struct Local {
    server: Arc<Server>,
    /// What calls are about, as the command line or the environment says.
    account: Option<String>,
    /// What the client can do, by its handshake.
    capabilities: Mutex<Capabilities>,
}

impl Local {
    pub(crate) fn new(server: Arc<Server>, account: Option<String>) -> Self {
        Self { server, account, capabilities: Mutex::default() }
    }

    pub(super) fn spec(&self) -> &'static ServerSpec {
        self.server.spec
    }

    pub(super) fn observe(&self) -> Observation {
        self.server.observe(Transport::Stdio)
    }

    pub(super) async fn answer(
        &self,
        pending: Pending,
        presented: Presented<'_>,
        outbox: Outbox,
        seen: &mut Observation,
    ) -> Result<String, Refusal> {
        let Pending { text, request, cancelled } = pending;
        let spec = self.spec();
        self.server.note_asked(&request, seen);
        let mut passage = self.examine(Message::Request(request), presented, outbox.clone(), seen).await?;
        passage.trace = seen.parent();
        let (outcome, opens) = (Arc::clone(&passage.outcome), passage.opens);

        let text = passage.rewritten().map_or(&*text, |rewritten| rewritten);
        let Ok(ClientJsonRpcMessage::Request(mut request)) = serde_json::from_slice(text) else {
            return Err(Refusal::new(spec, ErrorCode::InvalidRequest, None));
        };
        request.request.extensions_mut().insert(passage);
        let answer = self.serve(ClientJsonRpcMessage::Request(request), &outbox, &cancelled).await;
        seen.outcome = outcome.get().copied();
        if let (Some(capabilities), Some(ServerJsonRpcMessage::Response(_))) = (opens, &answer) {
            *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner) = capabilities;
        }
        let text = answer.and_then(|answer| serde_json::to_string(&answer).ok());
        text.ok_or_else(|| Refusal::new(spec, ErrorCode::Internal, None))
    }

    /// Takes what the client has answered.
    pub(super) async fn take(
        &self,
        taken: Taken,
        presented: Presented<'_>,
        seen: &mut Observation,
    ) -> Result<(), Refusal> {
        let Taken { text: _, answer } = taken;
        self.examine(Message::Answer(answer), presented, Outbox::default(), seen).await.map(drop)
    }

    async fn examine(
        &self,
        message: Message<'_>,
        presented: Presented<'_>,
        outbox: Outbox,
        seen: &mut Observation,
    ) -> Result<Passage, Refusal> {
        let authenticated = self.server.authenticate(presented).await?;
        seen.caller = Some((&*authenticated.identity).into());
        let named = self.account.as_deref().map_or(Named::Only, Named::By);
        // A panic while the lock was held leaves what is as good as before.
        let capabilities = *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner);
        let handshake = Handshake::Remembered(capabilities);
        let passage = self.server.examine(message, authenticated, named, handshake, outbox).await?;
        seen.admitted(&passage);
        Ok(passage)
    }

    /// Each request is served by itself, as over HTTP: nothing depends on those before it, but for what the client can be asked.
    async fn serve(
        &self,
        message: ClientJsonRpcMessage,
        outbox: &Outbox,
        cancelled: &CancellationToken,
    ) -> Option<ServerJsonRpcMessage> {
        let (transport, mut answers) = OneshotTransport::<RoleServer>::new(message);
        // The service cancels its token when it ends, and that is not the client's doing.
        let ended = cancelled.child_token();
        let _service = serve_directly_with_ct(Protocol(Arc::clone(&self.server)), transport, None, ended);
        loop {
            let message = answers.recv().await?;
            if matches!(message, ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_)) {
                return Some(message);
            }
            if let Ok(line) = serde_json::to_string(&message) {
                // Who writes it has gone only when the answer is given up.
                let _ = outbox.send(line).await;
            }
        }
    }

    /// Passes on what changes, as to a stream over HTTP.
    pub(super) async fn listen(&self, presented: Presented<'_>, outbox: &Outbox) {
        let named = self.account.as_deref().map_or(Named::Only, Named::By);
        let Ok(authenticated) = self.server.authenticate(presented).await else { return };
        let Ok(caller) = self.server.resolve(authenticated, named).await else { return };
        let Ok(open) = self.server.open_stream(&caller) else { return };
        let mut listening = Listening::new(&self.server, &caller, Wanted::Subscribed, open);
        while let Ok(change) = listening.next().await {
            if outbox.send(change.message().to_string()).await.is_err() {
                return;
            }
        }
    }

    /// Nobody is told of changes any more.
    pub(super) fn close(&self) {
        self.server.changes.close();
    }
}
