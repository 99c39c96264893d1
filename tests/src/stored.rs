//! A server's SQLite databases, looked at from outside.

use std::{fmt::Write as _, path::Path};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A database as SQL, as `.dump` writes it: the schema, and every row of every table. A column with the name is left
/// out, wherever it is.
///
/// # Panics
/// When the database cannot be read.
pub async fn dump(path: &Path, without_column: Option<&str>) -> String {
    let options = SqliteConnectOptions::new().filename(path);
    let mut database = SqliteConnection::connect_with(&options).await.expect("the server's database");
    let schema: Vec<(String, String, Option<String>)> =
        sqlx::query_as("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .fetch_all(&mut database)
            .await
            .expect("a schema");
    let mut dump = String::new();
    for (kind, name, sql) in &schema {
        writeln!(dump, "{}", sql.as_deref().unwrap_or_default()).expect("a string");
        if kind != "table" {
            continue;
        }
        let columns = "SELECT 'quote(\"' || name || '\")' FROM pragma_table_info(?1) WHERE name IS NOT ?2";
        let columns: Vec<String> = sqlx::query_scalar(columns)
            .bind(name)
            .bind(without_column)
            .fetch_all(&mut database)
            .await
            .expect("columns");
        let rows = format!("SELECT {} FROM \"{name}\" ORDER BY 1", columns.join(" || ',' || "));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut database).await.expect("rows");
        for row in rows {
            writeln!(dump, "INSERT INTO {name} VALUES ({row});").expect("a string");
        }
    }
    dump
}

/// What the runtime's database holds, as SQL, but for what every call leaves in it: when tokens were last used, and the audit log.
///
/// # Panics
/// When the database cannot be read.
pub async fn dump_of_runtime(path: &Path) -> String {
    let dump = dump(path, Some("last_used_at")).await;
    dump.split_inclusive('\n').filter(|line| !line.starts_with("INSERT INTO audit ")).collect()
}
