//! Records of validations, in a database of their own: what a tool that reads leaves behind.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use toolwright_support::sqlite::make_file;

use super::{ReadStore, StoreError, time};

/// How long a record waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The database itself keeps a record as it is, whoever opens the file: also where one would take its place.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS validations (
        id INTEGER PRIMARY KEY CHECK (id > 0),
        account TEXT NOT NULL,
        package INTEGER NOT NULL,
        version INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        -- Who asked: a token's name.
        actor TEXT NOT NULL,
        -- Microseconds since 1970 in UTC.
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS validations_are_not_changed BEFORE UPDATE ON validations
        BEGIN SELECT raise(ABORT, 'a validation cannot be changed'); END;
    CREATE TRIGGER IF NOT EXISTS validations_are_not_deleted BEFORE DELETE ON validations
        BEGIN SELECT raise(ABORT, 'a validation cannot be deleted'); END;
    CREATE TRIGGER IF NOT EXISTS validations_are_not_replaced BEFORE INSERT ON validations
        WHEN new.id IN (SELECT id FROM validations)
        BEGIN SELECT raise(ABORT, 'a validation cannot be replaced'); END;
";

/// The door for validations: it reads as [`ReadStore`] does, and appends records. It can do nothing else.
#[derive(Debug, Clone, toolwright::RecordStore)]
pub(crate) struct RecordStore {
    pub(crate) read: ReadStore,
    validations: SqlitePool,
}

/// What a record says.
#[derive(Debug)]
pub(crate) struct Validation<'a> {
    pub(crate) account: &'a str,
    pub(crate) package: i64,
    pub(crate) version: i64,
    pub(crate) errors: usize,
    pub(crate) actor: &'a str,
}

impl RecordStore {
    /// Opens the records beside a store, and makes their database first where there is none.
    pub(crate) async fn open(read: ReadStore, store: &Path) -> anyhow::Result<Self> {
        let file = file(store);
        make_file(&file)?;
        let options = SqliteConnectOptions::new().filename(&file).busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        let validations = pool.with_context(|| format!("cannot open {}", file.display()))?;
        let made = sqlx::raw_sql(SCHEMA).execute(&validations).await;
        made.with_context(|| format!("cannot set up {}", file.display()))?;
        Ok(Self { read, validations })
    }

    /// Appends a record. Its id.
    pub(crate) async fn append(&self, validation: &Validation<'_>) -> Result<i64, StoreError> {
        let Validation { account, package, version, errors, actor } = validation;
        let append = "INSERT INTO validations (account, package, version, errors, actor, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let append = sqlx::query(append).bind(account).bind(package).bind(version);
        let errors = i64::try_from(*errors).unwrap_or(i64::MAX);
        let append = append.bind(errors).bind(actor).bind(time::now()).execute(&self.validations);
        Ok(append.await?.last_insert_rowid())
    }
}

/// `data/store.db` has its records in `data/store-validations.db`.
fn file(store: &Path) -> PathBuf {
    let mut name = store.file_stem().unwrap_or_default().to_owned();
    name.push("-validations.db");
    store.with_file_name(name)
}
