//! What a fragment may be, and what is said of one that it may not. The rows are in `fragments.tsv`.

use serde_json::json;

use crate::database::{Columns, Engine, Fragment, Literal, Variables};

fn columns(engine: Engine) -> Columns {
    Columns::new(engine, Some("orders"), ["id", "amount", "status", "ordered_on", "Mixed Case"])
}

fn variables() -> Variables {
    let values = [("least", json!(10)), ("below", json!(-2.5)), ("who", json!("O'Hara; --")), ("on", json!(true))];
    values.iter().map(|(name, value)| ((*name).to_owned(), Literal::try_from(value).unwrap())).collect()
}

/// Rows of a table: which engine (`*` is each), what may be used, the text, and its SQL or `! ` and a part of the fault.
#[test]
fn each_text_has_its_sql_or_its_fault() {
    let variables = variables();
    let mut failures = Vec::new();
    for row in include_str!("fragments.tsv").lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let [engines, allowed, text, expected] = row.split('\t').collect::<Vec<_>>().try_into().expect(row);
        let variables = (allowed == "variables").then_some(&variables);
        for (name, engine) in [("sqlite", Engine::Sqlite), ("postgres", Engine::Postgres)] {
            if engines != "*" && engines != name {
                continue;
            }
            let found = match Fragment::parse(text, &columns(engine), variables, engine) {
                Ok(fragment) => fragment.to_sql(),
                Err(error) => format!("! {error}"),
            };
            let is_expected = match expected.strip_prefix("! ") {
                Some(part) => found.starts_with("! ") && found.contains(part),
                None => found == expected,
            };
            if !is_expected {
                failures.push(format!("{name}: {text}\n  expected {expected}\n  found    {found}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_fragment_knows_what_it_reads() {
    let fragment = Fragment::parse("ABS(Amount) / round(ID)", &columns(Engine::Sqlite), None, Engine::Sqlite).unwrap();
    assert_eq!(fragment.columns().iter().collect::<Vec<_>>(), ["amount", "id"]);
}

/// The smallest stack that a thread of the server has is 2 MB: no text may need it whole.
#[test]
fn no_text_overflows_the_stack() {
    let patterns = [
        "(",
        "NOT ",
        "- ",
        "a+",
        "a AND ",
        "a OR ",
        "CASE WHEN ",
        "abs(",
        "a||",
        "((a)+",
        "a IN (",
        "CAST(",
        "a BETWEEN ",
        "[",
        "a.",
        "a::int",
        "'",
        "$",
        "a=a=",
    ];
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let columns = Columns::new(engine, None, ["a"]);
        for pattern in patterns {
            for length in [40, 300, 990, 4_000, 100_000] {
                for end in ["", "a", "1"] {
                    let text = pattern.repeat(length / pattern.len()) + end;
                    let _ = Fragment::parse(&text, &columns, None, engine);
                }
            }
        }
    }
}
