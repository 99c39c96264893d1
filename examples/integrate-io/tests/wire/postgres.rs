//! The tools on a real PostgreSQL, through connections that the command has stored.

use serde_json::{Value, json};
use toolwright_tests::{Postgres, Ran, Server};

use crate::{
    account::{Account, start},
    connections::{connection, done, id_of},
    store,
};

const TOTALS: i64 = 8101;
const ENDLESS: i64 = 8102;
const OF_ANOTHER_TYPE: i64 = 8103;

/// A shop in a database of its own, and a server whose account has a connection to it, and packages over it.
struct Shop {
    postgres: &'static Postgres,
    database: &'static str,
    server: Server,
    mine: Account,
    connection: i64,
}

impl Shop {
    /// `None` where there is no PostgreSQL.
    async fn open(database: &'static str) -> Option<Self> {
        let postgres = Postgres::shared()?;
        postgres.database(database, include_str!("../data/postgres.sql"));
        let server = start();
        let mine = Account::named(&server, "mine");
        let added = add(&server, &mine, "shop", postgres.port(), database, Postgres::PASSWORD);
        let connection = id_of(&added);
        let packages = include_str!("../data/postgres_packages.sql").replace("CONNECTION", &connection.to_string());
        store::execute(&server, &packages, &mine.id, "").await;
        Some(Self { postgres, database, server, mine, connection })
    }

    fn totals(&self) -> String {
        self.postgres.sql(self.database, "SELECT region, total, orders FROM totals ORDER BY region")
    }
}

fn add(server: &Server, of: &Account, name: &str, port: u16, database: &str, password: &str) -> Ran {
    let port = port.to_string();
    let arguments = ["add", "--type", "postgres", "--account", &of.id, "--name", name, "--host", "127.0.0.1"];
    let login = ["--port", &port, "--database", database, "--user", "reader", "--writer", "writer", "--tls", "disable"];
    done(server.folder(), &[&arguments[..], &login].concat(), &format!("{password}\n{}\n", Postgres::PASSWORD))
}

/// A table as `discover_schema` shows it, without what is only estimated.
fn table(found: &Value) -> [&Value; 4] {
    [&found["schema"], &found["name"], &found["kind"], &found["column_count"]]
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_discovered_previewed_and_left_as_they_are() {
    let Some(Shop { postgres, database, server: _server, mut mine, connection: id }) = Shop::open("looked_at").await
    else {
        return;
    };
    let before = postgres.sql(database, "SELECT md5(string_agg(orders::text, ',' ORDER BY id)), count(*) FROM orders");

    let found = mine.call("discover_schema", json!({"connection_id": id})).await;
    let tables: Vec<_> = found["tables"].as_array().expect("tables").iter().map(table).collect();
    let expected = [
        ["billing", "orders", "table", "3"],
        ["public", "endless", "view", "1"],
        ["public", "large", "view", "6"],
        ["public", "orders", "table", "6"],
        ["public", "totals", "table", "3"],
    ];
    let shown: Vec<_> = tables.iter().map(|row| row.map(|value| value.to_string().replace('"', ""))).collect();
    assert_eq!(shown, expected);
    assert_eq!(found["total"], 5);
    let page = json!({"connection_id": id, "schema_name": "public", "search": "ORD", "limit": 5});
    let found = mine.call("discover_schema", page).await;
    assert_eq!((table(&found["tables"][0])[1], &found["total"]), (&json!("orders"), &json!(1)));

    let arguments = json!({"connection_id": id, "table": "orders", "row_count": 2, "where_clause": "amount > 1000"});
    let preview = mine.call("preview_data", arguments).await;
    assert_eq!((&preview["schema"], preview["rows"].as_array().map(Vec::len)), (&json!("public"), Some(2)));
    let all =
        mine.call("preview_data", json!({"connection_id": id, "table": "orders", "where_clause": "id = 3"})).await;
    let row = &all["rows"][0];
    assert_eq!((&row["id"], &row["region"], &row["amount"]), (&json!(3), &json!(null), &json!("2500.00")));
    assert_eq!((&row["tags"], &row["details"]), (&json!([]), &json!([1, 2])));
    assert!(row["ordered_at"].as_str().is_some_and(|at| at.starts_with("2026-01-03")), "{row}");
    let other = json!({"connection_id": id, "table": "orders", "schema_name": "billing"});
    assert_eq!(
        mine.call("preview_data", other).await["rows"],
        json!([{"id": 1, "note": "of billing", "password": "[redacted]"}])
    );

    for where_clause in [
        "1 = 1; DELETE FROM orders",
        "id IN (SELECT id FROM billing.orders)",
        "pg_sleep(30) IS NULL",
        "pg_read_file('/etc/passwd') <> ''",
        "amount > 1 -- all",
    ] {
        let arguments = json!({"connection_id": id, "table": "orders", "where_clause": where_clause});
        let refusal = mine.refusal("preview_data", arguments).await;
        assert!(refusal.starts_with("invalid_arguments: `where_clause`: "), "{where_clause}: {refusal}");
    }
    let after = postgres.sql(database, "SELECT md5(string_agg(orders::text, ',' ORDER BY id)), count(*) FROM orders");
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_by_signing_in() {
    let Some(Shop { postgres, database, server, mut mine, connection: id }) = Shop::open("signed_in_to").await else {
        return;
    };
    assert_eq!(mine.call("test_connection", json!({"connection_id": id})).await["success"], true);
    let checked =
        connection(server.folder(), &["check", &id.to_string(), "--account", &mine.id, "--kind", "database"], "");
    assert!(checked.status.success(), "{}", checked.stderr);

    let wrong = "not-the-password-Xy7Zw2Qv";
    for (name, database, password, expected) in [
        ("password", database, wrong, "authentication failed: "),
        ("database", "absent", Postgres::PASSWORD, "the server has no such database"),
    ] {
        let id = id_of(&add(&server, &mine, name, postgres.port(), database, password));
        let tested = mine.call("test_connection", json!({"connection_id": id})).await;
        let message = tested["error_message"].as_str().unwrap_or_default();
        assert!(tested["success"] == false && message.contains(expected), "{name}: {tested}");
        assert!(!message.contains(wrong) && !server.log().contains(wrong), "{name}: {tested}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_runs_in_postgres_and_its_rows_are_there() {
    let Some(mut shop) = Shop::open("run_in").await else { return };
    let run = shop.mine.run(json!({"package_id": TOTALS})).await;
    let over = shop.mine.when(run, "completed").await;
    assert_eq!(over["variables"], json!({"threshold": "1000"}));
    assert_eq!(shop.totals().trim(), "south|5500.50|2");
    let run =
        shop.mine.run(json!({"package_id": TOTALS, "dynamic_variables": {"threshold": "length('abc') * 1000"}})).await;
    shop.mine.when(run, "completed").await;
    assert_eq!(shop.totals().trim(), "south|4000.00|1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_ends_in_postgres_too() {
    let Some(mut shop) = Shop::open("cancelled_in").await else { return };
    let run = shop.mine.run(json!({"package_id": ENDLESS})).await;
    let at_work = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'cancelled_in' AND usename = 'writer' AND state = 'active' AND query LIKE '%endless%'";
    until(|| shop.postgres.sql("postgres", at_work).trim() == "1").await;
    let cancelled = shop.mine.call("cancel_job", json!({"run_id": run})).await;
    assert_eq!((&cancelled["cancelled"], &cancelled["run"]["status"]), (&json!(true), &json!("cancelled")));
    until(|| shop.postgres.sql("postgres", at_work).trim() == "0").await;
    // What `replace` had deleted is there again.
    assert_eq!(shop.totals().trim(), "old|1|1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_only_postgres_sees_is_found_by_validation_and_explained_after_a_run() {
    let Some(mut shop) = Shop::open("at_fault").await else { return };
    assert_eq!(shop.mine.call("validate_package", json!({"package_id": TOTALS})).await["errors"], json!([]));
    let found = shop.mine.call("validate_package", json!({"package_id": OF_ANOTHER_TYPE})).await;
    let components: Vec<_> = found["errors"].as_array().expect("errors").iter().map(|e| &e["component_name"]).collect();
    assert!(found["valid"] == false && components.contains(&&json!("odd")), "{found}");

    let run = shop.mine.run(json!({"package_id": OF_ANOTHER_TYPE})).await;
    let failed = shop.mine.when(run, "failed").await;
    let error = failed["run"]["last_error"].clone();
    assert!(error.as_str().is_some_and(|error| error.contains("odd") || error.contains("totals")), "{failed}");
    let explained = shop.mine.call("explain_job_failure", json!({"run_id": run})).await;
    assert_eq!(explained["primary_error"], error);
    assert_eq!(shop.totals().trim(), "old|1|1");
}

/// Waits until something is so.
async fn until(is_so: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(1);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "it does not come");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
