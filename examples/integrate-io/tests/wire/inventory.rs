//! The tools of the area Account inventory, on what `tests/data/inventory.sql` puts into two accounts.

use serde_json::{Value, json};
use toolwright_tests::Server;

use crate::{
    account::{Account, each, start},
    store,
};

/// A server, and two accounts with something in them.
pub(crate) async fn two_accounts() -> (Server, Account, Account) {
    let server = start();
    let (mine, theirs) = (Account::named(&server, "mine"), Account::named(&server, "theirs"));
    store::execute(&server, include_str!("../data/inventory.sql"), &mine.id, &theirs.id).await;
    (server, mine, theirs)
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_come_by_name_with_the_runs_of_a_day() {
    let (_server, mut mine, mut theirs) = two_accounts().await;
    let workspace = |id, name, counts: [i64; 3]| {
        json!({"id": id, "name": name, "package_count": counts[0], "last_failed_jobs_count": counts[1],
               "last_completed_jobs_count": counts[2]})
    };
    let mut accounts = workspace(9003, "Accounts", [0, 0, 0]);
    accounts["description"] = json!("Who owes what");
    let mut shops = workspace(9001, "shops", [1, 2, 1]);
    shops["description"] = json!("Orders and customers of the shops");
    let summer = workspace(9002, "L'Été", [0, 0, 0]);
    let listed = mine.call("list_workspaces", json!({})).await;
    assert_eq!(listed, json!({"workspaces": [accounts, summer, shops], "total": 3}));
    let page = mine.call("list_workspaces", json!({"limit": 1, "offset": 1})).await;
    assert_eq!(page, json!({"workspaces": [summer], "total": 3}));
    let listed = theirs.call("list_workspaces", json!({})).await;
    assert_eq!((each(&listed["workspaces"], "id"), &listed["total"]), (vec![&json!(9004)], &json!(1)));
}

/// What lists hold: a tool, the field of its list, arguments, ids, and how many there are in all.
const LISTS: &[(&str, &str, &str, &[i64], i64)] = &[
    ("list_packages", "packages", "{}", &[9101, 9103, 9102], 3),
    ("list_packages", "packages", r#"{"limit": 1, "offset": 1}"#, &[9103], 3),
    ("list_packages", "packages", r#"{"offset": 3}"#, &[], 3),
    ("list_packages", "packages", r#"{"status": "active", "limit": 10}"#, &[9101, 9103], 2),
    ("list_packages", "packages", r#"{"status": "archived"}"#, &[9102], 1),
    ("list_packages", "packages", r#"{"flow_type": "workflow"}"#, &[9103], 1),
    ("list_packages", "packages", r#"{"workspace_id": 9001}"#, &[9101, 9102], 2),
    ("list_packages", "packages", r#"{"workspace_id": 9001, "status": "active", "flow_type": "dataflow"}"#, &[9101], 1),
    ("list_packages", "packages", r#"{"workspace_id": 9004}"#, &[], 0),
    ("list_connections", "connections", "{}", &[9203, 9201, 9202, 9201], 4),
    ("list_connections", "connections", r#"{"limit": 2, "offset": 1}"#, &[9201, 9202], 4),
    ("list_connections", "connections", r#"{"connection_type_filter": "database"}"#, &[9202, 9201], 2),
    ("list_connections", "connections", r#"{"connection_type_filter": "cloud_storage"}"#, &[9203, 9201], 2),
    ("list_connections", "connections", r#"{"connection_type_filter": "sqlite"}"#, &[9202], 1),
    ("list_connections", "connections", r#"{"connection_type_filter": "azure_blob_storage"}"#, &[], 0),
    ("list_clusters", "clusters", "{}", &[9302, 9301], 2),
    ("list_clusters", "clusters", r#"{"status": "available"}"#, &[9301], 1),
    ("list_clusters", "clusters", r#"{"limit": 1, "offset": 1}"#, &[9301], 2),
];

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_what_their_filters_match() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    for (tool, field, arguments, ids, total) in LISTS {
        let arguments: Value = serde_json::from_str(arguments).expect("arguments");
        let listed = mine.call(tool, arguments.clone()).await;
        let found: Vec<i64> = each(&listed[*field], "id").into_iter().filter_map(Value::as_i64).collect();
        assert_eq!((found.as_slice(), &listed["total"]), (*ids, &json!(total)), "{tool} {arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_comes_with_a_summary_and_whole_when_asked() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    let package = json!({
        "id": 9101, "name": "Large orders", "description": "Copies orders above a threshold", "flow_type": "dataflow",
        "status": "active", "workspace_id": 9001, "version": 3, "last_run_status": "running",
        "created_at": "2023-11-14T22:13:20.000000Z", "updated_at": "2023-11-14T22:18:20.000000Z",
    });
    let listed = mine.call("list_packages", json!({"limit": 1})).await;
    assert_eq!(listed["packages"], json!([package]));

    // A component without a type is counted, but of none.
    let data_flow = json!({"component_count": 4, "edge_count": 2, "variables_count": 2,
                           "component_types": {"database_source": 1, "filter": 2}});
    let got = mine.call("get_package", json!({"package_id": 9101})).await;
    assert_eq!(got, json!({"package": package, "data_flow": data_flow}));

    let full = mine.call("get_package", json!({"package_id": 9101, "include_full_graph": true})).await;
    assert_eq!((&full["package"], &full["data_flow"]), (&package, &data_flow));
    assert_eq!(full["variables"], json!({"threshold": "1000", "region": "north"}));
    assert_eq!(full["data_flow_json"]["components"][1], json!({"name": "b", "type": "filter"}));
    assert_eq!(full["data_flow_json"]["edges"][1], json!({"from": "b", "to": "c"}));

    let empty = mine.call("get_package", json!({"package_id": 9103})).await;
    assert_eq!(empty["package"].get("workspace_id"), None);
    let nothing = json!({"component_count": 0, "edge_count": 0, "variables_count": 0, "component_types": {}});
    assert_eq!(empty["data_flow"], nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_comes_without_what_lets_one_in() {
    let (_server, mut mine, mut theirs) = two_accounts().await;
    let warehouse = json!({
        "id": 9201, "name": "warehouse", "connection_type": "database", "type": "postgres", "status": "active",
        "host": "db.example.com", "port": 5432, "database": "sales", "tunnel_type": "ssh", "password": "[redacted]",
        "created_at": "2023-11-14T22:13:20.000000Z",
    });
    let exports = json!({
        "id": 9201, "name": "Exports", "connection_type": "cloud_storage", "type": "s3", "status": "active",
        "host": "s3.example.com", "port": 443, "bucket": "exports-of-orders", "tunnel_type": "direct",
        "created_at": "2023-11-14T22:13:20.000000Z",
    });
    // Where the file is on the server is not told.
    let files = json!({
        "id": 9202, "name": "Files", "connection_type": "database", "type": "sqlite", "status": "disabled",
        "database": "orders.db", "tunnel_type": "direct", "created_at": "2023-11-14T22:13:20.000000Z",
    });
    for (arguments, expected) in [
        (json!({"connection_id": 9201, "connection_type": "database"}), &warehouse),
        (json!({"connection_id": 9201, "connection_type": "cloud_storage"}), &exports),
        (json!({"connection_id": 9202, "connection_type": "database"}), &files),
        // The other kind's connection with this id is another account's.
        (json!({"connection_id": 9202}), &files),
    ] {
        assert_eq!(&mine.call("get_connection", arguments).await, expected);
    }
    assert_eq!(theirs.call("get_connection", json!({"connection_id": 9202})).await["name"], "Their files");

    let refusal = mine.refusal("get_connection", json!({"connection_id": 9201})).await;
    let expected = "`connection_type`: the id `9201` is that of a database connection and of a cloud-storage connection: say `database` or `cloud_storage`";
    assert!(refusal.contains(expected), "{refusal}");
}

/// Reads of one thing: a tool, and arguments without an id and with one of another account.
const READS: &[(&str, &str, &str, i64)] = &[
    ("get_package", "{}", "package_id", 9104),
    ("get_connection", "{}", "connection_id", 9204),
    ("get_connection", r#"{"connection_type": "database"}"#, "connection_id", 9204),
    ("get_connection", r#"{"connection_type": "cloud_storage"}"#, "connection_id", 9202),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_another_account_has_is_as_absent_as_what_nobody_has() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    for (tool, arguments, field, of_others) in READS {
        let ask = |id: i64| {
            let mut arguments: Value = serde_json::from_str(arguments).expect("arguments");
            arguments[*field] = json!(id);
            arguments
        };
        let absent = mine.refusal(tool, ask(777_777)).await;
        let of_others_refusal = mine.refusal(tool, ask(*of_others)).await;
        assert_eq!(of_others_refusal.replace(&of_others.to_string(), "777777"), absent, "{tool}");
        assert!(absent.contains("there is no ") && absent.contains("`777777` in your account"), "{absent}");
    }
}
