//! The front service: everything that is asked of an HTTP request before the protocol sees it.

pub(crate) mod body;
mod changes;
mod connections;
mod credential;
mod discovery;
mod grant;
mod idle;
mod negotiation;
mod origin;
mod reply;
mod stream;

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Full};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use toolwright_core::ErrorCode;

use connections::Peer;
pub(crate) use connections::{CONNECTIONS, serve};
#[cfg(feature = "fuzzing")]
pub(crate) use credential::presented;
#[cfg(feature = "console")]
pub(crate) use negotiation::check_form;
pub(crate) use origin::Trusted;
#[cfg(feature = "console")]
pub(crate) use origin::is_loopback;

use crate::{
    caller::{Caller, Named},
    conversation::{Capabilities, Handshake, outbox, session},
    credential::Credential,
    envelope::{self, Id, Message},
    observation::{Observation, Outcome, Transport},
    password_grant::PasswordGrants,
    protocol::Protocol,
    refusal::Refusal,
    server::Server,
};
use stream::Talk;

/// The front service, and the protocol behind it.
struct Front {
    server: Arc<Server>,
    trusted: Arc<Trusted>,
    protocol: StreamableHttpService<Protocol, NeverSessionManager>,
    /// What gives tokens for passwords, if the server does.
    password_grants: Option<PasswordGrants>,
}

/// The routes of a server: its endpoint, the password grant where one is declared, and
/// what clients find that look for a way to sign in.
pub(crate) fn routes(server: Arc<Server>, trusted: Arc<Trusted>, password_grants: Option<PasswordGrants>) -> Router {
    let path = server.spec.route;
    let protocol = Protocol(Arc::clone(&server));
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(server.spec.limits.body_bytes)
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let protocol = StreamableHttpService::new(move || Ok(protocol.clone()), Arc::default(), config);
    let grant = server.spec.credential.password_grant().map(|grant| grant.path);
    let front = Arc::new(Front { server, trusted, protocol, password_grants });
    let taken: Vec<&str> = [path].into_iter().chain(grant).collect();
    let mut routes = discovery::routes(&taken).route(path, any(answer));
    if let Some(path) = grant {
        routes = routes.route(path, any(grant::answer));
    }
    routes.with_state(front)
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let mut seen = front.server.observe(Transport::Http);
    let (parts, body) = request.into_parts();
    seen.carried_by(&parts.headers);
    let (origin, passed) = match front.trusted.check(&parts) {
        Err(code) => (None, Err(Refusal::new(front.server.spec, code, None))),
        Ok(Some(origin)) if origin::is_preflight(&parts) => (None, Ok(Passed::Whole(origin::preflight(&origin)))),
        Ok(origin) => (origin, front.pass(parts, body, &mut seen).await),
    };
    let response = match passed {
        Ok(Passed::Talk(talk)) => return origin::expose(talk.into_response(seen), origin),
        Ok(Passed::Whole(response)) => response,
        Err(refusal) => {
            seen.refused(refusal.code);
            reply::refuse(&refusal, &front.server)
        }
    };
    seen.status = Some(response.status().as_u16());
    seen.response_bytes = response.body().size_hint().exact();
    seen.is_answered = true;
    origin::expose(response, origin)
}

/// What is answered to a request that was not refused.
enum Passed {
    Whole(Response),
    /// Messages, and then the answer.
    Talk(Talk),
}

impl Front {
    /// The steps in their order; each can refuse.
    async fn pass(self: &Arc<Self>, mut parts: Parts, body: Body, seen: &mut Observation) -> Result<Passed, Refusal> {
        let spec = self.server.spec;
        let refuse = |code| Refusal::new(spec, code, None);
        if parts.method == Method::GET && changes::is_wanted(&parts.headers, spec) {
            return self.changes(&parts, seen).await.map(Passed::Whole);
        }
        if parts.method != Method::POST {
            return Err(refuse(ErrorCode::MethodNotAllowed));
        }

        let presented = credential::presented(&parts.headers)
            .map_err(|detail| Refusal::new(spec, ErrorCode::InvalidRequest, Some(detail)))?;
        let authenticated = self.server.authenticate(presented).await?;
        seen.caller = Some((&*authenticated.identity).into());

        negotiation::check_media_types(&parts.headers).map_err(refuse)?;
        let body = body::read(body, &parts.headers, spec.limits.body_bytes).await.map_err(refuse)?;
        seen.request_bytes = u64::try_from(body.len()).ok();
        let message = envelope::parse(&body).map_err(|fault| Refusal::misunderstood(spec, fault))?;
        let mut id = None;
        match &message {
            Message::Request(request) => {
                seen.asks(request);
                self.server.note_asked(request, seen);
                id = Some(request.id.clone().into_owned());
            }
            Message::Notification { method, params: _ } => seen.notifies(method),
            Message::Answer(_) => seen.replies(),
        }
        negotiation::check_revision(&parts.headers, &message, spec)?;
        let named = spec.named_in(parts.uri.path()).map_or(Named::Only, Named::By);
        let session = parts.headers.get(session::HEADER).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        let handshake = Handshake::Session(session.as_deref());
        let is_answer = matches!(message, Message::Answer(_));
        let (outbox, mut messages) = outbox::channel();
        let mut passage = self.server.examine(message, authenticated, named, handshake, outbox).await?;
        seen.admitted(&passage);
        passage.trace = seen.parent();
        if is_answer {
            return Ok(Passed::Whole(accepted()));
        }

        let outcome = Arc::clone(&passage.outcome);
        let body = passage.rewritten().cloned().unwrap_or(body);
        let caller = Arc::clone(&passage.caller);
        let opens = passage.opens.map(|capabilities| (Arc::clone(&passage.caller), capabilities));
        prepare(&mut parts.headers);
        parts.extensions.insert(passage);
        let front = Arc::clone(self);
        let mut answering = Box::pin(async move {
            let request = http::Request::from_parts(parts, Full::new(body));
            front.protocol.handle(request).await.map(Body::new)
        });
        let response = tokio::select! {
            biased;
            Some(first) = messages.recv() => {
                let answering = Arc::clone(self).unless_withdrawn(answering, caller, id, Arc::clone(&outcome));
                return Ok(Passed::Talk(Talk::new(first, messages, answering, outcome)));
            }
            response = &mut answering => response,
        };
        seen.outcome = outcome.get().copied();
        // It can have been told just before it was answered.
        if let Ok(first) = messages.try_recv() {
            let answering = Box::pin(std::future::ready(response));
            return Ok(Passed::Talk(Talk::new(first, messages, answering, outcome)));
        }
        match opens {
            Some((caller, capabilities)) => {
                self.open(response, caller.credential(), capabilities).await.map(Passed::Whole)
            }
            None => Ok(Passed::Whole(response)),
        }
    }

    /// The answer, or the refusal in its place once the credential is good no more: who was let in hears nothing more then.
    async fn unless_withdrawn(
        self: Arc<Self>,
        answering: impl Future<Output = Response>,
        caller: Arc<Caller>,
        id: Option<Id<'static>>,
        outcome: Arc<OnceLock<Outcome>>,
    ) -> Response {
        let refusal = tokio::select! {
            biased;
            response = answering => return response,
            refusal = self.server.withdrawn(&caller) => refusal,
        };
        // A call that ends in this very moment has said already how.
        let _ = outcome.set(Outcome::Refused(refusal.code));
        let refusal = id.iter().fold(refusal, Refusal::answering);
        reply::refuse(&refusal, &self.server)
    }

    /// Gives a client that was welcomed what says what it can do, for its next requests.
    async fn open(
        &self,
        response: Response,
        credential: &Credential,
        capabilities: Capabilities,
    ) -> Result<Response, Refusal> {
        let spec = self.server.spec;
        let failed = |_| Refusal::new(spec, ErrorCode::Internal, None);
        let (mut head, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| Refusal::new(spec, ErrorCode::Internal, None))?.to_bytes();
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        if answer.get("result").is_some() {
            let id = session::begin(spec.name, credential, capabilities).map_err(failed)?;
            head.headers.extend(HeaderValue::try_from(id).ok().map(|id| (session::HEADER, id)));
        }
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

/// Nothing more is said to it.
fn accepted() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// The protocol's library asks for both media types by name, and never needs the credential. How long the body was, it knows
/// from the body, which can be another by now.
fn prepare(headers: &mut HeaderMap) {
    headers.remove(header::AUTHORIZATION);
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::ACCEPT, http::HeaderValue::from_static("application/json, text/event-stream"));
}
