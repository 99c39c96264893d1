//! Conditions that want more than a condition may. Each is refused, or it is an expression over the table's own columns: it reads no
//! other table, changes nothing, says nothing of the planted secret, and ends.

use std::fs;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{LIMITS, SqliteFile, postgres};
use crate::database::{Columns, Database, Engine, Error, Fragment, PreviewRequest, Target};

const SECRET: &str = "PLANTED-SECRET";
/// How many texts are made of those that were written by hand.
const GENERATED: usize = 400;

/// A condition, and whether it may be taken.
struct Trick {
    text: String,
    may_be_taken: bool,
}

fn written() -> Vec<Trick> {
    let lines = include_str!("hostile.txt").lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    let trick = |line: &str| match line.strip_prefix("~ ") {
        Some(text) => Trick { text: unescape(text), may_be_taken: true },
        None => Trick { text: unescape(line), may_be_taken: false },
    };
    lines.map(trick).collect()
}

fn unescape(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let known = [("\\0", '\0'), ("\\n", '\n'), ("\\r", '\r'), ("\\t", '\t')];
        let escape = &rest[at..];
        if let Some((code, end)) = escape.strip_prefix("\\u{").and_then(|code| code.split_once('}')) {
            text.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            rest = end;
        } else if let Some((code, character)) = known.into_iter().find(|(code, _)| escape.starts_with(code)) {
            text.push(character);
            rest = &escape[code.len()..];
        } else {
            text.push('\\');
            rest = &escape[1..];
        }
    }
    text + rest
}

/// Texts that come of the written ones: nested in each other, cut, joined and disguised, the same on each run.
fn generated(written: &[Trick]) -> Vec<Trick> {
    let mut random = StdRng::seed_from_u64(42);
    let frames = [
        "({})",
        "NOT ({})",
        "id = 1 OR {}",
        "{} AND amount > 1",
        "CASE WHEN {} THEN 1 ELSE 0 END = 1",
        "coalesce({}, 1) = 1",
        "lower({}) = 'a'",
        "CAST({} AS text) = 'a'",
        "id IN ({}, 2)",
        "id BETWEEN 0 AND {}",
        "{} IS NULL",
        "abs({}) > 0",
        "status = '{}'",
        "\"{}\" = 1",
        "{}::text = 'a'",
        "- {} < 0",
        "status LIKE {}",
        "substr({}, 1) = ''",
        "'{} = 1",
        "{} {}",
        "status || {} = 'a'",
        "nullif({}, {}) IS NULL",
        "orders.{} = 1",
    ];
    let inserted =
        ["'", "\"", "(", ")", " OR ", "\\", "$$", "\u{a0}", "::", ".", ",", "E'", " secret ", " vault ", " SELECT "];
    let make = |_| {
        let mut text = written.choose(&mut random).expect("some").text.clone();
        for _ in 0..random.random_range(1..4) {
            let length = text.chars().count();
            text = match random.random_range(0..5) {
                0 | 1 => frames.choose(&mut random).expect("some").replace("{}", &text),
                2 => text.chars().skip(random.random_range(0..=length / 2)).collect(),
                3 => {
                    let at = random.random_range(0..=length);
                    let (head, tail): (String, String) =
                        (text.chars().take(at).collect(), text.chars().skip(at).collect());
                    head + inserted.choose(&mut random).expect("some") + &tail
                }
                _ => text
                    .chars()
                    .map(|letter| if random.random() { letter.to_ascii_uppercase() } else { letter })
                    .collect(),
            };
        }
        Trick { text, may_be_taken: true }
    };
    (0..GENERATED).map(make).collect()
}

/// Everything that there is to be changed, and that must not be.
fn dump(target: &Target, file: &SqliteFile) -> Vec<u8> {
    let Target::Postgres(_) = target else { return fs::read(file.path()).unwrap() };
    let (server, _) = postgres("shop").expect("it was there");
    let everything = "SELECT * FROM orders ORDER BY id; SELECT * FROM vault; SELECT * FROM target; SELECT * FROM counter;
        SELECT count(*), sum(oid::int8) FROM pg_class; SELECT count(*) FROM pg_largeobject_metadata;
        SELECT count(*), sum(oid::int8) FROM pg_proc; SELECT rolname FROM pg_roles; SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'";
    server.sql("shop", everything).into_bytes()
}

/// By the database's own plan, which knows nothing of our reading.
fn reads_only_orders(engine: Engine, plan: &[String]) -> bool {
    plan.iter().all(|line| {
        let line = line.trim();
        let foreign = [
            "SubPlan",
            "InitPlan",
            "Function Scan",
            "CTE",
            "SUBQUERY",
            "Subquery",
            "vault",
            "VALUES",
            "Values",
            "Append",
        ];
        let scans = match engine {
            Engine::Sqlite => ["SCAN ", "SEARCH "].iter().find_map(|word| line.strip_prefix(word)),
            Engine::Postgres => line.split_once(" on ").map(|(_, table)| table),
        };
        // A text of the condition may have any words: only where the plan names what it does they count.
        let is_detail = line.starts_with("Filter:") || line.contains(" Cond:") || line.starts_with("One-Time Filter:");
        is_detail
            || (!foreign.iter().any(|word| line.contains(word))
                && scans.is_none_or(|table| table.starts_with("orders")))
    })
}

async fn try_all(target: Target, file: &SqliteFile) {
    let written = written();
    let generated = generated(&written);
    assert!(written.len() >= 150 && written.len() + generated.len() >= 500);
    let engine = if matches!(target, Target::Sqlite { .. }) { Engine::Sqlite } else { Engine::Postgres };
    let door = Database::new(target.clone(), LIMITS);
    let columns = Columns::new(engine, Some("orders"), ["id", "amount", "status", "ordered_on"]);
    let before = dump(&target, file);
    let (mut failures, mut taken) = (Vec::new(), 0);
    for Trick { text, may_be_taken } in written.iter().chain(&generated) {
        let request =
            PreviewRequest { schema: None, table: "orders".to_owned(), rows: 200, condition: Some(text.clone()) };
        let previewed = door.preview(&request).await;
        let Ok(fragment) = Fragment::parse(text, &columns, None, engine) else {
            if !matches!(previewed, Err(Error::Fragment(_))) {
                failures.push(format!("refused, and asked: {text}: {previewed:?}"));
            }
            continue;
        };
        taken += 1;
        if !may_be_taken {
            failures.push(format!("taken: {text}: {}", fragment.to_sql()));
        }
        match previewed {
            // A row and an error may have the text itself, so the secret in it counts only where the text has not.
            Ok(preview) if format!("{:?}", preview.rows).contains(SECRET) => {
                failures.push(format!("told the secret: {text}"));
            }
            Err(error @ Error::TimedOut(_)) => failures.push(format!("did not end: {text}: {error}")),
            Err(error) if !text.contains(SECRET) && error.to_string().contains(SECRET) => {
                failures.push(format!("told the secret: {text}: {error}"));
            }
            // The engine may find a type wrong, or divide by zero: no rows, no plan.
            Ok(_) | Err(Error::Statement(_)) => {}
            Err(error) => failures.push(format!("failed in another way: {text}: {error}")),
        }
        let from = if engine == Engine::Sqlite { "orders" } else { "public.orders" };
        if let Ok(plan) = door.explain(&format!("SELECT id FROM {from} WHERE {}", fragment.to_sql())).await
            && !reads_only_orders(engine, &plan)
        {
            failures.push(format!("reads more: {text}: {plan:?}"));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(taken > 30, "only {taken} were taken: the others prove little");
    assert!(dump(&target, file) == before, "something has changed");
}

#[tokio::test]
async fn sqlite_is_told_nothing_but_conditions() {
    let file = SqliteFile::new().await;
    try_all(file.target(), &file).await;
}

#[tokio::test]
async fn postgres_is_told_nothing_but_conditions() {
    let Some((_, target)) = postgres("shop") else { return };
    try_all(Target::Postgres(target), &SqliteFile::new().await).await;
}
