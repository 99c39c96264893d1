//! The front service: everything that is asked of an HTTP request before the protocol sees it.

pub(crate) mod body;
mod connections;
mod credential;
mod discovery;
mod grant;
mod negotiation;
mod origin;
mod reply;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderMap, Method, header, request::Parts};
use http_body_util::Full;
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
    caller::Named,
    envelope::{self, Message},
    observation::{Observation, Transport},
    password_grant::PasswordGrants,
    protocol::Protocol,
    refusal::Refusal,
    server::Server,
};

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
    let response = front.answer(request, &mut seen).await;
    seen.status = Some(response.status().as_u16());
    seen.response_bytes = response.body().size_hint().exact();
    seen.is_answered = true;
    response
}

impl Front {
    async fn answer(&self, request: Request, seen: &mut Observation) -> Response {
        let (parts, body) = request.into_parts();
        seen.carried_by(&parts.headers);
        let (origin, response) = match self.trusted.check(&parts) {
            Err(code) => (None, Err(Refusal::new(self.server.spec, code, None))),
            Ok(Some(origin)) if origin::is_preflight(&parts) => return origin::preflight(&origin),
            Ok(origin) => (origin, self.pass(parts, body, seen).await),
        };
        let response = response.unwrap_or_else(|refusal| {
            seen.refused(refusal.code);
            reply::refuse(&refusal, &self.server)
        });
        origin::expose(response, origin)
    }

    /// The steps in their order; each can refuse.
    async fn pass(&self, mut parts: Parts, body: Body, seen: &mut Observation) -> Result<Response, Refusal> {
        let spec = self.server.spec;
        let refuse = |code| Refusal::new(spec, code, None);
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
        match &message {
            Message::Request(request) => {
                seen.asks(request);
                seen.arguments = self.server.recorded(request);
            }
            Message::Notification { method, params: _ } => seen.notifies(method),
        }
        negotiation::check_revision(&parts.headers, &message, spec)?;
        let named = spec.named_in(parts.uri.path()).map_or(Named::Only, Named::By);
        let mut passage = self.server.examine(message, authenticated, named).await?;
        seen.admitted(&passage);
        passage.trace = seen.parent();

        let outcome = Arc::clone(&passage.outcome);
        prepare(&mut parts.headers);
        parts.extensions.insert(passage);
        let response = self.protocol.handle(http::Request::from_parts(parts, Full::new(body))).await;
        seen.outcome = outcome.get().copied();
        Ok(response.map(Body::new))
    }
}

/// The protocol's library asks for both media types by name, and never needs the credential.
fn prepare(headers: &mut HeaderMap) {
    headers.remove(header::AUTHORIZATION);
    headers.insert(header::ACCEPT, http::HeaderValue::from_static("application/json, text/event-stream"));
}
