//! A running server: what it declares, who may use it, and what answers.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use toolwright_core::ErrorCode;

use crate::{
    Handlers, Identity, ServerSpec,
    arguments::Schemas,
    credential::{Presented, Verifier},
    envelope::{Message, Request},
    gate::{self, Admitted},
    listing::ToolList,
    nearest::nearest,
    refusal::Refusal,
    runner::Runner,
};

/// Everything that answering a request takes, shared by all transports.
pub(crate) struct Server {
    pub(crate) spec: &'static ServerSpec,
    pub(crate) verifier: Verifier,
    pub(crate) schemas: Schemas,
    pub(crate) list: ToolList,
    pub(crate) runner: Runner,
}

/// What a request has earned before it goes on to the protocol: it travels with the request, so
/// that what was authorized is what runs.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    pub(crate) identity: Arc<Identity>,
    pub(crate) call: Option<Arc<AdmittedCall>>,
    /// What came of the request, for the log.
    pub(crate) outcome: Arc<OnceLock<&'static str>>,
}

/// An authorized call, with its arguments as the envelope's parser read them.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedCall {
    pub(crate) admitted: Admitted,
    pub(crate) arguments: Map<String, Value>,
}

impl Server {
    /// # Errors
    /// When the declared schemas do not compile: the generated crate is not of this version.
    pub(crate) fn new(spec: &'static ServerSpec, verifier: Verifier, handlers: Handlers) -> anyhow::Result<Self> {
        Ok(Self {
            spec,
            verifier,
            schemas: Schemas::compile(spec)?,
            list: ToolList::read(spec)?,
            runner: Runner::new(spec, handlers),
        })
    }

    /// Who presents this credential.
    pub(crate) async fn authenticate(&self, presented: Presented<'_>) -> Result<Arc<Identity>, Refusal> {
        let verified = match presented.credential(&self.spec.credential) {
            Ok(credential) => self.verifier.verify(credential).await,
            Err(code) => Err(code),
        };
        verified.map(Arc::new).map_err(|code| match code {
            ErrorCode::Internal => Refusal::new(self.spec, code, None),
            code => Refusal::unauthenticated(self.spec, code),
        })
    }

    /// Whether the caller may send this message, and with what it goes on.
    pub(crate) fn examine(&self, message: Message<'_>, identity: Arc<Identity>) -> Result<Passage, Refusal> {
        let call = match message {
            Message::Notification { .. } => None,
            Message::Request(request) => {
                let id = request.id.clone();
                self.examine_request(request, &identity).map_err(|refusal| refusal.answering(&id))?
            }
        };
        Ok(Passage { identity, call: call.map(Arc::new), outcome: Arc::default() })
    }

    fn examine_request(
        &self,
        mut request: Request<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Option<AdmittedCall>, Refusal> {
        let has_handshake = request.inline_version().is_none();
        match &*request.method {
            "initialize" | "ping" if has_handshake => Ok(None),
            "tools/list" if request.params.get("cursor").is_some_and(|cursor| !cursor.is_null()) => {
                Err(self.invalid_params("`cursor` is not one of this server's: the list has one page."))
            }
            "tools/call" => {
                let arguments = match request.params.swap_remove("arguments") {
                    None | Some(Value::Null) => Map::new(),
                    Some(Value::Object(arguments)) => arguments,
                    Some(_) => return Err(self.invalid_params("`arguments` is not an object.")),
                };
                let Some(Value::String(name)) = request.params.get("name") else {
                    return Err(self.invalid_params("`name` is not the name of a tool."));
                };
                let Some(tool) = self.spec.tool(name) else { return Err(self.unknown_tool(name, identity)) };
                gate::admit(self.spec, identity, tool)
                    .map(|admitted| Some(AdmittedCall { admitted, arguments }))
                    .map_err(|denial| Refusal::forbidden(self.spec, &denial))
            }
            "tools/list" | "server/discover" => Ok(None),
            _ => Err(Refusal::unknown_method(self.spec, &request)),
        }
    }

    fn invalid_params(&self, detail: &str) -> Refusal {
        Refusal::new(self.spec, ErrorCode::InvalidParams, Some(detail))
    }

    fn unknown_tool(&self, name: &str, identity: &Arc<Identity>) -> Refusal {
        let visible = self.list.visible(self.spec, identity);
        let shown: String = name.chars().take(64).collect();
        let detail = match nearest(&shown, visible) {
            Some(near) => format!("There is no tool `{shown}`; did you mean `{near}`?"),
            None => format!("There is no tool `{shown}`."),
        };
        Refusal::new(self.spec, ErrorCode::UnknownTool, Some(&detail)).with_data(json!({ "operation": shown }))
    }
}
