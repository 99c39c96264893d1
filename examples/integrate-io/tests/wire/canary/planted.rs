//! An account that has secrets wherever something can be written.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use toolwright_tests::Server;

use super::secrets::{BEARER, NAMED, READER, STORAGE, WRITER, lines, pem, percent};
use crate::{
    connections::{done, id_of},
    store,
};

/// The connections of the account: a SQLite file, a PostgreSQL server that tells secrets in its errors, one in a folder
/// whose name is a secret, and cloud storage.
pub(super) struct Planted {
    pub(super) file: i64,
    pub(super) telling: i64,
    pub(super) socket: i64,
    pub(super) storage: i64,
}

/// Plants secrets into an account whose server does not run.
pub(super) async fn plant(server: &Server, account: &str) -> Planted {
    let folder = server.folder();
    let file = folder.join("vault.db");
    store::make(&file, &tables()).await;
    let port = telling_server().await.to_string();
    let add = |system: &str, name: &str, more: &[&str], input: &str| {
        let arguments = ["add", "--type", system, "--account", account, "--name", name];
        id_of(&done(folder, &[&arguments[..], more].concat(), input))
    };
    let database = file.to_str().expect("Unicode");
    let socket = format!("/nowhere/{WRITER}");
    let passwords = format!("{READER}\n{WRITER}\n");
    let postgres = ["--database", WRITER, "--user", "reader", "--writer", "writer", "--tls", "disable"];
    let planted = Planted {
        file: add("sqlite", &format!("vault {READER}"), &["--database", database], ""),
        telling: add(
            "postgres",
            "telling",
            &[&postgres[..], &["--host", "127.0.0.1", "--port", &port]].concat(),
            &passwords,
        ),
        socket: add("postgres", "socket", &[&postgres[..], &["--host", &socket]].concat(), &passwords),
        storage: add(
            "s3",
            "storage",
            &["--bucket", STORAGE, "--host", "127.0.0.1", "--port", "1", "--user", "id"],
            STORAGE,
        ),
    };
    rows(&mut store::open(server).await, account, &planted).await;
    planted
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A database with secrets as names, in rows, and in what it says when something is wrong.
fn tables() -> String {
    let (reader, writer, storage) = (quoted(READER), quoted(WRITER), quoted(STORAGE));
    let lines = lines(READER).join("\n");
    // Of a long text the end is not shown: of the secrets in it a part would be.
    let long = |before: usize| format!("{}{WRITER}{}", "x".repeat(before), "y".repeat(100));
    let mut tables = format!(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT, amount INTEGER);
         INSERT INTO orders VALUES (1, '{lines}', 1), (2, '{}', 2), (3, '{}', 3), (4, 'Bearer {BEARER}', 4),
             (5, 'password={NAMED}', 5), (6, '{}', 6);
         CREATE TABLE {reader} ({writer} TEXT, password TEXT);
         INSERT INTO {reader} VALUES ('{STORAGE}', '{NAMED}');
         CREATE VIEW {storage} AS SELECT * FROM orders;
         CREATE TABLE guarded (id INTEGER, amount INTEGER, CONSTRAINT {reader} CHECK (amount < 0));",
        long(1985),
        long(1975),
        pem().join("\n"),
    );
    tables.push_str("CREATE TABLE copied (id INTEGER, amount INTEGER);");
    tables
}

/// A PostgreSQL server that refuses everybody, in words that have the secrets of its connection. Its port.
async fn telling_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(refuse(stream));
        }
    });
    port
}

async fn refuse(mut stream: TcpStream) {
    let mut startup = [0; 1024];
    if stream.read(&mut startup).await.is_err() {
        return;
    }
    let message =
        format!("no way to postgres://reader:{}@10.0.0.1/sales password='{WRITER}' {READER}", percent(READER));
    let mut fields = Vec::new();
    for (code, text) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', "XX000"), (b'M', &message), (b'D', READER)] {
        fields.push(code);
        fields.extend_from_slice(text.as_bytes());
        fields.push(0);
    }
    fields.push(0);
    let length = u32::try_from(fields.len() + 4).expect("a short message");
    // Whoever has gone needs no answer.
    let _ = stream.write_all(&[&b"E"[..], &length.to_be_bytes(), &fields].concat()).await;
}

/// A data flow from a table to another of the same connection.
fn flow(connection: i64, source: &str, condition: &str, destination: &str) -> Value {
    flow_through(connection, source, condition, "columns", destination)
}

fn flow_through(connection: i64, source: &str, condition: &str, columns: &str, destination: &str) -> Value {
    let end = |name: &str, kind: &str, table: &str| json!({"name": name, "type": kind, "connection_id": connection, "table": table});
    let mut destination = end("out", "database_destination", destination);
    destination["mode"] = json!("append");
    json!({
        "components": [
            end("in", "database_source", source),
            {"name": "some", "type": "filter", "condition": condition},
            {"name": columns, "type": "select", "fields": [{"expression": "id"}, {"expression": "amount"}]},
            destination,
        ],
        "edges": [{"from": "in", "to": "some"}, {"from": "some", "to": columns}, {"from": columns, "to": "out"}],
    })
}

/// The packages: ids, and what they are made of.
pub(super) const PACKAGES: [i64; 7] = [7101, 7102, 7103, 7104, 7105, 7106, 7107];
/// A run that has failed, with secrets in its log.
pub(super) const RUN: i64 = 7001;

async fn rows(store: &mut SqliteConnection, account: &str, planted: &Planted) {
    let all = [READER, WRITER, STORAGE];
    let text = format!("It is {READER}, or in hexadecimal {}.", lines(WRITER)[6]);
    let literal = format!("note <> '{READER}'");
    let flows = [
        flow(planted.file, "orders", &literal, "guarded"),
        flow(planted.file, "orders", &format!("{literal} AND {} > 1", quoted(WRITER)), "copied"),
        flow(planted.telling, "orders", &literal, "copied"),
        flow(planted.file, WRITER, "TRUE", "copied"),
        flow_through(planted.file, "orders", &format!("{READER} = {WRITER}"), READER, STORAGE),
        flow(planted.socket, "orders", "TRUE", "copied"),
        json!({"components": [{"name": "in", "type": STORAGE, "password": NAMED, "table": {"secret": READER}}], "edges": [{"from": READER, "to": WRITER}]}),
    ];
    let variables = json!({
        "plain": READER, "password": NAMED, "token": format!("Bearer {BEARER}"), "key": pem().join("\n"), STORAGE: WRITER,
    });
    let log: Vec<String> = all.iter().flat_map(|secret| lines(secret)).chain(pem()).collect();
    let log = [log, vec![format!("Authorization: Bearer {BEARER}"), format!("api_key: {NAMED}")]].concat();
    let mut statements = vec![
        (
            "INSERT INTO workspaces (id, account, name, description, created_at) VALUES (7, ?1, ?2, ?3, 0)",
            vec![READER.to_owned(), text.clone()],
        ),
        (
            "INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at)
             VALUES (7201, ?1, ?2, 'sandbox', 'available', 1, ?3, 1, 0)",
            vec![WRITER.to_owned(), lines(READER)[8].clone()],
        ),
    ];
    // The name of a copy has no room for all of such a name.
    for (id, flow) in PACKAGES.iter().zip(&flows) {
        statements.push((
            "INSERT INTO packages (id, account, workspace, name, description, flow_type, status, version, data_flow, variables, created_at, updated_at)
             VALUES (?5, ?1, 7, ?2, ?3, 'dataflow', 'active', 1, ?4, ?6, 0, 0)",
            vec![format!("{id} {}{WRITER}", "x".repeat(85)), text.clone(), flow.to_string(), id.to_string(), variables.to_string()],
        ));
        statements.push((
            "INSERT INTO package_versions (package, version, data_flow, variables, event, actor, created_at)
             SELECT id, 1, data_flow, variables, 'created', 'a test', 0 FROM packages WHERE account = ?1 AND id = ?2",
            vec![id.to_string()],
        ));
    }
    statements.extend([
        (
            "INSERT INTO schedules (id, account, package, name, cron, time_zone, variables, enabled, last_error, created_at, updated_at)
             VALUES (7301, ?1, 7101, ?2, '0 0 1 1 *', 'UTC', ?3, 0, ?4, 0, 0)",
            vec![STORAGE.to_owned(), variables.to_string(), text.clone()],
        ),
        (
            "INSERT INTO runs (id, account, package, package_version, status, variables, dynamic_variables, error, actor,
                 created_at, started_at, completed_at)
             VALUES (7001, ?1, 7101, 1, 'failed', ?2, ?3, ?4, ?5, 0, 0, 0)",
            vec![variables.to_string(), "{}".to_owned(), lines(STORAGE)[1].clone(), READER.to_owned()],
        ),
        (
            "INSERT INTO run_log (run, line, at, text) SELECT 7001, key + 1, 0, value FROM json_each(?2) WHERE ?1 <> ''",
            vec![json!(log).to_string()],
        ),
    ]);
    for (statement, values) in statements {
        let mut query = sqlx::query(AssertSqlSafe(statement)).bind(account);
        for value in values {
            query = query.bind(value);
        }
        query.execute(&mut *store).await.expect(statement);
    }
}
