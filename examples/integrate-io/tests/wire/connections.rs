//! The command `connection`, and the tools that look at what connections lead to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use toolwright_tests::{Ran, Server, run_with_input};

use crate::{
    account::{Account, server, start},
    store,
};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_integrate-io");

/// A password that must not be found anywhere. Nothing of its form tells that it is one.
const CANARY: &str = "canary Zt4Qw8Er2Ty6 Üi0Op3As7Df";
const WRITERS: &str = "writers.Kj3Hg5Fd7Sa9Po1Iu";

/// Runs `connection` in the folder of a server, with what standard input has.
pub(crate) fn connection(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    run_with_input(BINARY, folder, &[&["connection"], arguments].concat(), input)
}

/// Runs `connection`, which must succeed.
pub(crate) fn done(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let ran = connection(folder, arguments, input);
    assert!(ran.status.success(), "{arguments:?}: {}", ran.stderr);
    ran
}

const POSTGRES: &[&str] =
    &["add", "--type", "postgres", "--host", "127.0.0.1", "--port", "1", "--database", "sales", "--user", "reader"];

fn add_postgres(folder: &Path, account: &str, name: &str, more: &[&str], input: &str) -> Ran {
    let account: &[&str] = if more.contains(&"--account") { &[] } else { &["--account", account] };
    connection(folder, &[POSTGRES, account, &["--name", name], more].concat(), input)
}

/// A SQLite database with two tables and a view, and a connection to it; its id.
async fn shop(server: &Server, account: &str, name: &str) -> (PathBuf, i64) {
    let file = server.folder().join(format!("{name}.db"));
    let statements = "CREATE TABLE orders (id INTEGER PRIMARY KEY, region TEXT, amount REAL NOT NULL);
        INSERT INTO orders VALUES (1, 'north', 500), (2, 'south', 1500.5), (3, NULL, 2500);
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
        CREATE VIEW large_orders AS SELECT * FROM orders WHERE amount > 1000";
    store::make(&file, statements).await;
    let arguments = ["add", "--type", "sqlite", "--account", account, "--name", name, "--database"];
    let added = done(server.folder(), &[&arguments[..], &[file.to_str().expect("Unicode")]].concat(), "");
    (file, id_of(&added))
}

/// The id of the connection that was added.
pub(crate) fn id_of(added: &Ran) -> i64 {
    let id = added.stderr.split_once(" with the id ").and_then(|(_, rest)| rest.split_once(','));
    id.and_then(|(id, _)| id.parse().ok()).unwrap_or_else(|| panic!("no id: {}", added.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_added_can_be_looked_through_at_once() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let (file, id) = shop(&server, &mine.id, "shop").await;

    let found = mine.call("discover_schema", json!({"connection_id": id})).await;
    let table = |name: &str, kind: &str, columns: i64| json!({"schema": "main", "name": name, "kind": kind, "column_count": columns});
    let tables = [table("customers", "table", 2), table("large_orders", "view", 3), table("orders", "table", 3)];
    assert_eq!(found, json!({"tables": tables, "total": 3}));
    let page = json!({"connection_id": id, "search": "ORDER", "limit": 1, "offset": 1, "schema_name": "main"});
    assert_eq!(mine.call("discover_schema", page).await, json!({"tables": [tables[2]], "total": 2}));

    // As the vendor's page has it.
    let arguments = json!({"connection_id": id, "table": "orders", "row_count": 20, "where_clause": "amount > 1000"});
    let preview = mine.call("preview_data", arguments).await;
    let rows = json!([{"id": 2, "region": "south", "amount": 1500.5}, {"id": 3, "region": null, "amount": 2500.0}]);
    assert_eq!((&preview["rows"], &preview["truncated"]), (&rows, &json!(false)));
    assert_eq!((&preview["schema"], &preview["table"]), (&json!("main"), &json!("orders")));
    let amount = json!({"name": "amount", "type": "REAL", "nullable": false, "primary_key": false});
    assert_eq!(preview["columns"][2], amount);
    let one = mine.call("preview_data", json!({"connection_id": id, "table": "orders", "row_count": 1})).await;
    assert_eq!(one["rows"].as_array().map(Vec::len), Some(1));

    let tested = mine.call("test_connection", json!({"connection_id": id})).await;
    assert_eq!((&tested["success"], tested.get("error_message")), (&json!(true), None));
    fs::remove_file(file).expect("a file");
    let tested = mine.call("test_connection", json!({"connection_id": id})).await;
    assert_eq!((&tested["success"], &tested["error_message"]), (&json!(false), &json!("the file does not exist")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_connection_of_the_account_is_refused_in_the_same_words() {
    let server = start();
    let (mut mine, theirs) = (Account::named(&server, "mine"), Account::named(&server, "theirs"));
    let (_, of_others) = shop(&server, &theirs.id, "theirs").await;
    let (_, id) = shop(&server, &mine.id, "mine").await;
    let storage = ["add", "--type", "s3", "--bucket", "b", "--host", "127.0.0.1", "--name", "files", "--account"];
    // No database connection of the account has its id.
    let cloud = id_of(&done(server.folder(), &[&storage[..], &[&mine.id]].concat(), ""));
    assert_ne!(id, cloud);

    for id in [777, of_others, cloud] {
        for (tool, arguments) in [("discover_schema", json!({})), ("preview_data", json!({"table": "orders"}))] {
            let mut arguments = arguments;
            arguments["connection_id"] = json!(id);
            let refusal = mine.refusal(tool, arguments).await;
            let expected = "invalid_arguments: `connection_id`: connection not found, or not a database connection";
            assert_eq!(refusal, expected, "{tool} {id}");
        }
    }
    for (arguments, expected) in [
        (json!({"connection_id": 777}), 777),
        (json!({"connection_id": of_others, "connection_type": "database"}), of_others),
    ] {
        let refusal = mine.refusal("test_connection", arguments).await;
        assert!(refusal.contains(&format!("there is no connection `{expected}` in your account")), "{refusal}");
    }

    store::execute(&server, "UPDATE connections SET status = 'disabled' WHERE account = MINE", &mine.id, "").await;
    let refusal = mine.refusal("discover_schema", json!({"connection_id": id})).await;
    let disabled = format!("the connection `{id}` is disabled: enable it before it is used");
    assert!(refusal.contains(&disabled), "{refusal}");
    let tested = mine.call("test_connection", json!({"connection_id": id})).await;
    assert_eq!(tested["error_message"], disabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_a_database_does_not_take_are_named() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let (_, id) = shop(&server, &mine.id, "shop").await;
    for (more, expected) in [
        (json!({"table": "absent"}), "`table`: no table `absent`"),
        (json!({"table": "orders", "schema_name": "absent"}), "`table`: no table `orders`"),
        (json!({"table": "orders", "where_clause": "absent > 1"}), "`where_clause`: "),
        (json!({"table": "orders", "where_clause": "1; DELETE FROM orders"}), "`where_clause`: "),
        (json!({"table": "orders", "where_clause": "id IN (SELECT 1)"}), "`where_clause`: "),
    ] {
        let mut arguments = more;
        arguments["connection_id"] = json!(id);
        let refusal = mine.refusal("preview_data", arguments.clone()).await;
        assert!(refusal.contains(expected), "{arguments}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_fails_is_a_result_and_both_kinds_are_told_apart() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let added = add_postgres(server.folder(), &mine.id, "warehouse", &[], CANARY);
    let id = id_of(&added);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let storage = ["add", "--type", "s3", "--bucket", "b", "--host", "127.0.0.1", "--port", &port, "--user", "key-id"];
    let storage = [&storage[..], &["--name", "files", "--account", &mine.id]].concat();
    let storage = id_of(&done(server.folder(), &storage, WRITERS));
    let one_id = format!("UPDATE connections SET id = {id} WHERE kind = 'cloud_storage' AND id = {storage}");
    store::execute(&server, &one_id, &mine.id, "").await;

    let refusal = mine.refusal("test_connection", json!({"connection_id": id})).await;
    assert!(
        refusal.contains(&format!("`connection_type`: the id `{id}` is that of a database connection and of")),
        "{refusal}"
    );
    let failed = mine.call("test_connection", json!({"connection_id": id, "connection_type": "database"})).await;
    assert_eq!(failed["success"], false);
    let message = "the host refuses the connection: nothing listens on that port";
    assert_eq!(failed["error_message"], message);
    let arguments = json!({"connection_id": id, "connection_type": "cloud_storage"});
    assert_eq!(mine.call("test_connection", arguments.clone()).await["success"], true);
    drop(listener);
    let failed = mine.call("test_connection", arguments).await;
    let failure = failed["error_message"].as_str().unwrap_or_default();
    assert!(failure.starts_with(&format!("127.0.0.1:{port} cannot be reached: ")), "{failed}");

    let refusal = mine.refusal("preview_data", json!({"connection_id": id, "table": "orders"})).await;
    assert!(refusal.contains(&format!("the connection `{id}`: {message}")), "{refusal}");
    let checked =
        connection(server.folder(), &["check", &id.to_string(), "--account", &mine.id, "--kind", "database"], "");
    assert_eq!((checked.status.code(), checked.stderr), (Some(1), format!("integrate-io: `warehouse`: {message}\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_hang_hold_up_no_more_than_they_may() {
    let server = server().arg("--connection-calls=2").start();
    let mut mine = Account::named(&server, "mine");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let silent = ["add", "--type", "postgres", "--tls", "disable", "--host", "127.0.0.1", "--port", &port];
    let silent = [&silent[..], &["--database", "d", "--user", "u", "--name", "silent", "--account", &mine.id]].concat();
    let id = id_of(&done(server.folder(), &silent, CANARY));
    let call = json!({"connection_id": id});
    let hanging = [Account::named(&server, "mine"), Account::named(&server, "mine")].map(|mut account| {
        let call = call.clone();
        tokio::spawn(async move { account.call("test_connection", call).await })
    });
    // Both have connected, and get no word.
    let _connected = [listener.accept().await.expect("a client"), listener.accept().await.expect("a client")];
    let refusal = mine.refusal("test_connection", call.clone()).await;
    assert!(refusal.contains("as many calls look at connections as the server allows: call again"), "{refusal}");
    assert_eq!(mine.call("list_connections", json!({})).await["total"], 1);
    for hanging in hanging {
        let answer = hanging.await.expect("an answer");
        assert_eq!(answer["error_message"], "the database did not answer within 5 s");
    }
}

#[test]
fn what_does_not_fit_is_refused_and_stores_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert!(add_postgres(folder, "1", "there", &[], CANARY).status.success());
    let before = done(folder, &["list"], "").stdout;
    let long = "x".repeat(8193);
    let twice = format!("{CANARY}\n{CANARY}");
    let added: &[(&str, &[&str], &str, &str)] = &[
        ("there", &[], CANARY, "the account has a connection `there` already: choose another name"),
        ("new", &[], "", "write one line to standard input: the password of `reader`"),
        ("new", &[], &twice, "write one line to standard input"),
        (
            "new",
            &["--writer", "writer"],
            CANARY,
            "write 2 lines to standard input: the password of `reader`, then that of `writer`",
        ),
        ("new", &[], "short", "the password of `reader` must have 6 to 8192 bytes, on one line"),
        ("new", &["--writer", "writer"], "long enough\nshort", "the password of `writer` must have"),
        ("new", &[], &long, "the password of `reader` must have"),
        ("new", &[], "tab\tin it", "the password of `reader` must have"),
        ("new\u{202e}", &[], CANARY, "write 1 to 120 printable characters"),
        ("new", &["--password", CANARY], "", "unexpected argument '--password'"),
        ("new", &["--account", "demo"], CANARY, "write the account's id, a number, as `account list` shows it"),
        ("new", &["--bucket", "b"], CANARY, "a connection of the type postgres has no --bucket"),
    ];
    for (name, more, input, expected) in added {
        let ran = add_postgres(folder, "1", name, more, input);
        assert!(!ran.status.success() && ran.stderr.contains(expected), "{name} {more:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("long enough"), "{}", ran.stderr);
    }
    let others: &[(&[&str], &str)] = &[
        (&["--type", "postgres", "--host", "h", "--database", "d"], "a connection of the type postgres needs --user"),
        (&["--type", "sqlite", "--database", "x.db", "--user", "u"], "a connection of the type sqlite has no --user"),
        (&["--type", "sqlite", "--database", "x.db"], "a connection does not make its database"),
        (&["--type", "sqlite", "--database", "data/integrate-io-store.db"], "is the server's own store"),
        (&["--type", "sftp", "--bucket", "b"], "a connection of the type sftp needs --host"),
        (&["--type", "oracle"], "write one of postgres, sqlite, s3"),
    ];
    for (more, expected) in others {
        let ran = connection(folder, &[&["add", "--account", "1", "--name", "new"], *more].concat(), "");
        assert!(!ran.status.success() && ran.stderr.contains(expected), "{more:?}: {}", ran.stderr);
    }
    // Another account's connection is absent.
    for arguments in [&["remove", "1", "--account", "2"][..], &["check", "1", "--account", "2"]] {
        let ran = connection(folder, arguments, "");
        let expected = "integrate-io: there is no connection `1`\n".to_owned();
        assert_eq!((ran.status.code(), ran.stderr), (Some(1), expected));
    }
    assert_eq!(done(folder, &["list"], "").stdout, before);
}

#[test]
fn an_id_is_given_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert_eq!(id_of(&add_postgres(folder, "1", "first", &[], CANARY)), 1);
    assert_eq!(id_of(&add_postgres(folder, "2", "first", &[], CANARY)), 2);
    let removed = done(folder, &["remove", "2", "--account", "2"], "").stderr;
    assert_eq!(removed, "removed `first`, of the kind database, with the id 2\n");
    assert_eq!(id_of(&add_postgres(folder, "1", "second", &["--writer", "w"], &format!("{CANARY}\n{WRITERS}\n"))), 3);
    let list = done(folder, &["list", "--account", "1"], "").stdout;
    let rows: Vec<&str> = list.lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
    assert_eq!(rows, ["ID", "1", "3"]);
}

/// Whether any file below a folder has a text in it.
fn found_in_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).any(|path| {
        if path.is_dir() {
            return found_in_files(&path, text);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_in_no_file_and_are_kept_back_from_what_is_read() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let input = format!("{CANARY}\n{WRITERS}\n");
    let added = add_postgres(server.folder(), &mine.id, "warehouse", &["--writer", "writer"], &input);
    assert!(added.status.success() && !added.stderr.contains(CANARY), "{}", added.stderr);
    let id = id_of(&added);
    assert!(found_in_files(server.folder(), "warehouse"));
    assert!(!found_in_files(server.folder(), CANARY) && !found_in_files(server.folder(), WRITERS));

    // They turn up elsewhere: in what a person has written.
    let rows = format!(
        "INSERT INTO workspaces (account, name, description, created_at) VALUES (MINE, 'a', 'it is {CANARY}', 0), (MINE, 'b', 'or {WRITERS}', 0)"
    );
    store::execute(&server, &rows, &mine.id, "").await;
    let descriptions = |listed: Value| {
        [listed["workspaces"][0]["description"].clone(), listed["workspaces"][1]["description"].clone()]
    };
    // A server knows what was stored while it runs as soon as it has opened the connection, …
    mine.call("test_connection", json!({"connection_id": id})).await;
    assert_eq!(descriptions(mine.call("list_workspaces", json!({})).await), ["it is [redacted]", "or [redacted]"]);
    // … and what was stored before from its start on.
    let again = crate::account::server().folder(server.folder()).start();
    let mut mine = Account::named(&again, "mine");
    assert_eq!(descriptions(mine.call("list_workspaces", json!({})).await), ["it is [redacted]", "or [redacted]"]);
    assert!(!server.log().contains(CANARY) && !again.log().contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_for_their_own_connection_only() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let [id, other] =
        ["first", "second"].map(|name| id_of(&add_postgres(server.folder(), &mine.id, name, &[], CANARY)));
    let sealed = format!("the credentials of the connection `{id}` do not open");
    let others = format!(
        "(nonce, ciphertext) = (SELECT nonce, ciphertext FROM connections WHERE kind = 'database' AND id = {other})"
    );
    for change in ["host = 'localhost'", "port = 2", "database = 'other'", "tls = 'disable'", &others] {
        let this = format!("kind = 'database' AND id = {id}");
        let keep = format!("CREATE TABLE kept AS SELECT * FROM connections WHERE {this};");
        let statements = format!("{keep} UPDATE connections SET {change} WHERE {this}");
        store::execute(&server, &statements, &mine.id, "").await;
        let tested = mine.call("test_connection", json!({"connection_id": id})).await;
        let message = tested["error_message"].as_str().unwrap_or_default();
        assert!(message.starts_with(&sealed), "{change}: {tested}");
        let restore = format!(
            "DELETE FROM connections WHERE {this}; INSERT INTO connections SELECT * FROM kept; DROP TABLE kept"
        );
        store::execute(&server, &restore, &mine.id, "").await;
    }
    let refused = mine.call("test_connection", json!({"connection_id": id})).await;
    assert!(refused["error_message"].as_str().unwrap_or_default().starts_with("the host refuses"), "{refused}");

    let key_file = server.folder().join("data/integrate-io-store.db.key");
    fs::remove_file(key_file).expect("a key file");
    let tested = mine.call("test_connection", json!({"connection_id": id})).await;
    assert!(tested["error_message"].as_str().unwrap_or_default().starts_with(&sealed), "{tested}");
    server.wait_for_line(&["credentials do not open", "there is no key file"]);
    let refused = add_postgres(server.folder(), &mine.id, "third", &[], CANARY);
    assert!(refused.stderr.contains("if their key file is lost, remove their connections first"), "{}", refused.stderr);
}
