//! All that the server knows, in one SQLite database.
//!
//! [`ReadStore`] and [`WriteStore`] are two doors to the same file; [`validations`] has a third, with a file of its own. Below there is a module for each
//! thing that is kept: its functions read, and the methods of [`WriteStore`] in it write.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use serde::de::DeserializeOwned;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::Notify;
use toolwright::{Secrets, ToolError};
use toolwright_support::{
    sqlite::{Doors, is_busy, time, word},
    vault::{Vault, VaultOption},
};

use crate::connections::Connections;

pub(crate) mod clusters;
pub(crate) mod connections;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod packages;
pub(crate) mod runs;
pub(crate) mod samples;
pub(crate) mod schedules;
pub(crate) mod search;
pub(crate) mod validations;
pub(crate) mod workspaces;

/// Where the database is, and the key of what is sealed in it.
#[derive(clap::Args, Debug)]
#[command(mut_arg("key_file", |option| option.env("INTEGRATE_IO_KEY_FILE")))]
pub(crate) struct Files {
    /// The database of packages and runs; it is made where there is none
    #[arg(long, value_name = "FILE", env = "INTEGRATE_IO_STORE", default_value = "data/integrate-io-store.db")]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    vault: VaultOption,
}

impl Files {
    /// Seals the credentials of the store.
    pub(crate) fn vault(&self) -> Vault {
        self.vault.vault(&self.store)
    }
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
    connections: Connections,
}

/// The door for tools that change something, and for the work in the background.
#[derive(Debug, Clone, toolwright::WriteStore)]
pub(crate) struct WriteStore {
    pool: SqlitePool,
    secrets: Secrets,
    wakes: Arc<Wakes>,
}

/// What wakes the work in the background.
#[derive(Debug, Default)]
struct Wakes {
    runs: Notify,
    schedules: Notify,
}

/// Opens the database, and makes it first where there is none. The secrets are kept back from what is read, and
/// those of connections are told to them.
pub(crate) async fn open(files: &Files, secrets: &Secrets) -> anyhow::Result<Stores> {
    let Doors { read, write } = Doors::open(&files.store, &sqlx::migrate!()).await?;
    let connections = Connections::new(read.clone(), files, secrets.clone());
    connections.learn_secrets().await?;
    Ok(Stores {
        read: ReadStore { pool: read, connections },
        write: WriteStore { pool: write, secrets: secrets.clone(), wakes: Arc::default() },
    })
}

impl Stores {
    /// The same stores for a server that asks this many of what connections lead to at a time.
    pub(crate) fn asking(mut self, calls: NonZeroUsize) -> Self {
        self.read.connections = self.read.connections.asking(calls);
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

    /// What is kept back from texts before a part of them is returned.
    pub(crate) fn secrets(&self) -> &Secrets {
        self.connections.secrets()
    }

    /// Opens the connections of accounts.
    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl WriteStore {
    /// A change, which nobody sees before it is committed. The lock is taken at once: a transaction
    /// that asks for it after it has read can be refused.
    async fn change(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// The account has nothing with this id.
    #[error("there is no {what} `{id}`")]
    NotFound { what: &'static str, id: i64 },
    /// Two connections of the account have this id, one of each kind.
    #[error(
        "the id `{id}` is that of a database connection and of a cloud-storage connection: say `database` or `cloud_storage`"
    )]
    Ambiguous { id: i64 },
    /// An argument does not fit what it is about; says why.
    #[error("`{field}`: {why}")]
    InvalidArgument { field: String, why: String },
    /// The state forbids it; says which state, and what would do.
    #[error("{0}")]
    WrongState(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Database(sqlx::Error::Encode(Box::new(error)))
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what, id } => Self::not_found(what, &id.to_string()),
            error @ StoreError::Ambiguous { .. } => Self::invalid_argument("connection_type", error),
            StoreError::InvalidArgument { field, why } => Self::invalid_argument(&field, why),
            StoreError::WrongState(message) => Self::wrong_state(message),
            StoreError::Database(error) if is_busy(&error) => {
                Self::unavailable("the store is busy; call again in a few seconds")
            }
            StoreError::Database(error) => Self::internal(error),
        }
    }
}

/// A value from its JSON.
fn json<T: DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
