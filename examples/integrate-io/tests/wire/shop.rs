//! A server whose account has packages over a shop's database, and what that database holds.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::{Instant, sleep};
use toolwright_tests::Server;

use crate::{
    account::{Account, server},
    store,
};

/// How long a test waits for what it wants.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server with options, and two accounts. The first has the packages and the shop.
pub(crate) async fn open(arguments: &[&str]) -> (Server, Account, Account) {
    let server = arguments.iter().fold(server(), |server, argument| server.arg(*argument)).start();
    let (mine, theirs) = (Account::named(&server, "mine"), Account::named(&server, "theirs"));
    let options = file(&server).create_if_missing(true);
    let mut shop = SqliteConnection::connect_with(&options).await.expect("a shop");
    sqlx::raw_sql(include_str!("../data/shop.sql")).execute(&mut shop).await.expect("orders");
    shop.close().await.expect("a file");
    let packages = include_str!("../data/execution.sql");
    let packages = packages.replace("SHOP", &format!("'{}'", path(&server).display()));
    store::execute(&server, &packages, &mine.id, &theirs.id).await;
    (server, mine, theirs)
}

fn path(server: &Server) -> std::path::PathBuf {
    server.folder().join("shop.db")
}

fn file(server: &Server) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path(server)).busy_timeout(PATIENCE)
}

/// Changes the shop, as soon as nobody else does.
pub(crate) async fn change(server: &Server, statement: &'static str) {
    let mut shop = SqliteConnection::connect_with(&file(server)).await.expect("the shop");
    sqlx::raw_sql(statement).execute(&mut shop).await.expect(statement);
    shop.close().await.expect("a file");
}

/// The first column of what a query finds in the shop.
pub(crate) async fn column(server: &Server, query: &str) -> Vec<i64> {
    let mut shop = SqliteConnection::connect_with(&file(server)).await.expect("the shop");
    let found = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&mut shop).await.expect("rows");
    shop.close().await.expect("a file");
    found
}

/// The ids of the orders that were kept.
pub(crate) async fn kept(server: &Server) -> Vec<i64> {
    column(server, "SELECT id FROM large_orders ORDER BY id").await
}

impl Account {
    /// Has a package run, and gives the id of its run.
    pub(crate) async fn run(&mut self, arguments: Value) -> i64 {
        let started = self.call("run_package", arguments).await;
        assert_eq!((&started["run"]["status"], &started["run"]["id"]), (&json!("pending"), &started["run_id"]));
        started["run_id"].as_i64().expect("an id")
    }

    /// A run as soon as it has this status.
    pub(crate) async fn when(&mut self, run: i64, status: &str) -> Value {
        self.until("get_run", json!({"run_id": run, "log_tail_lines": 200}), |answer| answer["run"]["status"] == status)
            .await
    }

    /// What a tool answers as soon as it is as wanted.
    pub(crate) async fn until(&mut self, tool: &str, arguments: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(tool, arguments.clone()).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{tool} goes on to answer {answer:#}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
