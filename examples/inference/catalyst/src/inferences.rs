//! Inferences: the requests to models that spans tell of.

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
}
