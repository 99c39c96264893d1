//! The door that writes, for runs. It signs in with the connection's other credentials, and does all statements or none.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, Transaction};
use tokio_util::sync::CancellationToken;

use super::{Error, Limits, Login, PostgresTarget, Target, postgres, sqlite, within};

/// A connection that writes, for one run.
pub(crate) struct Writer {
    door: Door,
    limits: Limits,
    cancelled: CancellationToken,
}

enum Door {
    Sqlite(SqliteConnection),
    Postgres { connection: PgConnection, other_session: Canceller },
}

impl Writer {
    /// Connects. The token ends what runs, at once.
    ///
    /// # Errors
    /// When the connection has no credentials that may write, or cannot be opened.
    pub(crate) async fn open(target: &Target, limits: Limits, cancelled: CancellationToken) -> Result<Self, Error> {
        let opening = Door::open(target, limits, &cancelled);
        let door = tokio::select! {
            door = opening => door?,
            () = cancelled.cancelled() => return Err(Error::Cancelled),
        };
        Ok(Self { door, limits, cancelled })
    }

    /// Runs statements that the server itself has written, in one transaction. `done` is told of each how many rows it has
    /// changed.
    ///
    /// # Errors
    /// With an error nothing has changed, except when the connection broke while the database was told to keep it.
    pub(crate) async fn run(self, statements: &[String], mut done: impl FnMut(u64) + Send) -> Result<(), Error> {
        let Self { door, limits, cancelled } = self;
        let done = match door {
            Door::Sqlite(mut connection) => in_sqlite(&mut connection, statements, &mut done, limits, &cancelled).await,
            Door::Postgres { mut connection, other_session } => {
                let work = in_postgres(&mut connection, statements, &mut done, limits, &cancelled);
                tokio::pin!(work);
                tokio::select! {
                    done = &mut work => done,
                    () = cancelled.cancelled() => {
                        other_session.cancel().await?;
                        // What was cancelled says so. What was kept before says that, and it is true.
                        within(limits.connect, work).await
                    }
                }
            }
        };
        match done {
            Err(Error::TimedOut(_)) if cancelled.is_cancelled() => Err(Error::Cancelled),
            done => done,
        }
    }
}

impl Door {
    async fn open(target: &Target, limits: Limits, cancelled: &CancellationToken) -> Result<Self, Error> {
        match target {
            Target::Sqlite { path } => Ok(Self::Sqlite(sqlite::open(path, true, limits, cancelled.clone()).await?)),
            Target::Postgres(target) => {
                let login = target.writer.as_ref().ok_or(Error::NoWriter)?;
                let mut connection = postgres::open(target, login, true, limits).await?;
                let other_session = Canceller::of(&mut connection, target, login, limits).await?;
                Ok(Self::Postgres { connection, other_session })
            }
        }
    }
}

async fn in_sqlite(
    connection: &mut SqliteConnection,
    statements: &[String],
    done: &mut (impl FnMut(u64) + Send),
    limits: Limits,
    cancelled: &CancellationToken,
) -> Result<(), Error> {
    let fault = |error| Error::from_sqlx(&error, limits.statement);
    // The lock is taken at the begin: later it could fail with work done.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
    for statement in statements {
        let statement = sqlx::query(AssertSqlSafe(statement.as_str())).persistent(false);
        done(statement.execute(&mut *transaction).await.map_err(fault)?.rows_affected());
    }
    keep(transaction, limits, cancelled).await
}

async fn in_postgres(
    connection: &mut PgConnection,
    statements: &[String],
    done: &mut (impl FnMut(u64) + Send),
    limits: Limits,
    cancelled: &CancellationToken,
) -> Result<(), Error> {
    let fault = |error| Error::from_sqlx(&error, limits.statement);
    let mut transaction = connection.begin().await.map_err(fault)?;
    for statement in statements {
        let statement = sqlx::query(AssertSqlSafe(statement.as_str())).persistent(false);
        done(statement.execute(&mut *transaction).await.map_err(fault)?.rows_affected());
    }
    keep(transaction, limits, cancelled).await
}

/// The last moment to cancel is before the database is told to keep the work.
async fn keep<D: sqlx::Database>(
    transaction: Transaction<'_, D>,
    limits: Limits,
    cancelled: &CancellationToken,
) -> Result<(), Error> {
    let fault = |error| Error::from_sqlx(&error, limits.statement);
    if cancelled.is_cancelled() {
        transaction.rollback().await.map_err(fault)?;
        return Err(Error::Cancelled);
    }
    transaction.commit().await.map_err(fault)
}

/// Ends what a session of PostgreSQL does, from another session.
struct Canceller {
    process: i32,
    target: PostgresTarget,
    login: Login,
    limits: Limits,
}

impl Canceller {
    async fn of(
        connection: &mut PgConnection,
        target: &PostgresTarget,
        login: &Login,
        limits: Limits,
    ) -> Result<Self, Error> {
        let asked = sqlx::query_scalar("SELECT pg_catalog.pg_backend_pid()").fetch_one(connection);
        let process =
            within(limits.connect, async { asked.await.map_err(|error| Error::from_sqlx(&error, limits.connect)) });
        Ok(Self { process: process.await?, target: target.clone(), login: login.clone(), limits })
    }

    async fn cancel(&self) -> Result<(), Error> {
        let Self { process, target, login, limits } = self;
        let mut connection = postgres::open(target, login, false, *limits).await?;
        within(limits.connect, async {
            let asked = sqlx::query("SELECT pg_catalog.pg_cancel_backend($1)").bind(process);
            connection.execute(asked).await.map_err(|error| Error::from_sqlx(&error, limits.connect))
        })
        .await
        .map(drop)
    }
}
