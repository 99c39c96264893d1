//! A database of each engine, and packages over it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use integrate_io_tools::FlowType;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use toolwright_tests::Postgres;

use crate::{
    database::{Login, PostgresTarget, Target, Tls},
    dataflow::{
        Connections, Failure, Fault, Given, Log, Package, Packages, Values,
        execute::{Outcome, execute},
        validate::validate,
    },
};

/// The tables of every test. Both engines read it.
const TABLES: &str = "
    CREATE TABLE orders (id integer PRIMARY KEY, region text, status text NOT NULL, amount integer NOT NULL);
    INSERT INTO orders VALUES (1, 'north', 'paid', 1500), (2, 'north', 'paid', 2500), (3, 'south', 'paid', 3000),
        (4, 'south', 'open', 9000), (5, 'north', 'paid', 1000), (6, NULL, 'paid', 4000), (7, 'west', 'paid', 10);
    CREATE TABLE totals (region text, total integer, orders integer);
    INSERT INTO totals VALUES ('old', 1, 1);
    CREATE TABLE strict (id integer NOT NULL, region text NOT NULL);
";

/// A database with tables, and an account's packages. Connection 1 leads to it, and 2 nowhere.
pub(super) struct Bench {
    target: Target,
    place: Place,
    packages: BTreeMap<i64, Package>,
    log: Mutex<Vec<String>>,
    variables: Mutex<Values>,
    /// Cancelled when the log has a line with this text.
    cancel_at: Option<&'static str>,
    cancelled: CancellationToken,
}

enum Place {
    Sqlite(TempDir),
    Postgres(&'static Postgres, String),
}

impl Bench {
    /// One for each engine that the machine has.
    pub(super) async fn all() -> Vec<Self> {
        let mut benches = vec![Self::sqlite().await];
        benches.extend(Self::postgres());
        benches
    }

    fn new(target: Target, place: Place) -> Self {
        let (packages, cancelled) = (BTreeMap::new(), CancellationToken::new());
        Self { target, place, packages, log: Mutex::default(), variables: Mutex::default(), cancel_at: None, cancelled }
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bench.db");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
        sqlx::raw_sql(TABLES).execute(&mut connection).await.expect("tables");
        connection.close().await.expect("a database");
        Self::new(Target::Sqlite { path }, Place::Sqlite(folder))
    }

    fn postgres() -> Option<Self> {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let server = Postgres::shared()?;
        let name = format!("bench_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server.database(&name, TABLES);
        let login = |user: &str| Login { user: user.to_owned(), password: Postgres::PASSWORD.into() };
        let target = PostgresTarget {
            host: "127.0.0.1".to_owned(),
            port: server.port(),
            database: name.clone(),
            reader: login("reader"),
            writer: Some(login("writer")),
            tls: Tls::Disable,
        };
        Some(Self::new(Target::Postgres(target), Place::Postgres(server, name)))
    }

    pub(super) fn engine(&self) -> &'static str {
        match self.place {
            Place::Sqlite(_) => "SQLite",
            Place::Postgres(..) => "PostgreSQL",
        }
    }

    /// Adds a package: components, and edges as `a > b`.
    pub(super) fn package(&mut self, id: i64, flow_type: FlowType, components: &Value, edges: &[&str]) -> &mut Package {
        let edges = edges.iter().map(|edge| edge.split_once(" > ").expect("an edge"));
        let edges: Vec<Value> = edges.map(|(from, to)| serde_json::json!({"from": from, "to": to})).collect();
        let data_flow = serde_json::json!({"components": components, "edges": edges});
        let (name, variables) = (format!("package of {id}"), Values::new());
        let package = Package { id, name, flow_type, version: 3, data_flow, variables };
        self.packages.entry(id).insert_entry(package).into_mut()
    }

    /// Has the run be cancelled as soon as its log has this text.
    pub(super) fn cancel_at(&mut self, text: &'static str) {
        self.cancel_at = Some(text);
    }

    pub(super) async fn run(&self, id: i64, given: &Given) -> Result<Outcome, Failure> {
        self.log.lock().expect("the log").clear();
        Box::pin(execute(&self.packages[&id], given, self, self, self, &self.cancelled)).await
    }

    pub(super) async fn validate(&self, id: i64) -> Vec<Fault> {
        Box::pin(validate(&self.packages[&id], self, self)).await
    }

    /// What the last run has logged, without times.
    pub(super) fn log(&self) -> Vec<String> {
        let log = self.log.lock().expect("the log");
        log.iter().map(|line| line.split(" in ").next().unwrap_or_default().to_owned()).collect()
    }

    /// What the last run's variables were.
    pub(super) fn variables(&self) -> Values {
        self.variables.lock().expect("variables").clone()
    }

    /// The rows of a query with one column of text.
    pub(super) async fn rows(&self, query: &str) -> Vec<String> {
        match &self.place {
            Place::Sqlite(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("bench.db"));
                let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
                let query = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection);
                query.await.expect("rows")
            }
            Place::Postgres(server, name) => server.sql(name, query).lines().map(str::to_owned).collect(),
        }
    }

    /// Runs statements of a test.
    pub(super) async fn sql(&self, statement: &str) {
        match &self.place {
            Place::Sqlite(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("bench.db"));
                let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("a statement");
            }
            Place::Postgres(server, name) => drop(server.sql(name, statement)),
        }
    }

    pub(super) async fn totals(&self) -> Vec<String> {
        let columns = ["region", "total", "orders"].map(|column| format!("coalesce(CAST({column} AS text), '-')"));
        self.rows(&format!("SELECT {} FROM totals ORDER BY 1", columns.join(" || '|' || "))).await
    }
}

impl Connections for Bench {
    async fn target(&self, connection_id: i64) -> Result<Target, String> {
        match connection_id {
            1 => Ok(self.target.clone()),
            2 => Ok(Target::Sqlite { path: "/nowhere/nothing.db".into() }),
            _ => Err("connection not found, or not a database connection".to_owned()),
        }
    }
}

impl Packages for Bench {
    async fn package(&self, id: i64) -> Result<Package, String> {
        self.packages.get(&id).cloned().ok_or_else(|| format!("there is no package `{id}`"))
    }
}

impl Log for Bench {
    async fn line(&self, text: &str) -> Result<(), String> {
        self.log.lock().expect("the log").push(text.to_owned());
        if self.cancel_at.is_some_and(|at| text.contains(at)) {
            self.cancelled.cancel();
        }
        Ok(())
    }

    async fn variables(&self, values: &Values) -> Result<(), String> {
        self.variables.lock().expect("variables").clone_from(values);
        Ok(())
    }
}
