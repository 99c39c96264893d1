//! What whoever runs the server asks of it, and what a balancer does.
//!
//! The public listener says whether the server is there and ready, and no more. What is wrong is told on a listener
//! of its own, which is off unless it is asked for.

mod health;
mod metrics;
pub(crate) mod traces;

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
use tower::util::MapResponseLayer;

pub(crate) use health::Health;
pub(crate) use metrics::{Connections, Counter, Lookups, Metrics};

use crate::{
    http::{Trusted, serve},
    server::Server,
};

/// How long an answer that was begun may take when the process ends.
const GRACE: Duration = Duration::from_secs(1);

/// Beside these routes, those that a balancer asks on the public listener. Once the process was told to stop, each answer is
/// the last one of its connection, so that a proxy that keeps it goes elsewhere.
pub(crate) fn with_probes(routes: Router, health: &Health) -> Router {
    let probes = Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(health.clone());
    let health = health.clone();
    routes.merge(probes).layer(MapResponseLayer::new(move |mut response: Response| {
        if health.is_ending() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }))
}

/// Listens for whoever runs the server.
///
/// # Errors
/// When the address is taken, or not of this machine.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} for operations"))
}

/// Answers whoever runs the server, until `stop`.
pub(crate) async fn answer(listener: TcpListener, trusted: Trusted, server: Arc<Server>, stop: CancellationToken) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("operations on http://{address}");
    }
    let trusted = Arc::new(trusted);
    let routes = Router::new()
        .route("/readyz", get(report))
        .route("/metrics", get(numbers))
        .with_state(Arc::clone(&server))
        .route("/healthz", get(alive))
        .with_state(server.health.clone())
        .layer(middleware::from_fn_with_state(trusted, refuse_pages));
    serve(listener, routes, &Connections::default(), stop.cancelled_owned(), GRACE).await;
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

/// Whether the process goes on as it should: it answers.
async fn alive(State(health): State<Health>) -> Response {
    let answer = if health.is_alive() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "broken") };
    unkept(answer.into_response())
}

/// Whether the server can be given requests, for everybody.
async fn ready(State(health): State<Health>) -> Response {
    let answer =
        if health.is_ready() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    unkept(answer.into_response())
}

/// The same, with what is wrong and since when.
async fn report(State(server): State<Arc<Server>>) -> Response {
    let report = server.health.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string_pretty(&report).unwrap_or_default();
    unkept((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn numbers(State(server): State<Arc<Server>>) -> Response {
    unkept(match server.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    })
}

/// Nobody keeps an answer that is true for a moment.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
