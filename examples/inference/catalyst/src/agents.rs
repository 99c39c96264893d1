//! Agents: who did what the spans tell of.

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
}
