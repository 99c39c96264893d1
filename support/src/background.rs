//! What all work in the background has in common: one process does it for a store at a time, and it has
//! patience with the store.

use std::{
    fmt::Display,
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use tokio::time::sleep;

/// How often to look for what other processes did: a `stdio` server can share the store.
pub(crate) const LOOK_ROUND: Duration = Duration::from_secs(5);

/// How long to wait for a store that failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The lock of a store, a file beside it. Whoever has it works for the store in the background.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
}

impl StoreLock {
    /// The lock of the store at a path, which nobody has by that.
    ///
    /// # Errors
    /// When there is no file beside the store, and none can be made.
    pub fn of(store: &Path) -> anyhow::Result<Self> {
        let path = store.with_extension("lock");
        let file = File::options().create(true).append(true).open(&path);
        Ok(Self { file: file.with_context(|| format!("cannot open {}", path.display()))? })
    }

    /// Waits until no other process has the lock, and takes it. It falls with the process, or when this
    /// is dropped.
    pub async fn acquire(&self) {
        let mut told = false;
        loop {
            match self.file.try_lock() {
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
pub(crate) async fn pause_for_store(error: &impl Display) {
    tracing::error!(%error, "the store failed; trying again");
    sleep(STORE_PAUSE).await;
}
