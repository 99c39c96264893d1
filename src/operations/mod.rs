//! What whoever runs the server asks of it, and what a balancer does.
//!
//! The public listener says whether the server is there and ready, and no more. What is wrong is told on a listener
//! of its own, which is off unless it is asked for.

mod health;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) use health::Health;

use crate::http::{Trusted, serve};

/// How long an answer that was begun may take when the process ends.
const GRACE: Duration = Duration::from_secs(1);

/// What a balancer asks on the public listener.
pub(crate) fn probes(health: Health) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(health)
}

/// Has the connection end with this answer, so that a proxy that keeps it goes elsewhere.
pub(crate) fn close_after(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Listens for whoever runs the server.
///
/// # Errors
/// When the address is taken, or not of this machine.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for operations"))
}

/// Answers whoever runs the server, until `stop`.
pub(crate) async fn answer(listener: TcpListener, trusted: Trusted, health: Health, stop: CancellationToken) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("operations on http://{address}");
    }
    let trusted = Arc::new(trusted);
    let routes = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(report))
        .with_state(health)
        .layer(middleware::from_fn_with_state(trusted, refuse_pages));
    serve(listener, routes, stop.cancelled_owned(), GRACE).await;
}

/// Nothing here is for pages: those on another host could ask through the browser of whoever runs the server.
async fn refuse_pages(State(trusted): State<Arc<Trusted>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if !trusted.admits_probe(&parts) {
        let why = "This is for programs that ask by an address, or by a name that --allow-host has.\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Whether the process answers: it does.
async fn alive() -> Response {
    unkept("ok".into_response())
}

/// Whether the server can be given requests, for everybody.
async fn ready(State(health): State<Health>) -> Response {
    let answer =
        if health.is_ready() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    unkept(answer.into_response())
}

/// The same, with what is wrong and since when.
async fn report(State(health): State<Health>) -> Response {
    let report = health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string_pretty(&report).unwrap_or_default();
    unkept((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Nobody keeps an answer that is true for a moment.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
