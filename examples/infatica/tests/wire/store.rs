//! The server's databases, looked at from outside.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::Server;

/// Where a server keeps its runs unless it is told otherwise.
pub(crate) fn path(server: &Server) -> PathBuf {
    server.folder().join("data/infatica-store.db")
}

pub(crate) async fn open(server: &Server) -> SqliteConnection {
    connect(&path(server)).await
}

/// A database of the server.
pub(crate) async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.expect("the server's database")
}

/// The first column of what a query finds.
pub(crate) async fn column(server: &Server, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&mut open(server).await).await.expect(query)
}

/// Everything that the server keeps, but for when its tokens were last used.
pub(crate) async fn dump(server: &Server) -> String {
    let tokens = server.folder().join("data/infatica.db");
    dump_of(&path(server), None).await + &dump_of(&tokens, Some("last_used_at")).await
}

/// A database as SQL, as `.dump` writes it: the schema, and every row of every table.
async fn dump_of(path: &Path, without_column: Option<&str>) -> String {
    let mut database = connect(path).await;
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
        let columns = "SELECT 'quote(' || name || ')' FROM pragma_table_info(?1) WHERE name IS NOT ?2";
        let columns: Vec<String> = sqlx::query_scalar(columns)
            .bind(name)
            .bind(without_column)
            .fetch_all(&mut database)
            .await
            .expect("columns");
        let rows = format!("SELECT {} FROM {name} ORDER BY 1", columns.join(" || ',' || "));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut database).await.expect("rows");
        for row in rows {
            writeln!(dump, "INSERT INTO {name} VALUES ({row});").expect("a string");
        }
    }
    dump
}
