//! search_all: what a caller types is words, whatever it looks like.

use serde_json::{Value, json};

use crate::{inventory::two_accounts, store};

/// What was found: each thing's type and id, in the order of the answer.
fn found(answer: &Value) -> Vec<String> {
    let hits = answer["hits"].as_array().expect("hits");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    hits.iter().map(|hit| format!("{}{} {}", text(&hit["type"]), text(&hit["connection_type"]), hit["id"])).collect()
}

const LARGE: &str = "package 9101";
const OLD: &str = "package 9102";
const SHOPS: &str = "workspace 9001";
const SUMMER: &str = "workspace 9002";
const EXPORTS: &str = "connectioncloud_storage 9201";
const DAILY: &str = "cluster 9301";
const PARTY: &str = "cluster 9302";

/// Queries, and what they find.
const QUERIES: &[(&str, &[&str])] = &[
    ("large", &[LARGE]),
    ("orders", &[EXPORTS, LARGE, OLD, SHOPS]),
    ("  Orders \t\n", &[EXPORTS, LARGE, OLD, SHOPS]),
    // All words, in any order; the last can be the beginning of one, the others cannot.
    ("orders large", &[LARGE]),
    ("large orders nothing", &[]),
    ("thresh", &[LARGE]),
    ("thresh orders", &[]),
    ("orders thresh", &[LARGE]),
    ("hreshold", &[]),
    // Accents and marks.
    ("l'été", &[SUMMER]),
    ("L’ETE", &[SUMMER]),
    ("e\u{301}te\u{301}", &[SUMMER]),
    ("été", &[SUMMER]),
    ("l'", &[LARGE, SUMMER]),
    // Hosts, buckets, regions and types.
    ("s3.example", &[EXPORTS]),
    ("exports-of", &[EXPORTS]),
    ("us-east-1 sandbox", &[PARTY]),
    ("secret-place", &[]),
    // Without a letter or a digit there is no word.
    ("🎉", &[]),
    ("🎉 party", &[PARTY]),
    ("party 🎉", &[PARTY]),
    ("\"", &[]),
    ("\"\"", &[]),
    ("*", &[]),
    ("'", &[]),
    ("%", &[]),
    ("_", &[]),
    (" ", &[]),
    ("--", &[]),
    ("()", &[]),
    ("\u{0}", &[]),
    ("\u{202e}", &[]),
    // What would be an operator of FTS5 is a word like others.
    ("NEAR(", &[]),
    ("NEAR(large orders)", &[]),
    ("large AND orders", &[]),
    ("large OR old", &[]),
    ("NOT", &[]),
    ("orders NOT old", &[]),
    ("AND", &[SHOPS]),
    ("name:large", &[]),
    ("name : large", &[]),
    ("{name description}: large", &[]),
    ("^large", &[LARGE]),
    ("-large", &[LARGE]),
    ("+large", &[LARGE]),
    ("large*", &[LARGE]),
    ("lar*e", &[]),
    ("\"large orders\"", &[LARGE]),
    ("\"orders large\"", &[LARGE]),
    ("large\" OR \"old", &[]),
    ("large\u{0}orders", &[LARGE]),
    ("large') --", &[LARGE]),
    ("?1", &[DAILY, PARTY]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_words() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    let mut wrong = Vec::new();
    for (query, expected) in QUERIES {
        let answer = mine.call("search_all", json!({"query": query})).await;
        let total: i64 = answer["totals"].as_object().expect("totals").values().filter_map(Value::as_i64).sum();
        let (mut found, mut expected) = (found(&answer), expected.to_vec());
        found.sort();
        expected.sort_unstable();
        if found != expected || usize::try_from(total).ok() != Some(expected.len()) {
            wrong.push(format!("{query:?} finds {found:?}, {total} in all, and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // As long as it gets, with as many words as fit: each of them is there.
    let long = "a ".repeat(100);
    assert_eq!(found(&mine.call("search_all", json!({"query": long.trim_end()})).await), [LARGE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_shows_where_it_matches() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    let answer = mine.call("search_all", json!({"query": "thresh", "types": ["package"]})).await;
    let hit = json!({"type": "package", "id": 9101, "name": "Large orders", "snippet": "Copies orders above a **threshold**"});
    assert_eq!(answer, json!({"hits": [hit], "totals": {"package": 1}}));
    let answer = mine.call("search_all", json!({"query": "ete"})).await;
    assert_eq!(answer["hits"][0]["snippet"], "L'**Été**");
    assert_eq!(answer["totals"], json!({"connection": 0, "package": 0, "cluster": 0, "workspace": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_finds_its_own_and_only_the_types_that_it_asks_for() {
    let (_server, mut mine, mut theirs) = two_accounts().await;
    for (types, expected) in [
        (json!(["workspace", "package"]), &[OLD, LARGE, SHOPS][..]),
        (json!(["cluster"]), &[]),
        (json!(["connection"]), &[EXPORTS]),
    ] {
        let answer = mine.call("search_all", json!({"query": "orders", "types": types})).await;
        assert_eq!(found(&answer), expected, "{types}");
    }
    let answer = theirs.call("search_all", json!({"query": "orders"})).await;
    assert_eq!(found(&answer), ["package 9104", "cluster 9303", "workspace 9004"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_matches_come_and_the_rest_is_counted() {
    let (server, mut mine, theirs) = two_accounts().await;
    let many = "INSERT INTO packages (account, name, description, flow_type, status, version, data_flow, variables, created_at, updated_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
                SELECT MINE, 'Batch ' || i, iif(i = 30, 'invoice', 'of the invoice, and of much that is said about it'),
                       'dataflow', 'active', 1, '{}', '{}', 0, 0 FROM n;
                INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at)
                VALUES (9999, MINE, 'Invoice', 'dataflow', 'active', 1, '{}', '{}', 0, 0)";
    store::execute(&server, many, &mine.id, &theirs.id).await;
    for (limit, expected) in [(json!({}), 10), (json!({"per_type_limit": 3}), 3), (json!({"per_type_limit": 50}), 50)] {
        let mut arguments = limit;
        arguments["query"] = json!("invoice");
        let answer = mine.call("search_all", arguments).await;
        assert_eq!((found(&answer).len(), &answer["totals"]["package"]), (expected, &json!(61)));
        // A name says more than a description, and a short one more than a long one.
        assert_eq!((&answer["hits"][0]["id"], &answer["hits"][1]["name"]), (&json!(9999), &json!("Batch 30")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_found_by_its_new_words() {
    let (server, mut mine, theirs) = two_accounts().await;
    let changes = "UPDATE workspaces SET name = 'renamed', description = NULL WHERE id = 9001;
                   UPDATE packages SET description = 'renamed' WHERE id = 9101;
                   UPDATE clusters SET region = 'renamed' WHERE id = 9302;
                   UPDATE connections SET bucket = 'renamed' WHERE id = 9201 AND kind = 'cloud_storage';
                   UPDATE connections SET account = THEIRS, host = 'renamed' WHERE id = 9203;
                   DELETE FROM runs WHERE package = 9102;
                   DELETE FROM packages WHERE id = 9102;
                   DELETE FROM connections WHERE id = 9202 AND kind = 'database';
                   DELETE FROM clusters WHERE id = 9301;
                   DELETE FROM workspaces WHERE id = 9003;";
    store::execute(&server, changes, &mine.id, &theirs.id).await;
    for (query, expected) in [
        ("renamed", &[EXPORTS, LARGE, PARTY, SHOPS][..]),
        ("shops", &[]),
        ("threshold", &[]),
        ("us-east-1", &[]),
        ("exports-of-orders", &[]),
        ("sftp", &[]),
        ("old", &[]),
        ("sqlite", &[]),
        ("daily", &[]),
        ("owes", &[]),
        ("warehouse", &["connectiondatabase 9201"]),
    ] {
        assert_eq!(found(&mine.call("search_all", json!({"query": query})).await), expected, "{query}");
    }
}
