//! The server's databases, looked at from outside.

use std::path::{Path, PathBuf};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::{Server, dump as dump_of, dump_of_runtime};

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

/// Everything that the server keeps, but for what the runtime notes of every call.
pub(crate) async fn dump(server: &Server) -> String {
    let tokens = server.folder().join("data/infatica.db");
    dump_of(&path(server), None).await + &dump_of_runtime(&tokens).await
}
