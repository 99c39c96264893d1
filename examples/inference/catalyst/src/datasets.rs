//! Datasets: examples to evaluate and to train on.

use axum::Router;

pub(crate) fn routes() -> Router {
    Router::new()
}
