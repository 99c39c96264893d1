//! HALO: what the traces of an agent say about its faults, and what would mend them.

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::store::Store;

mod analysis;

pub(crate) fn routes() -> Router {
    Router::new()
}

/// Works until the service stops.
pub(crate) async fn work(_store: &Store, shutdown: &CancellationToken) {
    shutdown.cancelled().await;
}
