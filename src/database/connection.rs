//! One connection of either database, for as long as work takes.

use sqlx::{
    Connection as _, Database, PgConnection, Pool, Postgres, Sqlite, SqliteConnection, Transaction,
    pool::PoolConnection,
};

/// A connection that goes back to the pool when its work has ended, and is closed when the work was broken off:
/// half of an answer may be under way on it, or none ever come.
pub(crate) struct Held<D: Database> {
    connection: PoolConnection<D>,
    is_idle: bool,
}

impl<D: Database> Held<D> {
    pub(crate) async fn take(pool: &Pool<D>) -> sqlx::Result<Self> {
        Ok(Self { connection: pool.acquire().await?, is_idle: false })
    }

    pub(crate) fn connection(&mut self) -> &mut D::Connection {
        &mut self.connection
    }

    pub(crate) fn give_back(mut self) {
        self.is_idle = true;
    }
}

impl<D: Database> Drop for Held<D> {
    fn drop(&mut self) {
        if !self.is_idle {
            self.connection.close_on_drop();
        }
    }
}

/// Begins a transaction that changes what it has read.
pub(crate) trait Exclusive {
    type Database: Database;

    /// Begins a transaction beside which no other one runs that is about the same. SQLite lets only one write at
    /// all; in PostgreSQL what it is about is a lock, until the transaction ends.
    async fn begin_exclusive(&mut self, about: &str) -> sqlx::Result<Transaction<'_, Self::Database>>;
}

impl Exclusive for SqliteConnection {
    type Database = Sqlite;

    async fn begin_exclusive(&mut self, _about: &str) -> sqlx::Result<Transaction<'_, Sqlite>> {
        self.begin_with("BEGIN IMMEDIATE").await
    }
}

impl Exclusive for PgConnection {
    type Database = Postgres;

    async fn begin_exclusive(&mut self, about: &str) -> sqlx::Result<Transaction<'_, Postgres>> {
        let mut transaction = self.begin().await?;
        // Other programs may use the same database, and other servers another schema of it.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || $1, 0))")
            .bind(about)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }
}
