//! The server's database, looked at from outside.

use std::{fmt::Write as _, path::PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::Server;

/// Where a server keeps its runs unless it is told otherwise.
pub(crate) fn path(server: &Server) -> PathBuf {
    server.folder().join("data/infatica-store.db")
}

pub(crate) async fn open(server: &Server) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path(server));
    SqliteConnection::connect_with(&options).await.expect("the server's database")
}

/// The first column of what a query finds.
pub(crate) async fn column(server: &Server, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&mut open(server).await).await.expect(query)
}

/// Everything in the database as SQL, as `.dump` writes it: the schema, and every row of every table.
pub(crate) async fn dump(server: &Server) -> String {
    let mut database = open(server).await;
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
        let columns: Vec<String> = sqlx::query_scalar("SELECT 'quote(' || name || ')' FROM pragma_table_info(?1)")
            .bind(name)
            .fetch_all(&mut database)
            .await
            .expect("columns");
        let rows = format!("SELECT {} FROM {name} ORDER BY rowid", columns.join(" || ',' || "));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut database).await.expect("rows");
        for row in rows {
            writeln!(dump, "INSERT INTO {name} VALUES ({row});").expect("a string");
        }
    }
    dump
}
