//! What can be wrong with a database, in words for the person who asked. None holds a password: the databases do not say it, and
//! statements, which could, are not repeated.

use std::{io, time::Duration};

use sqlx::error::DatabaseError;

use super::fragment::FragmentError;

/// Why a database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    #[error("the host refuses the connection: nothing listens on that port")]
    Refused,
    #[error("authentication failed: the user does not exist or has another password, or may not connect from here")]
    Authentication,
    #[error("the server has no such database")]
    DatabaseMissing,
    #[error("the server has no room for one more connection")]
    Full,
    #[error("the encrypted connection failed: {0}")]
    Tls(String),
    #[error("the file does not exist")]
    FileMissing,
    #[error("the file cannot be opened: {0}")]
    File(String),
    #[error("the file is not a SQLite database")]
    NotADatabase,
    #[error("the database is locked by another program")]
    Locked,
    #[error("the database did not answer within {}", seconds(*.0))]
    TimedOut(Duration),
    #[error("cancelled")]
    Cancelled,
    #[error("the connection has no credentials that may write")]
    NoWriter,
    #[error("no table `{table}` in {place}; see discover_schema for what there is")]
    TableMissing { table: String, place: String },
    #[error("there are tables `{table}` in the schemas {}: name the schema", .schemas.join(", "))]
    Ambiguous { table: String, schemas: Vec<String> },
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// The database's own words on a statement.
    #[error("the database says: {0}")]
    Statement(String),
    #[error("the connection broke: {0}")]
    Broken(String),
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f32())
}

impl Error {
    /// What the library says of SQLite or PostgreSQL. The limit is for the message when a statement ran into it.
    pub(super) fn from_sqlx(error: &sqlx::Error, limit: Duration) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::from_database(error.as_ref(), limit),
            sqlx::Error::Io(error) => Self::from_io(error),
            sqlx::Error::Tls(error) => Self::Tls(error.to_string()),
            other => Self::Broken(other.to_string()),
        }
    }

    fn from_database(error: &dyn DatabaseError, limit: Duration) -> Self {
        // PostgreSQL's SQLSTATE has five characters, SQLite's extended result code is a number, with the code in its low byte.
        let code = error.code().unwrap_or_default();
        if code.len() == 5 {
            return match &*code {
                "28000" | "28P01" => Self::Authentication,
                "3D000" => Self::DatabaseMissing,
                "53300" => Self::Full,
                "57014" => Self::TimedOut(limit),
                "55P03" => Self::Locked,
                _ => Self::Statement(error.message().to_owned()),
            };
        }
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(5 | 6) => Self::Locked,
            Ok(9) => Self::TimedOut(limit),
            Ok(14) => Self::File(error.message().to_owned()),
            Ok(26) => Self::NotADatabase,
            _ => Self::Statement(error.message().to_owned()),
        }
    }

    fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Broken(error.to_string())
            }
            _ => Self::Unreachable(error.to_string()),
        }
    }
}
