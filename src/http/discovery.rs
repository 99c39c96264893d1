//! What a client finds that looks for a way to sign in: where clients sign in at an issuer, the metadata of a protected
//! resource (RFC 9728), which says who that is; elsewhere nothing, since a client that finds a sign-in stops sending
//! the credential that it was given.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::Front;
use crate::{
    ServerSpec,
    oauth::{Resource, WELL_KNOWN},
    refusal::quotable,
};

/// For how long nobody has to ask again, in seconds.
const KEPT: &str = "public, max-age=3600";

/// Where clients ask an issuer to let them in that they have taken the server for.
const REGISTER: &str = "/register";

/// The routes at which clients look, beside those that the server has (`taken`). A placeholder in the endpoint's path must
/// not stand for one of them.
pub(super) fn routes(taken: &[&str]) -> Router<Arc<Front>> {
    let routes = Router::new().route("/.well-known/{*rest}", any(well_known)).fallback(nothing);
    if taken.contains(&REGISTER) { routes } else { routes.route(REGISTER, any(nothing)) }
}

async fn well_known(State(front): State<Arc<Front>>, request: Request) -> Response {
    let path = request.uri().path();
    let found = front.server.verifier.resource().filter(|resource| {
        // That of the endpoint, as clients see it and as the server does, and that of the host, where some clients look.
        let own = front.server.spec.path.trim_end_matches('/');
        path == WELL_KNOWN || path == resource.metadata_path() || path.strip_prefix(WELL_KNOWN) == Some(own)
    });
    match (found, request.method()) {
        (None, _) => nothing(State(front)).await,
        (Some(resource), &Method::GET | &Method::HEAD) => metadata(resource),
        (Some(_), &Method::OPTIONS) => preflight(),
        (Some(_), _) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            response
        }
    }
}

/// Anybody may read it, web pages too: it is what everybody has to know before they have a credential.
fn metadata(resource: &Resource) -> Response {
    let mut response = json_response(StatusCode::OK, &resource.metadata());
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    open(response)
}

/// Clients in a browser send the revision of the protocol along, for which the browser asks first.
fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("mcp-protocol-version"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    open(response)
}

/// The answer at every other path. Clients show it to people whose credential was refused and who then looked for a sign-in,
/// so that it says what to do, in the form of OAuth's errors (RFC 6749, section 5.2).
async fn nothing(State(front): State<Arc<Front>>) -> Response {
    let ServerSpec { credential, path, title, .. } = front.server.spec;
    let description = match credential.form() {
        Some(form) => format!(
            "There is nothing here. {title} answers at {path} and has no sign-in by OAuth: send your {} in the \
             header `Authorization: Bearer {}...`. Create one in {}.",
            credential.name, form.prefix, credential.create_at
        ),
        None => format!("There is nothing here. {title} answers at {path}; {WELL_KNOWN}{path} says where to sign in."),
    };
    let body = json!({ "error": "not_found", "error_description": quotable(&description) });
    json_response(StatusCode::NOT_FOUND, &body)
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Lets every web page read the response.
fn open(mut response: Response) -> Response {
    const SAME_SITE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(SAME_SITE, HeaderValue::from_static("cross-origin"));
    response
}
