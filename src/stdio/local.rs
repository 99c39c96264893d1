//! Answers by this process, with the same verdicts as over HTTP.

use std::sync::Arc;

use rmcp::{
    RoleServer,
    model::{ClientJsonRpcMessage, GetExtensions as _, ServerJsonRpcMessage},
    service::serve_directly_with_ct,
    transport::OneshotTransport,
};
use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

use super::Pending;
use crate::{
    ServerSpec,
    caller::Named,
    credential::Presented,
    envelope::Message,
    observation::{Observation, Transport},
    protocol::Protocol,
    refusal::Refusal,
    server::Server,
};

/// The server in this process.
pub(crate) struct Local {
    server: Arc<Server>,
    /// What calls are about, as the command line or the environment says.
    account: Option<String>,
}

impl Local {
    pub(crate) fn new(server: Arc<Server>, account: Option<String>) -> Self {
        Self { server, account }
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
        seen: &mut Observation,
    ) -> Result<String, Refusal> {
        let Pending { text, request, cancelled } = pending;
        let spec = self.spec();
        seen.arguments = self.server.recorded(&request);
        let authenticated = self.server.authenticate(presented).await?;
        seen.caller = Some((&*authenticated.identity).into());
        let named = self.account.as_deref().map_or(Named::Only, Named::By);
        let mut passage = self.server.examine(Message::Request(request), authenticated, named).await?;
        seen.admitted(&passage);
        passage.trace = seen.parent();
        let outcome = Arc::clone(&passage.outcome);

        let Ok(ClientJsonRpcMessage::Request(mut request)) = serde_json::from_slice(&text) else {
            return Err(Refusal::new(spec, ErrorCode::InvalidRequest, None));
        };
        request.request.extensions_mut().insert(passage);
        let answer = self.serve(ClientJsonRpcMessage::Request(request), &cancelled).await;
        seen.outcome = outcome.get().copied();
        let text = answer.and_then(|answer| serde_json::to_string(&answer).ok());
        text.ok_or_else(|| Refusal::new(spec, ErrorCode::Internal, None))
    }

    /// Each request is served by itself, as over HTTP: nothing depends on those before it.
    async fn serve(
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
}
