//! A refusal as an HTTP response.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use toolwright_core::ErrorCode;

use crate::{refusal::Refusal, server::Server};

/// The status and the headers for HTTP, and in the body the same again as JSON-RPC.
pub(super) fn refuse(refusal: &Refusal, server: &Server) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(refusal.body().to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if refusal.code == ErrorCode::MethodNotAllowed {
        let allowed = if server.spec.announces_changes() { "GET, POST" } else { "POST" };
        headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(challenge) =
        refusal.challenge(server.spec, server.verifier.resource()).and_then(|text| HeaderValue::try_from(text).ok())
    {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
