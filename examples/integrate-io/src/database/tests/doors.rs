//! What is seen through the reading door.

use serde_json::{Value, json};

use super::{LIMITS, SqliteFile, doors, postgres};
use crate::database::{Columns, Database, Engine, Fragment, PreviewRequest, TableFilter, Target};

fn request(table: &str, condition: Option<&str>) -> PreviewRequest {
    PreviewRequest { schema: None, table: table.to_owned(), rows: 20, condition: condition.map(str::to_owned) }
}

/// The conditions that customers write, and the orders that they find, on both engines alike.
#[tokio::test]
async fn conditions_find_rows() {
    let cases: &[(&str, &[i64])] = &[
        ("amount > 1000", &[1, 4]),
        ("amount >= 1000 AND status IS NOT NULL", &[1, 5]),
        ("status = 'paid' OR id = 2", &[1, 2, 3]),
        ("lower(status) = 'lost'", &[5]),
        ("status LIKE 'p%'", &[1, 3]),
        ("coalesce(status, 'none') = 'none'", &[4]),
        ("amount BETWEEN 20 AND 1000 AND id IN (2, 3, 4)", &[2, 3]),
        ("NOT (id = 1) AND length(status) = 4", &[2, 3, 5]),
        ("CASE WHEN status = 'paid' THEN amount ELSE 0 END > 995", &[1]),
        ("orders.id % 2 = 0", &[2, 4]),
        ("ordered_on >= '2026-02-11' AND ordered_on < '2026-03-01'", &[2, 3]),
        ("substr(status, 1, 1) || 'x' = 'ox'", &[2]),
        ("CAST(amount AS integer) = 1500", &[1]),
        ("1 = 1", &[1, 2, 3, 4, 5]),
    ];
    let file = SqliteFile::new().await;
    for door in doors(&file).await {
        for (condition, expected) in cases {
            let preview = door.preview(&request("orders", Some(condition))).await.unwrap();
            let mut found: Vec<_> = preview.rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
            found.sort_unstable();
            assert_eq!(found, *expected, "{}: {condition}", door.engine().name());
        }
    }
}

#[tokio::test]
async fn tables_are_listed_in_pages() {
    let file = SqliteFile::new().await;
    let filter = |schema: Option<&str>, search: Option<&str>, limit, offset| TableFilter {
        schema: schema.map(str::to_owned),
        search: search.map(str::to_owned),
        limit,
        offset,
    };
    for door in doors(&file).await {
        let names = async |filter: TableFilter| {
            let list = door.tables(&filter).await.unwrap();
            let names: Vec<_> =
                list.tables.iter().map(|table| format!("{} {}.{}", table.kind, table.schema, table.name)).collect();
            (names, list.total)
        };
        if door.engine() == Engine::Sqlite {
            let all =
                ["table main.kinds", "view main.large", "table main.orders", "table main.target", "table main.vault"];
            assert_eq!(names(filter(None, None, 100, 0)).await, (all.map(String::from).to_vec(), 5));
            assert_eq!(names(filter(Some("MAIN"), Some("A%"), 100, 0)).await, (vec![], 0));
        } else {
            let found = names(filter(None, Some("ORDERS"), 100, 0)).await;
            assert_eq!(found, (vec!["table public.orders".to_owned(), "table sales.orders".to_owned()], 2));
            assert_eq!(names(filter(Some("sales"), None, 1, 1)).await, (vec!["table sales.orders".to_owned()], 2));
            assert_eq!(names(filter(Some("pg_catalog"), None, 10, 0)).await, (vec![], 0));
        }
        assert_eq!(names(filter(None, Some("arg"), 1, 5)).await, (vec![], 2), "an empty page knows the total");
        let list = door.tables(&filter(None, Some("orders"), 1, 0)).await.unwrap();
        assert_eq!(list.tables[0].columns, 4);
    }
}

#[tokio::test]
async fn values_of_sqlite_are_what_each_is() {
    let file = SqliteFile::new().await;
    let door = Database::new(file.target(), LIMITS);
    let preview = door.preview(&request("KINDS", None)).await.unwrap();
    let rows = serde_json::to_value(&preview.rows).unwrap();
    let (zeros, letters) = ("0".repeat(1_000), "é".repeat(2_000));
    let expected = json!([
        {"a": 9_007_199_254_740_991_i64, "b": "9007199254740992", "c": 1.5, "d": "\\x00ff", "e": "x", "Odd \"name": null},
        {"a": -3, "b": "a text", "c": "Infinity", "d": format!("\\x{zeros}… (shortened)"), "e": format!("{letters}… (shortened)"), "Odd \"name": "\""},
        {"a": 0, "b": "\\x01", "c": -0.25, "d": null, "e": "", "Odd \"name": ""},
    ]);
    assert_eq!(rows, expected);
    let columns = serde_json::to_value(&door.table(None, "orders").await.unwrap().columns).unwrap();
    assert_eq!(columns[0], json!({"name": "id", "type": "INTEGER", "nullable": false, "primary_key": true}));
    assert_eq!(columns[2], json!({"name": "status", "type": "TEXT", "nullable": true, "primary_key": false}));
}

#[tokio::test]
async fn values_of_postgres_have_the_columns_types() {
    let Some((_, target)) = postgres("shop") else { return };
    let door = Database::new(Target::Postgres(target), LIMITS);
    let preview = door.preview(&request("kinds", None)).await.unwrap();
    let rows = serde_json::to_value(&preview.rows).unwrap();
    let (letters, accents) = ("61".repeat(500), "é".repeat(2_000));
    let expected = json!([
        {"a": 9_007_199_254_740_991_i64, "b": 1.5, "c": true, "d": "\\x00ff", "e": {"a": [1, null]}, "f": [1, 2],
         "g": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "h": "2026-01-05 08:00:00+00", "i": "happy", "j": 3,
         "k": {"street": "Main", "number": 5}, "l": "1 day 02:00:00", "m": "12345678901234567890.5", "Odd \"name": null, "n": "x"},
        {"a": "9007199254740992", "b": "NaN", "c": false, "d": format!("\\x{letters}… (shortened)"), "e": null, "f": [], "g": null,
         "h": "infinity", "i": null, "j": null, "k": null, "l": null, "m": "NaN", "Odd \"name": "\"", "n": format!("{accents}… (shortened)")},
    ]);
    assert_eq!(rows, expected);
    let columns = serde_json::to_value(&door.table(None, "orders").await.unwrap().columns).unwrap();
    assert_eq!(columns[0], json!({"name": "id", "type": "integer", "nullable": false, "primary_key": true}));
    assert_eq!(columns[1], json!({"name": "amount", "type": "numeric(10,2)", "nullable": false, "primary_key": false}));
}

#[tokio::test]
async fn an_expression_without_columns_has_a_value() {
    let file = SqliteFile::new().await;
    for door in doors(&file).await {
        let none = Columns::new(door.engine(), None, [""; 0]);
        for (text, expected) in [("1 + 2", Some("3")), ("upper('a') || 'b'", Some("Ab")), ("NULL", None)] {
            let fragment = Fragment::parse(text, &none, None, door.engine()).unwrap();
            assert_eq!(door.evaluate(&fragment).await.unwrap().as_deref(), expected, "{text}");
        }
    }
}

/// A table of many wide rows.
#[tokio::test]
async fn an_answer_has_a_bound() {
    let Some((server, target)) = postgres("wide") else { return };
    let columns: Vec<_> = (0..300).map(|index| format!("c{index} text DEFAULT repeat('a', 3000)")).collect();
    server.sql("wide", &format!("CREATE TABLE wide ({})", columns.join(",")));
    server.sql("wide", "INSERT INTO wide (c0) SELECT 'x' FROM generate_series(1, 50); GRANT SELECT ON wide TO reader");
    let door = Database::new(Target::Postgres(target), LIMITS);
    let preview = door.preview(&request("wide", Some("c299 LIKE 'a%'"))).await.unwrap();
    assert_eq!((preview.columns.len(), preview.columns_without_values), (300, 100));
    assert!(preview.is_truncated);
    assert_eq!(preview.rows.len(), 1);
    assert!(preview.rows[0].values().all(Value::is_string));
}
