//! What the server does by itself, beside answering calls. One process does it for a store at a time.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::SystemClock,
    scheduler::Scheduler,
    store::{StoreError, Stores},
    worker::{Worker, analyses::Analyses, pages::Pages},
};

/// How often to look for what other processes did: a `stdio` server can share the store.
pub(crate) const LOOK_ROUND: Duration = Duration::from_secs(5);

/// How long to wait for a store that failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Everything that works on a store until the server stops.
#[derive(Debug)]
pub(crate) struct Background {
    stores: Stores,
    lock: File,
    collecting: Worker<Pages>,
    analysing: Worker<Analyses>,
    scheduler: Scheduler<SystemClock>,
}

impl Background {
    /// The work on the stores at a path.
    pub(crate) fn new(
        stores: Stores,
        path: &Path,
        collecting: Worker<Pages>,
        analysing: Worker<Analyses>,
        scheduler: Scheduler<SystemClock>,
    ) -> anyhow::Result<Self> {
        let path = path.with_extension("lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { stores, lock, collecting, analysing, scheduler })
    }

    /// Works until the server stops, and closes the stores: no call uses them any more.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        if shutdown.run_until_cancelled(self.wait_for_lock()).await.is_some() {
            tokio::join!(self.collecting.run(&shutdown), self.analysing.run(&shutdown), self.scheduler.run(&shutdown));
        }
        self.stores.close().await;
    }

    /// The lock falls with the process that holds it.
    async fn wait_for_lock(&self) {
        let mut told = false;
        loop {
            match self.lock.try_lock() {
                Ok(()) => return,
                Err(TryLockError::WouldBlock) if told => {}
                Err(TryLockError::WouldBlock) => tracing::info!("another process works for this store"),
                Err(TryLockError::Error(error)) => tracing::error!(%error, "the store's lock failed"),
            }
            told = true;
            sleep(LOOK_ROUND).await;
        }
    }
}

/// Waits before a store that failed is tried again.
pub(crate) async fn pause_for_store(error: &StoreError) {
    tracing::error!(%error, "the store failed; trying again");
    sleep(STORE_PAUSE).await;
}
