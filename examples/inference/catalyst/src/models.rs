//! Models that can be asked.

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
}
