//! What the service does by itself, beside answering requests. One process does it for a store at a time.

use tokio_util::sync::CancellationToken;
use toolwright_support::StoreLock;

use crate::{evals, halo, judge::Judge, store::Store, training};

/// Works until the service stops.
pub(crate) async fn run(store: Store, judge: Option<Judge>, lock: StoreLock, shutdown: CancellationToken) {
    if shutdown.run_until_cancelled(lock.acquire()).await.is_some() {
        tokio::join!(
            evals::work(&store, judge, &shutdown),
            halo::work(&store, &shutdown),
            training::work(&store, &shutdown)
        );
    }
}
