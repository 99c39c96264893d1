//! A server's store in one SQLite database: the doors to it, and what its columns hold.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use serde::{Deserialize, de::value};
use sqlx::{
    SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

mod page;
pub mod time;

pub use page::page;

/// How long a statement waits for another that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections read at the same time.
const READERS: u32 = 8;

/// The two doors to one database.
#[derive(Debug, Clone)]
pub struct Doors {
    /// For a read store: SQLite itself refuses every write through it. `begin` begins a view of one moment.
    pub read: SqlitePool,
    /// For a write store: one connection, since SQLite lets one write at a time, so that a second would
    /// only wait. `begin_with("BEGIN IMMEDIATE")` begins a change that takes the lock at once: a
    /// transaction that asks for it after it has read can be refused.
    pub write: SqlitePool,
}

impl Doors {
    /// Opens the database at a path, which is made where there is none, and sets it up: `migrations` is
    /// the server's `sqlx::migrate!()`.
    ///
    /// # Errors
    /// When the file cannot be made or opened, or a migration fails.
    pub async fn open(path: &Path, migrations: &Migrator) -> anyhow::Result<Self> {
        make_file(path)?;
        let options = SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(BUSY_TIMEOUT);
        let writing = options.clone().journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        let reading = options.read_only(true).pragma("query_only", "on");

        let write = SqlitePoolOptions::new().max_connections(1).connect_with(writing).await;
        let write = write.with_context(|| format!("cannot open the store {}", path.display()))?;
        migrate(&write, migrations).await.with_context(|| format!("cannot set up the store {}", path.display()))?;
        let read = SqlitePoolOptions::new().max_connections(READERS).connect_with(reading).await?;
        Ok(Self { read, write })
    }
}

/// Makes the file of a database, with its folder, where there is none: empty, and for its owner only. The files that
/// SQLite puts beside it can be read by whoever can read this one.
///
/// # Errors
/// When it cannot be made.
pub fn make_file(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot create {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// All of the migrations or none, behind SQLite's own lock: of two processes that start on a new database,
/// one waits for the other's.
async fn migrate(pool: &SqlitePool, migrations: &Migrator) -> Result<(), MigrateError> {
    let mut change = pool.begin_with("BEGIN IMMEDIATE").await?;
    // `run` does the same, in a future that cannot be sent to another thread.
    migrations.run_direct(None, &mut *change, false).await?;
    Ok(change.commit().await?)
}

/// Whether the database was only busy: the same would do in a few seconds.
pub fn is_busy(error: &sqlx::Error) -> bool {
    // https://www.sqlite.org/rescode.html#busy; extended codes carry the primary one in the low byte.
    const SQLITE_BUSY: i32 = 5;
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => {
            error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
        }
        _ => false,
    }
}

/// A declared enum from its word, which the schema's CHECK constraints keep to the declared ones.
///
/// # Errors
/// When it is another word: the database's fault.
pub fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, sqlx::Error> {
    T::deserialize(value::StrDeserializer::<value::Error>::new(text))
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    /// Migrations of these statements.
    fn migrations(statements: &[&'static str]) -> Migrator {
        let migration = |(version, sql): (i64, &'static str)| {
            let description = Cow::Borrowed("of a test");
            Migration::new(version, description, MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
        };
        let migrations = (1..).zip(statements.iter().copied()).map(migration).collect();
        Migrator { migrations, ..Migrator::DEFAULT }
    }

    const TABLES: &[&str] = &["CREATE TABLE pages (url TEXT)", "CREATE TABLE links (url TEXT)"];

    #[tokio::test]
    async fn the_database_refuses_to_write_through_the_door_that_reads() {
        let folder = tempfile::tempdir().unwrap();
        let doors = Doors::open(&folder.path().join("made/store.db"), &migrations(TABLES)).await.unwrap();
        sqlx::query("PRAGMA query_only = off").execute(&doors.read).await.unwrap();
        for statement in ["INSERT INTO pages VALUES ('/')", "DROP TABLE pages"] {
            let error = sqlx::query(statement).execute(&doors.read).await.unwrap_err();
            assert!(error.to_string().contains("attempt to write a readonly database"), "{statement}: {error}");
            sqlx::query(statement).execute(&doors.write).await.unwrap();
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_a_database() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let doors = Doors::open(&folder.path().join("store.db"), &migrations(TABLES)).await.unwrap();
        sqlx::query("INSERT INTO pages VALUES ('/')").execute(&doors.write).await.unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= 2, "{files:?}");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }

    #[tokio::test]
    async fn a_database_that_is_there_is_opened_as_it_is_and_set_up_further() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let doors = Doors::open(&path, &migrations(&TABLES[..1])).await.unwrap();
        sqlx::query("INSERT INTO pages VALUES ('/')").execute(&doors.write).await.unwrap();
        let doors = Doors::open(&path, &migrations(TABLES)).await.unwrap();
        let count = "SELECT (SELECT count(*) FROM pages) + (SELECT count(*) FROM links)";
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&doors.read).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_nothing_of_those_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let error = Doors::open(&path, &migrations(&[TABLES[0], "CREATE NONSENSE"])).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot set up the store "), "{error}");
        Doors::open(&path, &migrations(&["CREATE TABLE pages (other TEXT)"])).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn processes_that_start_together_set_it_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let statements = (0..40).map(|table| &*format!("CREATE TABLE t{table} (a)").leak()).collect::<Vec<_>>();
        let open = |_| {
            let (path, migrations) = (path.clone(), migrations(&statements));
            tokio::spawn(async move { Doors::open(&path, &migrations).await.map(drop) })
        };
        for opened in (0..6).map(open).collect::<Vec<_>>() {
            opened.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_database_that_another_writes_to_is_busy_and_one_that_lacks_a_table_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let doors = Doors::open(&path, &migrations(TABLES)).await.unwrap();
        let _change = doors.write.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let impatient = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
        let other = SqlitePool::connect_with(impatient).await.unwrap();
        let busy = other.begin_with("BEGIN IMMEDIATE").await.unwrap_err();
        assert!(is_busy(&busy), "{busy}");
        let absent = sqlx::query("SELECT * FROM absent").execute(&other).await.unwrap_err();
        assert!(!is_busy(&absent), "{absent}");
    }

    #[test]
    fn a_word_is_that_of_an_enum_or_a_fault_of_the_database() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Status {
            Queued,
        }
        assert_eq!(word::<Status>("queued").unwrap(), Status::Queued);
        assert!(matches!(word::<Status>("other"), Err(sqlx::Error::Decode(_))));
    }
}
