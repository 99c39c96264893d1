//! validate_package: the faults of each component, and the one record that a validation leaves.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use toolwright_tests::{Client, Revision, Server, raw, run_with_input};

use crate::{
    account::Account,
    connections::{done, id_of},
    shop, store,
};

fn records(server: &Server) -> PathBuf {
    server.folder().join("data/integrate-io-store-validations.db")
}

async fn recorded(server: &Server) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(records(server));
    SqliteConnection::connect_with(&options).await.expect("the records")
}

/// What the tests read of the records.
async fn rows(server: &Server) -> Vec<(i64, String, i64, i64, i64, String)> {
    let rows = "SELECT id, account, package, version, errors, actor FROM validations ORDER BY id";
    sqlx::query_as(rows).fetch_all(&mut recorded(server).await).await.expect("records")
}

/// The files of the server's data, but for the records, as they are once all is written to the one file of each database.
async fn files(server: &Server) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for path in [store::path(server), server.folder().join("shop.db")] {
        let options = SqliteConnectOptions::new().filename(&path);
        let mut database = SqliteConnection::connect_with(&options).await.expect("a database");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut database).await.expect("a checkpoint");
        database.close().await.expect("a file");
        files.insert(path.clone(), fs::read(path).expect("a file"));
    }
    files
}

/// A fault: component, field, and how the message begins.
type Expected = (&'static str, &'static str, &'static str);

/// Packages, and the faults that they have.
const CASES: &[(i64, &[Expected])] = &[
    (7101, &[]),
    (7103, &[("kept", "table", "no table `copied_orders`")]),
    (7104, &[("", "components", "expected 1 to 100 items, got 0")]),
    (7106, &[]),
    (
        7901,
        &[
            ("large", "condition", "at character 1: no column `amuont`; there are: id, region, amount"),
            ("columns", "fields[0].alias", "missing"),
        ],
    ),
    (7902, &[("orders", "tabel", "unknown"), ("orders", "table", "missing"), ("kept", "", "nothing leads to it")]),
    (7903, &[("orders", "connection_id", "the host refuses the connection")]),
    (7904, &[("orders", "connection_id", "connection not found, or not a database connection")]),
    (7905, &[("load", "package_id", "there is no package `7107`")]),
];

const PACKAGES: &str = r#"
    INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at)
    SELECT column1, MINE, 'faulty', column2, 'active', 5, column3, '{}', 0, 0 FROM (VALUES
        (7901, 'dataflow', '{"components": [
            {"name": "orders", "type": "database_source", "connection_id": 7042, "table": "orders"},
            {"name": "large", "type": "filter", "condition": "amuont > 5"},
            {"name": "columns", "type": "select", "fields": [{"expression": "amount + 1"}]},
            {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "large_orders", "mode": "append"}],
            "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "columns"}, {"from": "columns", "to": "kept"}]}'),
        (7902, 'dataflow', '{"components": [
            {"name": "orders", "type": "database_source", "connection_id": 7042, "tabel": "orders"},
            {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "large_orders", "mode": "append"}],
            "edges": []}'),
        (7903, 'dataflow', '{"components": [
            {"name": "orders", "type": "database_source", "connection_id": CLOSED, "table": "orders"},
            {"name": "kept", "type": "database_destination", "connection_id": CLOSED, "table": "large_orders", "mode": "append"}],
            "edges": [{"from": "orders", "to": "kept"}]}'),
        (7904, 'dataflow', '{"components": [
            {"name": "orders", "type": "database_source", "connection_id": 4, "table": "orders"},
            {"name": "kept", "type": "database_destination", "connection_id": 4, "table": "large_orders", "mode": "append"}],
            "edges": [{"from": "orders", "to": "kept"}]}'),
        (7905, 'workflow', '{"components": [{"name": "load", "type": "run_package", "package_id": 7107}], "edges": []}'));
"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_validation_tells_the_faults_and_leaves_one_record() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    // Nothing listens on port 1.
    let closed = crate::connections::done(
        server.folder(),
        &[
            "add",
            "--type",
            "postgres",
            "--host",
            "127.0.0.1",
            "--port",
            "1",
            "--database",
            "x",
            "--user",
            "reader",
            "--account",
            &mine.id,
            "--name",
            "closed",
        ],
        "a long enough password",
    );
    let closed = crate::connections::id_of(&closed).to_string();
    store::execute(&server, &PACKAGES.replace("CLOSED", &closed), &mine.id, &theirs.id).await;
    let before = files(&server).await;
    for (position, (package, expected)) in (1..).zip(CASES) {
        let validated = mine.call("validate_package", json!({"package_id": package})).await;
        let text = |fault: &Value, field: &str| fault[field].as_str().unwrap_or_default().to_owned();
        let faults = validated["errors"].as_array().expect("errors");
        let mut said: Vec<_> = faults
            .iter()
            .map(|fault| [text(fault, "component_name"), text(fault, "field"), text(fault, "message")])
            .collect();
        for (component, field, begin) in *expected {
            let at =
                said.iter().position(|said| said[0] == *component && said[1] == *field && said[2].starts_with(begin));
            said.remove(at.unwrap_or_else(|| panic!("{package}: no {component} {field} {begin}: {validated:#}")));
        }
        let unexpected: Vec<_> = said.iter().filter(|said| !said[2].starts_with("nothing reads it")).collect();
        assert!(unexpected.is_empty(), "{package}: {validated:#}");
        assert_eq!(validated["valid"], json!(expected.is_empty()), "{package}");
        let rows = rows(&server).await;
        let last = rows.last().expect("a record");
        assert_eq!((rows.len(), last.2, last.4), (position, *package, i64::try_from(faults.len()).expect("few")));
        assert_eq!((&json!(last.0), &json!(last.3)), (&validated["validation_id"], &validated["version"]));
        assert!(last.1 == mine.id && last.5.ends_with(" of mine"), "{last:?}");
    }
    // What is not there is not validated.
    mine.refusal("validate_package", json!({"package_id": 7107})).await;
    theirs.refusal("validate_package", json!({"package_id": 7101})).await;
    assert_eq!(rows(&server).await.len(), CASES.len());
    let after = files(&server).await;
    for (path, content) in before {
        assert!(after[&path] == content, "{} has changed", path.display());
    }
}

/// Every token that a program gets for a password has the same name, which says nothing of who asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_says_who_asked_with_a_token_for_a_password() {
    let (server, mine, _theirs) = shop::open(&[]).await;
    let (email, password) = ("mine@example.com", "correct horse battery");
    let set =
        run_with_input(env!("CARGO_BIN_EXE_integrate-io"), server.folder(), &["user", "password", email], password);
    assert!(set.status.success(), "{set:?}");
    let grant = json!({"grant_type": "password", "email": email, "password": password}).to_string();
    let grant = raw::request(server.authority(), "POST /oauth/token", &[], grant.as_bytes());
    let granted = raw::send(server.authority(), &grant).await.json();
    let url = format!("{}/mine/api/mcp", server.address());
    let client = Client::http(&url, granted["access_token"].as_str(), Revision::V2026_07_28);
    Account::with(mine.id, client).call("validate_package", json!({"package_id": 7101})).await;
    assert_eq!(rows(&server).await[0].5, "password grant of mine@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_stays_as_it_is() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    mine.call("validate_package", json!({"package_id": 7101})).await;
    let before = rows(&server).await;
    for (statement, refusal) in [
        ("UPDATE validations SET errors = 9", "a validation cannot be changed"),
        ("DELETE FROM validations", "a validation cannot be deleted"),
        ("INSERT OR REPLACE INTO validations VALUES (1, 'x', 1, 1, 0, 'x', 0)", "a validation cannot be replaced"),
    ] {
        let error = sqlx::query(statement).execute(&mut recorded(&server).await).await.expect_err(statement);
        assert!(error.to_string().contains(refusal), "{statement}: {error}");
    }
    assert_eq!(rows(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_is_recorded_although_its_caller_has_gone() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("an address").port().to_string();
    let login = ["--host", "127.0.0.1", "--port", &port, "--database", "d", "--user", "u", "--tls", "disable"];
    let of = ["--account", &mine.id, "--name", "silent"];
    let added = done(server.folder(), &[&["add", "--type", "postgres"], &of[..], &login].concat(), "a-password\n");
    let package = format!(
        r#"INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at)
           VALUES (7999, MINE, 'Silent', 'dataflow', 'active', 3, '{{"components": [
               {{"name": "orders", "type": "database_source", "connection_id": {id}, "table": "orders"}},
               {{"name": "kept", "type": "database_destination", "connection_id": {id}, "table": "kept", "mode": "append"}}],
               "edges": [{{"from": "orders", "to": "kept"}}]}}', '{{}}', 0, 0)"#,
        id = id_of(&added)
    );
    store::execute(&server, &package, &mine.id, "").await;

    // The caller goes as soon as the server has begun to ask the database, which never answers.
    let asked = tokio::select! {
        _ = mine.ask("validate_package", json!({"package_id": 7999})) => panic!("nobody answers"),
        asked = silent.accept() => asked.expect("a connection"),
    };
    server.wait_for_line(&["validate_package", "caller_gone"]);
    assert_eq!(rows(&server).await, []);
    drop((asked, silent));
    let deadline = Instant::now() + Duration::from_mins(1);
    while rows(&server).await.is_empty() {
        assert!(Instant::now() < deadline, "there is no record");
        sleep(Duration::from_millis(20)).await;
    }
    let [(_, account, package, version, errors, _)] = &*rows(&server).await else { panic!("one record") };
    assert_eq!((account, *package, *version, *errors > 0), (&mine.id, 7999, 3, true));
}
