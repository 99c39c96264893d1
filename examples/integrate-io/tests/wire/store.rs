//! The server's database, looked at and filled from outside.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::{Instant, sleep};
use toolwright_tests::Server;

/// Where a server keeps its store unless it is told otherwise.
pub(crate) fn path(server: &Server) -> PathBuf {
    server.folder().join("data/integrate-io-store.db")
}

pub(crate) async fn open(server: &Server) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path(server)).foreign_keys(true);
    SqliteConnection::connect_with(&options).await.expect("the server's store")
}

/// Runs statements of a test. `MINE` and `THEIRS` in them stand for accounts.
pub(crate) async fn execute(server: &Server, statements: &str, mine: &str, theirs: &str) {
    let quoted = |account: &str| format!("'{account}'");
    let statements = statements.replace("MINE", &quoted(mine)).replace("THEIRS", &quoted(theirs));
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut open(server).await).await.expect("statements");
}

/// Waits until a query of one number finds this one.
pub(crate) async fn until(server: &Server, query: &str, number: i64) {
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut store = open(server).await;
    loop {
        let found: i64 =
            sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut store).await.expect("a number");
        if found == number {
            return;
        }
        assert!(Instant::now() < deadline, "{query} goes on to find {found}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Makes a database with these statements.
pub(crate) async fn make(path: &Path, statements: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.expect("a database");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut database).await.expect("statements");
    database.close().await.expect("a database");
}
