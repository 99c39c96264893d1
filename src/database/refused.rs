//! Which errors are those of the values that were to be written.

use sqlx::{postgres::PgDatabaseError, sqlite::SqliteError};

/// Classes of SQLSTATE: of data, of constraints and checks, of what is too large, and what a trigger raises. What the others
/// are about can pass, be it that a table is missing.
const REFUSED: [&str; 5] = ["22", "23", "44", "54", "P0"];

/// Primary codes of SQLite: `SQLITE_TOOBIG`, `SQLITE_CONSTRAINT`, which a trigger raises as well, and `SQLITE_MISMATCH`.
const REFUSED_BY_SQLITE: [u32; 3] = [18, 19, 20];

/// Whether the database refuses these values, and would again.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return REFUSED.iter().any(|class| error.code().starts_with(class));
    }
    error.try_downcast_ref::<SqliteError>().is_some() && is_refused_by_sqlite(error.code().as_deref())
}

/// An extended code has the primary one in its lowest byte.
fn is_refused_by_sqlite(code: Option<&str>) -> bool {
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| REFUSED_BY_SQLITE.contains(&(code & 0xff)))
}
