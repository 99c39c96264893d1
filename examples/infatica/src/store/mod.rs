//! All that the server knows, in one SQLite database.
//!
//! [`ReadStore`] and [`WriteStore`] are two doors to the same file. Below there is a module for each
//! thing that is kept: its functions read, and its `transitions`, methods of [`WriteStore`], write.
//! What a caller changes is recorded by `audit`, in the transaction that changes it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::distr::{Alphanumeric, SampleString as _};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::Notify;
use toolwright::ToolError;
use toolwright_support::sqlite::{Doors, is_busy, time, word};

use crate::billing::{Billing, BillingSystem};

pub(crate) mod actor;
pub(crate) mod analyses;
pub(crate) mod audit;
pub(crate) mod balance;
pub(crate) mod bulk_runs;
mod ledger;
pub(crate) mod llm_keys;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod usage;

/// Where the database is.
#[derive(clap::Args, Debug)]
pub(crate) struct StoreOption {
    /// The database of the runs; it is made where there is none
    #[arg(long, value_name = "FILE", env = "INFATICA_STORE", default_value = "data/infatica-store.db")]
    pub(crate) store: PathBuf,
}

/// Both doors to one database.
#[derive(Debug, Clone)]
pub(crate) struct Stores {
    pub(crate) read: ReadStore,
    pub(crate) write: WriteStore,
}

/// The door for tools that leave no trace: SQLite itself refuses every write through it.
#[derive(Debug, Clone, toolwright::ReadStore)]
pub(crate) struct ReadStore {
    pool: SqlitePool,
    billing: Arc<Billing>,
}

/// The door for tools that change something, and for the work in the background.
#[derive(Debug, Clone, toolwright::WriteStore)]
pub(crate) struct WriteStore {
    pool: SqlitePool,
    wakes: Arc<Wakes>,
    billing: Arc<Billing>,
}

/// What wakes the work in the background.
#[derive(Debug, Default)]
struct Wakes {
    tasks: Notify,
    analyses: Notify,
    schedules: Notify,
}

/// Opens the database, and makes it first where there is none.
pub(crate) async fn open(path: &Path) -> anyhow::Result<Stores> {
    let Doors { read, write } = Doors::open(path, &sqlx::migrate!()).await?;
    let billing = Arc::<Billing>::default();
    Ok(Stores {
        read: ReadStore { pool: read, billing: Arc::clone(&billing) },
        write: WriteStore { pool: write, wakes: Arc::default(), billing },
    })
}

impl Stores {
    /// The same stores for a server that goes by this billing.
    pub(crate) fn billed(mut self, billing: Billing) -> Self {
        let billing = Arc::new(billing);
        self.read.billing = Arc::clone(&billing);
        self.write.billing = billing;
        self
    }

    /// Closes every connection. The last to go is one that writes, and leaves all in the one file.
    pub(crate) async fn close(&self) {
        self.read.pool.close().await;
        self.write.pool.close().await;
    }
}

impl ReadStore {
    /// A view of one moment: what is read through it belongs together.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// What an account has before its ledger has an entry.
    pub(crate) fn opening_credits(&self) -> i64 {
        self.billing.opening_credits
    }
}

impl WriteStore {
    /// A change, which nobody sees before it is committed. The lock is taken at once: a transaction
    /// that asks for it after it has read can be refused.
    async fn change(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Who knows what accounts have, if it is not the ledger.
    pub(crate) fn billing_system(&self) -> Option<&BillingSystem> {
        self.billing.system.as_ref()
    }

    /// Completes when there can be a task to start or to stop.
    pub(crate) async fn task_queued(&self) {
        self.wakes.tasks.notified().await;
    }

    /// Completes when there can be an analysis to start.
    pub(crate) async fn analysis_queued(&self) {
        self.wakes.analyses.notified().await;
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The account has nothing with this id.
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: String },
    /// The state forbids it; says which state, and what would do.
    #[error("{0}")]
    WrongState(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what, id } => Self::not_found(what, &id),
            StoreError::WrongState(message) => Self::wrong_state(message),
            StoreError::Database(error) if is_busy(&error) => {
                Self::unavailable("the store is busy; call again in a few seconds")
            }
            StoreError::Database(error) => Self::internal(error),
        }
    }
}

/// An id that nobody guesses: 24 of 62 characters are 142 bits.
fn random_id(prefix: &str) -> String {
    let mut id = String::from(prefix);
    Alphanumeric.append_string(&mut rand::rng(), &mut id, 24);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_database_refuses_to_write_through_the_read_store() {
        let folder = tempfile::tempdir().unwrap();
        let stores = open(&folder.path().join("store.db")).await.unwrap();
        let insert = "INSERT INTO events (run, at, event) VALUES (1, 0, 'run.created')";
        let drop = "DROP TABLE events";
        let lift = "PRAGMA query_only = off";

        sqlx::query(lift).execute(&stores.read.pool).await.unwrap();
        for statement in [insert, drop] {
            let error = sqlx::query(statement).execute(&stores.read.pool).await.unwrap_err();
            assert!(error.to_string().contains("attempt to write a readonly database"), "{statement}: {error}");
        }
    }
}
