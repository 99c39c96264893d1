//! What the server does by itself, beside answering calls. One process does it for a store at a time.

use tokio_util::sync::CancellationToken;
use toolwright_support::{Scheduler, StoreLock, SystemClock, Worker};

use crate::{
    store::{Stores, WriteStore},
    worker::Runs,
};

/// Everything that works on a store until the server stops.
#[derive(Debug)]
pub(crate) struct Background {
    pub(crate) stores: Stores,
    pub(crate) lock: StoreLock,
    pub(crate) runs: Worker<Runs>,
    pub(crate) scheduler: Scheduler<WriteStore, SystemClock>,
}

impl Background {
    /// Works until the server stops, and closes the stores: no call uses them any more.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        if shutdown.run_until_cancelled(self.lock.acquire()).await.is_some() {
            tokio::join!(self.runs.run(&shutdown), self.scheduler.run(&shutdown));
        }
        self.stores.close().await;
    }
}
