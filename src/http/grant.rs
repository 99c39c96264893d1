//! The route that gives tokens for passwords: the same front checks as the endpoint's, and answers in the
//! form of OAuth (RFC 6749, sections 5.1 and 5.2).

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, HttpBody as _},
    extract::{Extension, Request, State},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use serde_json::{Value, json};
use toolwright_core::ErrorCode;

use super::{Front, Peer, body, negotiation, origin};
use crate::{
    credential::Verifier,
    observation::{Asked, Observation, Outcome, Transport},
    password_grant::{Granted, Refused},
    refusal::{fill, quotable},
};

/// The route's path is the manifest's; without a grant there is none.
pub(super) async fn answer(
    State(front): State<Arc<Front>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Response {
    let mut seen = front.server.observe(Transport::Http);
    seen.method = Some("password_grant");
    seen.operation = Some("password_grant".to_owned());
    seen.asked = Asked::Token;
    let response = front.answer_grant(request, peer, &mut seen).await;
    seen.status = Some(response.status().as_u16());
    seen.response_bytes = response.body().size_hint().exact();
    seen.is_answered = true;
    response
}

impl Front {
    async fn answer_grant(&self, request: Request, peer: IpAddr, seen: &mut Observation) -> Response {
        let (parts, body) = request.into_parts();
        let (origin, given) = match self.trusted.check(&parts) {
            Err(code) => (None, Err(Refused::new(code))),
            Ok(Some(origin)) if origin::is_preflight(&parts) => return origin::preflight(&origin),
            Ok(origin) => (origin, self.give(&parts, body, peer).await),
        };
        let response = match given {
            Ok(granted) => {
                seen.caller = Some(granted.observed());
                seen.outcome = Some(Outcome::Ok);
                success(&granted)
            }
            Err(refused) => {
                seen.refused(refused.code);
                self.refuse_grant(&refused)
            }
        };
        origin::expose(response, origin)
    }

    async fn give(&self, parts: &Parts, body: Body, peer: IpAddr) -> Result<Granted, Refused> {
        let (Some(grants), Verifier::Tokens(tokens)) = (&self.password_grants, &self.server.verifier) else {
            return Err(Refused::new(ErrorCode::Internal));
        };
        if parts.method != Method::POST {
            return Err(Refused::new(ErrorCode::MethodNotAllowed));
        }
        let format = negotiation::grant_format(&parts.headers).map_err(Refused::new)?;
        let body = body::read(body, &parts.headers, self.server.spec.limits.body_bytes).await.map_err(|code| {
            // A body that breaks off is no JSON-RPC message elsewhere, and no request for a grant here.
            Refused::new(if code == ErrorCode::ParseError { ErrorCode::MalformedGrant } else { code })
        })?;
        grants.give(tokens, &body, format, peer).await
    }

    fn refuse_grant(&self, refused: &Refused) -> Response {
        let spec = self.server.spec;
        let entry = refused.code.entry();
        let error = match refused.code {
            code if code.is_about_grants() => entry.name,
            ErrorCode::Internal => "server_error",
            _ => "invalid_request",
        };
        let what = refused.detail.clone().unwrap_or_else(|| fill(entry.cause, spec));
        let description = quotable(&format!("{what} {}", fill(entry.fix, spec)));
        let mut response = reply(entry.status, &json!({ "error": error, "error_description": description }));
        let headers = response.headers_mut();
        if refused.code == ErrorCode::MethodNotAllowed {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(seconds) = refused.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn success(Granted { token, expires_in, scope, .. }: &Granted) -> Response {
    let body = json!({
        "access_token": token.secret.expose(),
        "token_type": "Bearer",
        "expires_in": expires_in,
        "created_at": token.created_at,
        "scope": scope,
    });
    reply(200, &body)
}

/// Nobody keeps the answer on its way.
fn reply(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
