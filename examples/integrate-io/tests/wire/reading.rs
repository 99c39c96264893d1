//! Tools that read leave no trace, and find what they are asked for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use toolwright_tests::{Postgres, Server, dump, dump_of_runtime, examples};

use crate::{
    account::{Account, start},
    connections::{done, id_of},
    store,
};

/// The examples of each tool that the manifest declares to read.
pub(crate) fn declared_readers() -> BTreeMap<String, Vec<Value>> {
    examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"), &["read"])
}

/// The file of the account's demo database.
pub(crate) fn demo(server: &Server) -> PathBuf {
    server.folder().join("data/integrate-io-demo.db")
}

/// Whether there is something in the first list of an answer, if it has any.
fn finds(answer: &Value) -> bool {
    let lists = answer.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array());
    // That a package has no fault is what its validation finds.
    lists.take(1).all(|list| !list.is_empty()) || answer["valid"] == true
}

/// Everything that the server keeps, but for what the runtime notes of every call.
pub(crate) async fn kept(server: &Server) -> BTreeMap<PathBuf, String> {
    let mut kept = BTreeMap::new();
    for file in fs::read_dir(server.folder().join("data")).expect("data") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "db") {
            let is_runtimes = path.ends_with("integrate-io.db");
            let dump = if is_runtimes { dump_of_runtime(&path).await } else { dump(&path, None).await };
            kept.insert(path, dump);
        }
    }
    kept
}

/// Ends a server, so that what is written late is written.
pub(crate) async fn ended(mut server: Server) -> Server {
    server.terminate();
    let stopped = tokio::task::spawn_blocking(move || {
        server.wait(Duration::from_secs(20));
        server
    });
    stopped.await.expect("a stopped server")
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_leaves_no_trace_but_a_validation_its_record() {
    let server = start();
    let mut first = Account::first(&server);
    let (before, bytes) = (kept(&server).await, fs::read(demo(&server)).expect("the demo database"));
    assert!(before.values().any(|dump| dump.contains("INSERT INTO packages")), "{before:#?}");
    let mut validations = 0;
    for (tool, examples) in declared_readers() {
        for example in examples {
            let answer = first.call(&tool, example.clone()).await;
            assert!(finds(&answer), "{tool} with {example} finds nothing: {answer}");
            validations += usize::from(tool == "validate_package");
        }
    }
    let server = ended(server).await;
    assert!(fs::read(demo(&server)).expect("the demo database") == bytes, "the demo database has changed");
    let mut records = 0;
    for (path, after) in kept(&server).await {
        let lines: Vec<&str> = before.get(&path).unwrap_or_else(|| panic!("{path:?} is new")).lines().collect();
        let more: Vec<&str> = after.lines().filter(|line| !lines.contains(line)).collect();
        assert_eq!(after.lines().count(), lines.len() + more.len(), "something has gone from {path:?}");
        for line in more {
            assert!(line.starts_with("INSERT INTO validations VALUES"), "{path:?} has more: {line}");
            records += 1;
        }
    }
    assert_eq!((records, validations), (validations, 1));
}

/// The database that a connection leads to.
const SHOP: &str = "
    CREATE TABLE orders (id serial PRIMARY KEY, region text, amount numeric NOT NULL);
    INSERT INTO orders (region, amount) SELECT 'region ' || n % 4, n * 10 FROM generate_series(1, 300) AS n;
    CREATE TABLE large_orders (id integer, amount numeric);
    CREATE VIEW regions AS SELECT DISTINCT region FROM orders ORDER BY region";

/// Everything that a database has: relations, and the rows of tables and sequences.
fn contents(server: &Postgres, database: &str) -> String {
    let statements = "
        SELECT relname, relkind, relnatts FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname;
        SELECT * FROM orders ORDER BY id;
        SELECT * FROM large_orders;
        SELECT last_value, is_called FROM orders_id_seq;";
    server.sql(database, statements)
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_postgresql_database_leaves_no_trace_in_it() {
    let Some(postgres) = Postgres::shared() else { return };
    postgres.database("no_trace", SHOP);
    let server = start();
    let mut first = Account::first(&server);
    let (port, database) = (postgres.port().to_string(), "no_trace");
    let add = [
        "add",
        "--type",
        "postgres",
        "--account",
        &first.id,
        "--name",
        "no trace",
        "--host",
        "127.0.0.1",
        "--tls",
        "disable",
    ];
    let to = ["--port", &port, "--database", database, "--user", "reader", "--writer", "writer"];
    let passwords = format!("{0}\n{0}\n", Postgres::PASSWORD);
    let connection = id_of(&done(server.folder(), &[&add[..], &to].concat(), &passwords));
    let flow = json!({
        "components": [
            {"name": "orders", "type": "database_source", "connection_id": connection, "table": "orders"},
            {"name": "large", "type": "filter", "condition": "amount > 1000"},
            {"name": "columns", "type": "select", "fields": [{"expression": "id"}, {"expression": "amount"}]},
            {"name": "kept", "type": "database_destination", "connection_id": connection, "table": "large_orders", "mode": "replace"}],
        "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "columns"}, {"from": "columns", "to": "kept"}],
    });
    let package = format!(
        "INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at)
         VALUES (7001, MINE, 'p', 'dataflow', 'active', 1, '{flow}', '{{}}', 0, 0)"
    );
    store::execute(&server, &package, &first.id, "").await;

    let before = contents(postgres, database);
    assert_eq!(before.lines().filter(|line| line.contains("region 1")).count(), 75, "{before}");
    let preview = |more: &str| json!({"connection_id": connection, "table": "orders", "where_clause": more});
    for (tool, arguments, place, expected) in [
        ("test_connection", json!({"connection_id": connection}), "/success", json!(true)),
        ("discover_schema", json!({"connection_id": connection}), "/total", json!(3)),
        ("preview_data", preview("amount > 2990"), "/rows/0/id", json!(300)),
        (
            "preview_data",
            json!({"connection_id": connection, "table": "regions", "row_count": 200}),
            "/rows/3/region",
            json!("region 3"),
        ),
        ("validate_package", json!({"package_id": 7001}), "/errors", json!([])),
    ] {
        let answer = first.call(tool, arguments).await;
        assert_eq!(answer.pointer(place), Some(&expected), "{tool}: {answer}");
    }
    for hostile in ["nextval('orders_id_seq') > 0", "1 = 1; DELETE FROM orders", "setval('orders_id_seq', 9) > 0"] {
        first.refusal("preview_data", preview(hostile)).await;
    }
    assert!(contents(postgres, database) == before, "the database has changed");
}
