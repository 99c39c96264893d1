//! Packages that are cloned, edited and restored, over the packages of `tests/data/execution.sql`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use toolwright_tests::Server;

use crate::{
    account::{Account, each},
    shop, store,
};

async fn column(server: &Server, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&mut store::open(server).await).await.expect(query)
}

/// Every package and version, as they are kept.
async fn everything(server: &Server) -> Vec<String> {
    let packages =
        "SELECT id || ' ' || name || ' ' || version || ' ' || data_flow || updated_at FROM packages ORDER BY id";
    let versions =
        "SELECT package || '.' || version || ' ' || event || data_flow FROM package_versions ORDER BY package, version";
    [column(server, packages).await, column(server, versions).await].concat()
}

async fn flow(account: &mut Account, package: i64) -> Value {
    let package = account.call("get_package", json!({"package_id": package, "include_full_graph": true})).await;
    package["data_flow_json"].clone()
}

fn edit(package: i64, components: &[(&str, Value)]) -> Value {
    let components = components.iter().map(|(name, updates)| json!({"component_name": name, "updates": updates}));
    json!({"package_id": package, "components": components.collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_cloned_with_all_that_it_does() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    store::execute(
        &server,
        "INSERT INTO workspaces VALUES (7301, MINE, 'a', NULL, 0), (7302, THEIRS, 'b', NULL, 0)",
        &mine.id,
        &theirs.id,
    )
    .await;
    let cloned = mine.call("clone_package", json!({"package_id": 7101})).await;
    let copy = cloned["package_id"].as_i64().expect("an id");
    let package = &cloned["package"];
    assert_eq!((&package["id"], &package["name"]), (&json!(copy), &json!("Copy of Large orders")));
    assert_eq!(
        (&package["version"], package.get("workspace_id"), package.get("last_run_status")),
        (&json!(1), None, None)
    );
    assert_eq!(flow(&mut mine, copy).await, flow(&mut mine, 7101).await);
    let whole = json!({"package_id": copy, "include_full_graph": true});
    assert_eq!(mine.call("get_package", whole).await["variables"], json!({"threshold": "1000"}));

    // Names need not differ, and a copy of what was put away is in use.
    let named = json!({"package_id": 7104, "name": "Large orders", "workspace_id": 7301});
    let package = mine.call("clone_package", named).await["package"].clone();
    let expected = (&json!("Large orders"), &json!("active"), &json!(7301));
    assert_eq!((&package["name"], &package["status"], &package["workspace_id"]), expected);

    // A copy is a package like any other.
    mine.call("update_package_components", edit(copy, &[("large", json!({"condition": "amount > 2000"}))])).await;
    let run = mine.run(json!({"package_id": copy})).await;
    mine.when(run, "completed").await;
    assert_eq!(shop::kept(&server).await, [3, 5]);

    let before = everything(&server).await;
    for (arguments, expected) in [
        (json!({"package_id": 7107}), "there is no package `7107`"),
        (json!({"package_id": 7101, "workspace_id": 7302}), "there is no workspace `7302`"),
        (json!({"package_id": 7101, "name": "  "}), "`name`: a name is more than spaces"),
    ] {
        let refusal = mine.refusal("clone_package", arguments).await;
        assert!(refusal.contains(expected), "{refusal}");
    }
    theirs.refusal("clone_package", json!({"package_id": copy})).await;
    assert_eq!(everything(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_makes_a_version_and_one_that_changes_nothing_makes_none() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    let edited = mine
        .call(
            "update_package_components",
            edit(
                7101,
                &[
                    ("large", json!({"name": "larger", "condition": "amount >= $threshold and region = 'north'"})),
                    ("kept", json!({"mode": "append"})),
                ],
            ),
        )
        .await;
    assert_eq!((&edited["package"]["version"], &edited["previous_version"]), (&json!(2), &json!(1)));
    assert_eq!(edited["updated_components"], json!(["larger", "kept"]));
    let expected = json!({
        "components": [
            {"name": "orders", "type": "database_source", "connection_id": 7042, "table": "orders"},
            {"name": "larger", "type": "filter", "condition": "amount >= $threshold and region = 'north'"},
            {"name": "kept", "type": "database_destination", "connection_id": 7042, "table": "large_orders", "mode": "append"}],
        "edges": [{"from": "orders", "to": "larger"}, {"from": "larger", "to": "kept"}],
    });
    assert_eq!(flow(&mut mine, 7101).await, expected);
    let versions =
        "SELECT version || ' ' || event || ' ' || actor FROM package_versions WHERE package = 7101 ORDER BY version";
    let [first, second] = &column(&server, versions).await[..] else { panic!("two versions") };
    assert_eq!(first, "1 created a test");
    assert!(second.starts_with("2 update_package_components token ") && second.ends_with(" of mine"), "{second}");

    let before = everything(&server).await;
    let same = mine.call("update_package_components", edit(7101, &[("kept", json!({"mode": "append"}))])).await;
    assert_eq!((&same["package"]["version"], &same["previous_version"]), (&json!(2), &json!(2)));
    assert_eq!(everything(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_edit_among_ten_changes_nothing() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    let mut components: Vec<Value> =
        (0..10).map(|n| json!({"name": format!("f{n}"), "type": "limit", "rows": n + 1})).collect();
    components.push(json!({"name": "free", "type": "limit", "rows": 1}));
    let data_flow = json!({"components": components, "edges": []}).to_string();
    let insert = format!("UPDATE packages SET data_flow = '{data_flow}' WHERE id = 7101");
    store::execute(&server, &insert, "", "").await;
    let before = everything(&server).await;
    let with = |at: usize, wrong: (&str, Value)| {
        let names: Vec<String> = (0..10).map(|n| format!("f{n}")).collect();
        let mut edits: Vec<(&str, Value)> = names.iter().map(|name| (name.as_str(), json!({"rows": 99}))).collect();
        edits[at] = wrong;
        edit(7101, &edits)
    };
    for (arguments, expected) in [
        (
            with(6, ("f66", json!({"rows": 1}))),
            "`components[6].component_name`: there is no component `f66`; there are `f0`, `f1`",
        ),
        (with(9, ("f0", json!({"rows": 1}))), "`components[9].component_name`: `f0` is there twice"),
        (with(0, ("f0", json!({"rows": "many"}))), "component `f0`, `rows`: expected a whole number from 1 to"),
        (with(3, ("f3", json!({"name": "free"}))), "component `f3`, `name`: another component is called `free`"),
    ] {
        let refusal = mine.refusal("update_package_components", arguments.clone()).await;
        assert!(refusal.contains(expected) && refusal.contains("nothing was changed"), "{refusal}");
        theirs.refusal("update_package_components", arguments).await;
        assert_eq!(everything(&server).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_at_the_same_time_lose_nothing() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    let components: Vec<Value> = (0..8).map(|n| json!({"name": format!("f{n}"), "type": "limit", "rows": 1})).collect();
    let data_flow = json!({"components": components, "edges": []}).to_string();
    store::execute(&server, &format!("UPDATE packages SET data_flow = '{data_flow}' WHERE id = 7101"), "", "").await;
    let edits = (0..8).map(|n| {
        let mut caller = Account::named(&server, "mine");
        tokio::spawn(async move {
            let updates = edit(7101, &[(&format!("f{n}"), json!({"rows": 100 + n}))]);
            caller.call("update_package_components", updates).await["previous_version"].as_i64()
        })
    });
    let mut previous = BTreeSet::new();
    for edit in edits.collect::<Vec<_>>() {
        previous.insert(edit.await.expect("an edit"));
    }
    assert_eq!(previous, (1..=8).map(Some).collect());
    let rows = flow(&mut mine, 7101).await;
    assert_eq!(
        each(&rows["components"], "rows"),
        (100..108).map(|n| json!(n)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    let versions =
        column(&server, "SELECT CAST(version AS TEXT) FROM package_versions WHERE package = 7101 ORDER BY version")
            .await;
    assert_eq!(versions, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_was_can_be_restored() {
    let (server, mut mine, theirs) = shop::open(&[]).await;
    let (own, other) = (mine.id.clone(), theirs.id.clone());
    let first = flow(&mut mine, 7101).await;
    mine.call("update_package_components", edit(7101, &[("large", json!({"condition": "amount > 2"}))])).await;
    let second = flow(&mut mine, 7101).await;
    store::execute(&server, "UPDATE packages SET variables = '{}' WHERE id = 7101", "", "").await;

    let restored = server.command(&["package", "restore", "7101", "1", "--account", &own]);
    assert!(restored.status.success(), "{}", restored.stderr);
    assert!(restored.stderr.contains("its version is 3"), "{}", restored.stderr);
    let package = mine.call("get_package", json!({"package_id": 7101, "include_full_graph": true})).await;
    assert_eq!((&package["data_flow_json"], &package["package"]["version"]), (&first, &json!(3)));
    assert_eq!(package["variables"], json!({"threshold": "1000"}));
    let listed = server.command(&["package", "versions", "7101"]);
    let versions: Vec<Vec<&str>> = listed.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let versions: Vec<(&str, &str)> = versions.iter().map(|line| (line[0], line[2])).collect();
    assert_eq!(versions, [("3", "restored 1"), ("2", "update_package_components"), ("1", "created")]);
    // What was restored away is kept as well.
    let restored = server.command(&["package", "restore", "7101", "2", "--account", &own]);
    assert!(restored.status.success(), "{}", restored.stderr);
    assert_eq!(flow(&mut mine, 7101).await, second);

    let before = everything(&server).await;
    for (arguments, expected) in [
        (["7101", "9", "--account", &own], "there is no version `9`"),
        (["7101", "1", "--account", &other], "there is no package `7101`"),
        (["7101", "1", "--account", "mine"], "write the account's id, a number"),
        (["7101", "4", "--account", &own], "is what it was in version 4 already"),
    ] {
        let refused = server.command(&[&["package", "restore"], &arguments[..]].concat());
        assert!(!refused.status.success() && refused.stderr.contains(expected), "{arguments:?}: {}", refused.stderr);
    }
    let commands: [&[&str]; 3] = [&["package", "versions", "7101"], &["schedule", "list"], &["connection", "list"]];
    for command in commands {
        let elsewhere = server.command(&[command, &["--store", "data/other.db"]].concat());
        assert!(elsewhere.stderr.contains("there is no store data/other.db"), "{command:?}: {}", elsewhere.stderr);
        assert!(!server.folder().join("data/other.db").exists(), "{command:?}");
    }
    assert_eq!(everything(&server).await, before);
}
