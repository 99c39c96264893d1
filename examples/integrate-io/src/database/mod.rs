//! The databases that connections lead to: SQLite files and PostgreSQL servers.
//!
//! There are two doors. What a tool reads goes through [`Database`]: a connection of its own for each call, as a role that can
//! only read, in a transaction that the database itself holds read-only. What a run writes goes through [`Writer`], with the
//! connection's other credentials. Text of a caller gets to either as a [`Fragment`] only.

mod error;
mod fragment;
mod postgres;
mod preview;
mod quote;
mod schema;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::{future::Future, path::PathBuf, time::Duration};

pub(crate) use error::Error;
pub(crate) use fragment::{Columns, Fragment, Literal, Variables};
pub(crate) use preview::{Preview, PreviewRequest};
pub(crate) use quote::{identifier, table};
pub(crate) use schema::{Column, TableDetails, TableFilter, TableList, TableSummary};
use secrecy::SecretString;
use tokio::time;
pub(crate) use writer::Writer;

/// A database system. It decides on the case of names, on functions and on types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// As people write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What a connection leads to. Whoever makes it has opened the secrets, and told them to the log's redaction.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A file. Operators name it, on the command line.
    Sqlite {
        path: PathBuf,
    },
    Postgres(PostgresTarget),
}

/// A database of a PostgreSQL server.
#[derive(Clone, Debug)]
pub(crate) struct PostgresTarget {
    /// A host name, an address, or the folder of a Unix socket.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    /// The role of everything that only looks. It should have no more rights than to read.
    pub(crate) reader: Login,
    /// The role of runs. Without it the connection is no destination.
    pub(crate) writer: Option<Login>,
    pub(crate) tls: Tls,
}

/// A role and its password.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// How a connection is encrypted. The modes between these promise what they do not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tls {
    /// In the clear.
    Disable,
    /// Encrypted, with whomever answers.
    Require,
    /// Encrypted, with the host of that name, by a certificate that this machine trusts.
    #[default]
    VerifyFull,
}

/// How long a database may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until the connection stands.
    pub(crate) connect: Duration,
    /// For each statement afterwards; in SQLite for all that a connection does.
    pub(crate) statement: Duration,
}

impl Limits {
    /// For what a person waits for.
    pub(crate) const READING: Self = Self { connect: Duration::from_secs(5), statement: Duration::from_secs(15) };
    /// For a run.
    pub(crate) const WRITING: Self = Self { connect: Duration::from_secs(10), statement: Duration::from_hours(1) };
}

/// The door that only reads.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    target: Target,
    limits: Limits,
}

impl Database {
    /// A door to the target. Nothing is opened before something is asked.
    pub(crate) fn new(target: Target, limits: Limits) -> Self {
        Self { target, limits }
    }

    /// Which system this is.
    pub(crate) fn engine(&self) -> Engine {
        match self.target {
            Target::Sqlite { .. } => Engine::Sqlite,
            Target::Postgres(_) => Engine::Postgres,
        }
    }

    /// Connects, signs in and asks for something trivial.
    pub(crate) async fn test(&self) -> Result<(), Error> {
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.ping().await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.ping().await,
        }
    }

    /// The tables and views that can be read, in the order of their names.
    pub(crate) async fn tables(&self, filter: &TableFilter) -> Result<TableList, Error> {
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.tables(filter).await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.tables(filter).await,
        }
    }

    /// One table and its columns, as the database's catalogue knows them.
    pub(crate) async fn table(&self, schema: Option<&str>, name: &str) -> Result<TableDetails, Error> {
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.table(schema, name).await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.table(schema, name).await,
        }
    }

    /// Columns and some rows of a table.
    pub(crate) async fn preview(&self, request: &PreviewRequest) -> Result<Preview, Error> {
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.preview(request).await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.preview(request).await,
        }
    }

    /// Has the database plan a `SELECT` that the server itself has written, without running it. The lines of the plan.
    pub(crate) async fn explain(&self, select: &str) -> Result<Vec<String>, Error> {
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.explain(select).await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.explain(select).await,
        }
    }

    /// What an expression without columns is, as text; `None` when it is null.
    pub(crate) async fn evaluate(&self, fragment: &Fragment) -> Result<Option<String>, Error> {
        let select = format!("SELECT CAST({} AS text)", fragment.to_sql());
        match &self.target {
            Target::Sqlite { path } => sqlite::Reader::open(path, self.limits).await?.evaluate(select).await,
            Target::Postgres(target) => postgres::Reader::open(target, self.limits).await?.evaluate(select).await,
        }
    }
}

/// Waits for a database no longer than the limit, whatever it does.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    time::timeout(limit, work).await.unwrap_or(Err(Error::TimedOut(limit)))
}
