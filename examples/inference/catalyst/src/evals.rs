//! Evals: how well models answer a dataset, judged by a rubric.

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

pub(crate) fn routes() -> Router {
    Router::new()
}

/// Works until the service stops.
pub(crate) async fn work(_store: &Store, shutdown: &CancellationToken) {
    shutdown.cancelled().await;
}
