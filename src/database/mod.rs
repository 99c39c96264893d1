//! The runtime's own database, in SQLite or in PostgreSQL: tokens, whose accounts they reach, and what else
//! a server keeps.
//!
//! A statement stands once, in the words that both understand: parameters are `$1`, `$2` and so on. Where the two
//! differ, [`Database::sql`] has both texts. [`either`] runs it.

mod changes;
mod connection;
mod listener;
mod memory;
mod postgres;
mod refused;
mod sqlite;

use std::time::Duration;

use anyhow::bail;
use sqlx::{SqlitePool, migrate::Migrator};

pub(crate) use changes::{Change, Stamp};
pub(crate) use connection::{Exclusive, Held};
pub(crate) use memory::Memory;
pub(crate) use postgres::Shared;
pub(crate) use refused::is_refused;

/// The database, open; its stores share it.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// A file of this machine.
    Sqlite(SqlitePool),
    /// A server, which other instances can share.
    Postgres(Shared),
}

/// How long a statement may take until it is an error: longer than PostgreSQL itself allows, so that only
/// a server that is silent comes so far.
const STATEMENT: Duration = Duration::from_secs(12);

/// Runs the same work on a connection to either database, and gives its `sqlx::Result`; `?` and `return` in it leave the
/// work and not the function. An answer that does not come is an error, and its connection is closed.
///
/// ```text
/// either!(&self.database, connection => sqlx::query("DELETE FROM tokens").execute(connection).await)
/// ```
macro_rules! either {
    ($database:expr, $connection:ident => $work:expr) => {
        match $database {
            $crate::database::Database::Sqlite(pool) => $crate::database::either!(@on pool, $connection => $work),
            $crate::database::Database::Postgres(shared) => {
                let pool = shared.pool();
                $crate::database::either!(@on pool, $connection => $work)
            }
        }
    };
    (@on $pool:ident, $connection:ident => $work:expr) => {
        $crate::database::within_time(async {
            let mut held = $crate::database::Held::take($pool).await?;
            let $connection = held.connection();
            let done: sqlx::Result<_> = async { $work }.await;
            held.give_back();
            done
        })
        .await
    };
}
pub(crate) use either;

impl Database {
    /// Opens the database at a URL such as `sqlite:data/acme.db`, whose folder and file are made when they are
    /// missing, or `postgres://acme@db.example.com/acme`.
    ///
    /// # Errors
    /// When the URL is that of no database, or it cannot be opened or migrated. A password is not repeated.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        // Schemes have no case.
        match url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            Some("sqlite") => sqlite::open(url).await.map(Self::Sqlite),
            Some("postgres" | "postgresql") => postgres::open(url).await.map(Self::Postgres),
            // Only the scheme is repeated: the rest may hold a password.
            scheme => bail!(
                "a URL that starts with `{}` is not that of a token database: write `sqlite:` and a path, as in \
                 `sqlite:data/tokens.db`, or `postgres://USER@HOST/DATABASE`",
                scheme.unwrap_or_default()
            ),
        }
    }

    /// The text that this database understands, where the two differ.
    pub(crate) fn sql(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        }
    }

    /// Has the database read something, to see that it can.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn answers(&self) -> anyhow::Result<()> {
        let query = "SELECT id FROM tokens LIMIT 1";
        either!(self, connection => sqlx::query(query).fetch_optional(connection).await.map(drop))?;
        Ok(())
    }

    /// Closes the database for all of its stores.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(shared) => shared.close().await,
        }
    }

    /// Hears from now on what others change, where others can. A command is over before that would be of use.
    pub(crate) fn listen(&self) {
        if let Self::Postgres(shared) = self {
            shared.listen();
        }
    }

    /// The present state of what a token follows from; nothing where it cannot be relied on, and the database has to
    /// be asked.
    pub(crate) fn state_of_token(&self, digest: &[u8]) -> Option<Stamp> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(shared) => shared.changes().of_token(digest),
        }
    }

    /// The same of who may reach which account.
    pub(crate) fn state_of_accounts(&self) -> Option<Stamp> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(shared) => shared.changes().of_accounts(),
        }
    }

    /// Has this process forget what follows from something that it has changed itself; others hear of it.
    pub(crate) fn changed(&self, change: Change<'_>) {
        if let Self::Postgres(shared) = self {
            shared.changes().count(change);
        }
    }
}

/// What brings a database up to date, or leaves one as it is that a newer version has brought further. Migrations only
/// add, so that this version works on it all the same: while others are upgraded, and when they are taken back.
fn migrator(all: &Migrator) -> Migrator {
    let mut migrator = Migrator { migrations: all.migrations.clone(), ..Migrator::DEFAULT };
    migrator.set_ignore_missing(true);
    migrator
}

/// Ends work that a silent server keeps waiting.
pub(crate) async fn within_time<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let silent = |_| {
        let message = format!("no answer came within {} seconds", STATEMENT.as_secs());
        sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, message))
    };
    tokio::time::timeout(STATEMENT, work).await.map_err(silent).flatten()
}
