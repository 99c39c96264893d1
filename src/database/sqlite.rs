//! SQLite: a file of this machine.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use sqlx::{
    SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::migrator;

static MIGRATIONS: Migrator = sqlx::migrate!("src/migrations/sqlite");

/// How many connections answer requests at the same time.
const CONNECTIONS: u32 = 4;

/// Opens a database; its folder and file are made when they are missing.
pub(super) async fn open(url: &str) -> anyhow::Result<SqlitePool> {
    let path = path(url)?;
    prepare_file(&path).with_context(|| {
        format!("cannot write to the token database {}: it has to be where the server may write", path.display())
    })?;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        // A revocation must outlive a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        // A connection to a file does not go stale.
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .with_context(|| format!("cannot open the token database {}", path.display()))?;
    migrate(&pool).await.with_context(|| format!("cannot migrate the token database {}", path.display()))?;
    Ok(pool)
}

/// SQLite has no lock around migrations. Of two processes that start on a new database one can find
/// half of the other's work; it waits for the rest.
async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    const TRIES: u32 = 20;
    let migrator = migrator(&MIGRATIONS);
    for _ in 1..TRIES {
        if migrator.run(pool).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    migrator.run(pool).await
}

/// The file that a URL names.
fn path(url: &str) -> anyhow::Result<PathBuf> {
    let path = url.split_once(':').map(|(_, rest)| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains('?') => Ok(PathBuf::from(path)),
        _ => bail!(
            "a URL of SQLite names a file and nothing else: write `sqlite:` and a path, as in `sqlite:data/tokens.db`"
        ),
    }
}

/// Makes the file with its folder where there is none, readable for its owner only, before the database opens it. SQLite would open one that cannot be
/// written to, and fail with something else, or later.
fn prepare_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
