//! Packages run on real databases, and what is there afterwards, computed by hand.

use integrate_io_tools::FlowType::{Dataflow, Workflow};
use serde_json::{Value, json};

use super::bench::Bench;
use crate::dataflow::{Failure, Given, Values, execute::Outcome};

fn values(values: &[(&str, &str)]) -> Values {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn given(variables: &[(&str, &str)], dynamic_variables: &[(&str, &str)]) -> Given {
    Given { variables: values(variables), dynamic_variables: values(dynamic_variables) }
}

const CHAIN: &[&str] = &["orders > paid", "paid > by_region", "by_region > target"];

/// Paid orders above a threshold, by region, into `totals`.
fn chain(mode: &str) -> Value {
    json!([
        {"name": "orders", "type": "database_source", "connection_id": 1, "table": "orders"},
        {"name": "paid", "type": "filter", "condition": "status = 'paid' and amount > $threshold"},
        {"name": "by_region", "type": "aggregate", "group_by": ["region"], "aggregates": [
            {"function": "sum", "field": "amount", "alias": "total"}, {"function": "count", "alias": "orders"}]},
        {"name": "target", "type": "database_destination", "connection_id": 1, "table": "totals", "mode": mode},
    ])
}

fn failed(outcome: Result<Outcome, Failure>) -> String {
    match outcome {
        Err(Failure::Failed(message)) => message,
        other => panic!("it did not fail: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_filtered_added_up_and_written() {
    for mut bench in Bench::all().await {
        bench.package(101, Dataflow, &chain("append"), CHAIN).variables = values(&[("threshold", "1000")]);
        bench.package(102, Dataflow, &chain("replace"), CHAIN).variables = values(&[("threshold", "1000")]);
        let engine = bench.engine();

        let outcome = bench.run(101, &Given::default()).await;
        assert_eq!(outcome, Ok(Outcome { rows: 3 }), "{engine}");
        assert_eq!(bench.totals().await, ["-|4000|1", "north|4000|2", "old|1|1", "south|3000|1"], "{engine}");
        assert_eq!(bench.variables(), values(&[("threshold", "1000")]), "{engine}");
        let schema = if engine == "SQLite" { "main" } else { "public" };
        let log = [
            "package 101 `package of 101`, version 3".to_owned(),
            format!("connection 1 ({engine}): orders, paid, by_region, target"),
            format!("target: inserted 3 rows into {schema}.totals"),
            "package 101 done".to_owned(),
        ];
        assert_eq!(bench.log(), log, "{engine}");

        // A run's own value replaces the package's, and a computed one both.
        let outcome = bench.run(102, &given(&[("threshold", "2600")], &[])).await;
        assert_eq!(outcome, Ok(Outcome { rows: 2 }), "{engine}");
        assert_eq!(bench.totals().await, ["-|4000|1", "south|3000|1"], "{engine}");
        let outcome = bench.run(102, &given(&[("half", "1600")], &[("threshold", "$half * 2 + 1")])).await;
        assert_eq!(outcome, Ok(Outcome { rows: 1 }), "{engine}");
        assert_eq!(bench.totals().await, ["-|4000|1"], "{engine}");
        assert_eq!(bench.variables(), values(&[("half", "1600"), ("threshold", "3201")]), "{engine}");
        assert!(bench.log().contains(&format!("target: deleted 2 rows from {schema}.totals")), "{:?}", bench.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_feeds_several_destinations_or_none_of_them() {
    let components = |region: &str| {
        json!([
            {"name": "orders", "type": "database_source", "connection_id": 1, "table": "orders"},
            {"name": "few", "type": "filter", "condition": "id <= 2 or id = 6"},
            {"name": "columns", "type": "select", "fields": [{"expression": "id"}, {"expression": region, "alias": "region"}]},
            {"name": "sums", "type": "select", "fields": [{"expression": "region"}, {"expression": "amount * 10", "alias": "total"}]},
            {"name": "first", "type": "database_destination", "connection_id": 1, "table": "totals", "mode": "replace"},
            {"name": "second", "type": "database_destination", "connection_id": 1, "table": "strict", "mode": "append"},
        ])
    };
    let edges = ["orders > few", "few > columns", "few > sums", "sums > first", "columns > second"];
    for mut bench in Bench::all().await {
        let engine = bench.engine();
        // The region of order 6 is null, which the second destination does not take.
        bench.package(1, Dataflow, &components("region"), &edges);
        let message = failed(bench.run(1, &Given::default()).await);
        assert!(message.starts_with("component `second`: ") && message.contains("region"), "{engine}: {message}");
        assert_eq!(bench.totals().await, ["old|1|1"], "{engine}");
        assert_eq!(bench.log().last().map(String::as_str), Some("everything is undone"), "{engine}");

        bench.package(1, Dataflow, &components("coalesce(region, 'none')"), &edges);
        assert_eq!(bench.run(1, &Given::default()).await, Ok(Outcome { rows: 6 }), "{engine}");
        assert_eq!(bench.totals().await, ["-|40000|-", "north|15000|-", "north|25000|-"], "{engine}");
        let rows = bench.rows("SELECT CAST(id AS text) || region FROM strict ORDER BY id").await;
        assert_eq!(rows, ["1north", "2north", "6none"], "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_and_other_aggregates() {
    let components = json!([
        {"name": "orders", "type": "database_source", "connection_id": 1, "table": "orders"},
        {"name": "all", "type": "aggregate", "aggregates": [
            {"function": "count_distinct", "field": "region", "alias": "orders"}, {"function": "max", "field": "amount", "alias": "most"},
            {"function": "min", "field": "amount", "alias": "least"}, {"function": "count", "field": "region", "alias": "known"}]},
        {"name": "one", "type": "limit", "rows": 1},
        {"name": "columns", "type": "select", "fields": [
            {"expression": "orders"}, {"expression": "most - least", "alias": "total"}, {"expression": "cast(known as text)", "alias": "region"}]},
        {"name": "target", "type": "database_destination", "connection_id": 1, "table": "totals", "mode": "replace"},
    ]);
    let edges = ["orders > all", "all > one", "one > columns", "columns > target"];
    for mut bench in Bench::all().await {
        bench.package(1, Dataflow, &components, &edges);
        assert_eq!(bench.run(1, &Given::default()).await, Ok(Outcome { rows: 1 }), "{}", bench.engine());
        assert_eq!(bench.totals().await, ["6|8990|3"], "{}", bench.engine());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_never_sql() {
    let components = json!([
        {"name": "orders", "type": "database_source", "connection_id": 1, "table": "orders"},
        {"name": "some", "type": "filter", "condition": "region = $region"},
        {"name": "columns", "type": "select", "fields": [{"expression": "region"}]},
        {"name": "target", "type": "database_destination", "connection_id": 1, "table": "totals", "mode": "replace"},
    ]);
    let edges = ["orders > some", "some > columns", "columns > target"];
    for mut bench in Bench::all().await {
        bench.package(1, Dataflow, &components, &edges);
        bench.sql("UPDATE orders SET region = 'x'' or ''''=''; DROP TABLE orders; --' WHERE id = 3").await;
        let hostile = given(&[("region", "x' or ''='; DROP TABLE orders; --")], &[]);
        assert_eq!(bench.run(1, &hostile).await, Ok(Outcome { rows: 1 }), "{}", bench.engine());
        assert_eq!(bench.rows("SELECT CAST(count(*) AS text) FROM orders").await, ["7"], "{}", bench.engine());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_cancelled_changes_nothing() {
    for at in ["package 101", "connection 1"] {
        for mut bench in Bench::all().await {
            bench.package(101, Dataflow, &chain("replace"), CHAIN).variables = values(&[("threshold", "0")]);
            bench.cancel_at(at);
            assert_eq!(bench.run(101, &Given::default()).await, Err(Failure::Cancelled), "{}", bench.engine());
            assert_eq!(bench.totals().await, ["old|1|1"], "{}", bench.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_runs_its_packages_until_one_fails() {
    let task = |name: &str, id: i64| json!({"name": name, "type": "run_package", "package_id": id});
    for mut bench in Bench::all().await {
        let engine = bench.engine();
        bench.package(101, Dataflow, &chain("append"), CHAIN).variables = values(&[("threshold", "3500")]);
        let mut missing = chain("append");
        missing[3]["table"] = json!("nowhere");
        bench.package(102, Dataflow, &missing, CHAIN).variables = values(&[("threshold", "0")]);
        bench.package(
            200,
            Workflow,
            &json!([task("second", 102), task("third", 101), task("first", 101)]),
            &["first > second", "second > third"],
        );
        let message = failed(bench.run(200, &Given::default()).await);
        assert!(
            message.starts_with("package 102 `package of 102`: component `target`, `table`: "),
            "{engine}: {message}"
        );
        assert!(message.contains("`nowhere`"), "{engine}: {message}");
        assert_eq!(bench.totals().await, ["-|4000|1", "old|1|1"], "{engine}");

        // A workflow in a workflow; its variables hold for all.
        bench.package(201, Workflow, &json!([task("twice", 101), task("again", 101)]), &[]);
        bench.package(202, Workflow, &json!([task("inner", 201)]), &[]).variables = values(&[("threshold", "100000")]);
        assert_eq!(bench.run(202, &Given::default()).await, Ok(Outcome { rows: 0 }), "{engine}");

        bench.package(300, Workflow, &json!([task("a", 301)]), &[]);
        bench.package(301, Workflow, &json!([task("b", 300)]), &[]);
        let message = failed(bench.run(300, &Given::default()).await);
        let expected = "component `a`, `package_id`: the workflow runs itself: 300 → 301 → 300";
        assert_eq!(message, expected, "{engine}");
        assert_eq!(bench.validate(300).await[0].to_string(), expected, "{engine}");
        bench.package(300, Workflow, &json!([task("a", 999)]), &[]);
        let message = failed(bench.run(300, &Given::default()).await);
        assert_eq!(message, "component `a`, `package_id`: there is no package `999`", "{engine}");
    }
}

/// A change of one component of [`chain`], and the faults that a validation and a run find.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_does_not_like_is_the_fault_of_a_component() {
    let cases: [(usize, Value, &[&str]); 7] = [
        (
            0,
            json!({"name": "orders", "type": "database_source", "connection_id": 1, "table": "ordres"}),
            &["component `orders`, `table`: "],
        ),
        (
            0,
            json!({"name": "orders", "type": "database_source", "connection_id": 9, "table": "orders"}),
            &["component `target`, `connection_id`: the source is on connection 9"],
        ),
        (
            1,
            json!({"name": "paid", "type": "filter", "condition": "stauts = 'paid' and amount > $threshold"}),
            &["component `paid`, `condition`: at character 1: no column `stauts`"],
        ),
        (
            1,
            json!({"name": "paid", "type": "filter", "condition": "amount > $limit"}),
            &["component `paid`, `condition`: at character 10: the variable `$limit`"],
        ),
        (
            2,
            json!({"name": "by_region", "type": "aggregate", "group_by": ["region"], "aggregates": [{"function": "count", "alias": "number"}]}),
            &["component `target`, `table`: "],
        ),
        (
            3,
            json!({"name": "target", "type": "database_destination", "connection_id": 1, "table": "orders", "mode": "replace"}),
            &["component `target`, `table`: "],
        ),
        (
            3,
            json!({"name": "target", "type": "database_destination", "connection_id": 1, "schema": "nowhere", "table": "totals", "mode": "replace"}),
            &["component `target`, `table`: "],
        ),
    ];
    for mut bench in Bench::all().await {
        for (at, component, expected) in &cases {
            let mut components = chain("append");
            components[*at] = component.clone();
            bench.package(1, Dataflow, &components, CHAIN).variables = values(&[("threshold", "0")]);
            let faults: Vec<String> = bench.validate(1).await.iter().map(ToString::to_string).collect();
            let is_expected = faults.iter().zip(*expected).all(|(fault, expected)| fault.starts_with(expected));
            assert!(faults.len() >= expected.len() && is_expected, "{} {component}: {faults:?}", bench.engine());
            let message = failed(bench.run(1, &Given::default()).await);
            assert!(message.starts_with(expected[0]), "{} {component}: {message}", bench.engine());
        }
        // What is right has no fault.
        bench.package(1, Dataflow, &chain("append"), CHAIN).variables = values(&[("threshold", "0")]);
        assert_eq!(bench.validate(1).await, [], "{}", bench.engine());
        assert_eq!(bench.totals().await, ["old|1|1"], "{}", bench.engine());
    }
}

/// Types are the database's to check: only its own plan finds this.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_the_database_refuses_is_told_at_its_component() {
    let mut components = chain("append");
    components[1]["condition"] = json!("abs(region) > 5");
    for mut bench in Bench::all().await {
        bench.package(1, Dataflow, &components, CHAIN).variables = values(&[("threshold", "0")]);
        let faults: Vec<String> = bench.validate(1).await.iter().map(ToString::to_string).collect();
        // SQLite has values of any type in any column.
        if bench.engine() == "PostgreSQL" {
            assert!(
                faults.len() == 1 && faults[0].starts_with("component `paid`, `condition`: the database says: "),
                "{faults:?}"
            );
        } else {
            assert_eq!(faults, [""; 0]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_a_fault_of_the_source() {
    for mut bench in Bench::all().await {
        for (connection, expected) in [
            (2, "component `orders`, `connection_id`: the file does not exist"),
            (3, "component `orders`, `connection_id`: connection not found, or not a database connection"),
        ] {
            let mut components = chain("append");
            components[0]["connection_id"] = json!(connection);
            components[3]["connection_id"] = json!(connection);
            bench.package(1, Dataflow, &components, CHAIN).variables = values(&[("threshold", "0")]);
            let faults: Vec<String> = bench.validate(1).await.iter().map(ToString::to_string).collect();
            assert_eq!(faults, [expected], "{}", bench.engine());
            assert_eq!(failed(bench.run(1, &Given::default()).await), expected, "{}", bench.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dynamic_variable_that_cannot_be_computed_ends_the_run() {
    let cases = [
        ("(select 1)", "`dynamic_variables.threshold`: at character"),
        ("amount", "`dynamic_variables.threshold`: at character 1: no column `amount`"),
        ("nullif(1, 1)", "`dynamic_variables.threshold`: the expression is null"),
        ("$unknown + 1", "`dynamic_variables.threshold`: at character 1: the variable `$unknown`"),
    ];
    for mut bench in Bench::all().await {
        bench.package(1, Dataflow, &chain("append"), CHAIN);
        for (expression, expected) in cases {
            let message = failed(bench.run(1, &given(&[], &[("threshold", expression)])).await);
            assert!(message.starts_with(expected), "{} {expression}: {message}", bench.engine());
        }
        assert_eq!(bench.totals().await, ["old|1|1"], "{}", bench.engine());
    }
}
