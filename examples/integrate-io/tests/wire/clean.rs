//! Ten thousand lines of logs without a secret, which come back as they were written.

use std::fmt::Write as _;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::{Value, json};

use crate::{
    account::{Account, start},
    store,
};

const LINES: usize = 10_000;
/// What a caller can see of a log at once.
const TAIL: usize = 200;

const WORDS: &[&str] = &[
    "orders",
    "customers",
    "loader",
    "warehouse",
    "billing",
    "nightly",
    "exports",
    "region",
    "sales",
    "müller",
    "inventory",
    "staging",
    "analytics",
    "Default",
    "etl",
    "reader",
    "tokens",
    "secrets",
    "x",
];

/// A line of a template, with a new value in each of its gaps.
fn filled(template: &str, random: &mut StdRng) -> String {
    let mut line = String::new();
    let mut rest = template;
    while let Some((before, (gap, after))) =
        rest.split_once('{').and_then(|(before, gap)| Some((before, gap.split_once('}')?)))
    {
        line.push_str(before);
        let Some(value) = value(gap, random) else {
            // A brace of the line's own; a gap can be in what follows.
            line.push('{');
            rest = &rest[before.len() + 1..];
            continue;
        };
        line.push_str(&value);
        rest = after;
    }
    line + rest
}

fn value(gap: &str, random: &mut StdRng) -> Option<String> {
    let mut of = |alphabet: &[u8], length: usize| -> String {
        (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
    };
    let hex = b"0123456789abcdef";
    let base64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Some(match gap {
        "hex16" => of(hex, 16),
        "hex32" => of(hex, 32),
        "hex40" => of(hex, 40),
        "hex64" => of(hex, 64),
        "upper16" => of(b"ABCDEFGHJKMNPQRSTVWXYZ0123456789", 16),
        "base64" => of(base64, 43) + "=",
        "uuid" => [8, 4, 4, 4, 12].map(|length| of(hex, length)).join("-"),
        "number" => random.random_range(1..1_000_000).to_string(),
        "word" => WORDS[random.random_range(0..WORDS.len())].to_owned(),
        "host" => format!("{}.example.com", of(hex, 8)),
        "address" => format!("10.0.{}.{}", random.random_range(0..256), random.random_range(1..255)),
        "time" => {
            let mut time = "2026-11-".to_owned();
            let of = [1..=28, 0..=23, 0..=59, 0..=59].map(|range| random.random_range(range));
            write!(time, "{:02}T{:02}:{:02}:{:02}.{:03}Z", of[0], of[1], of[2], of[3], random.random_range(0..1000))
                .expect("a string");
            time
        }
        _ => return None,
    })
}

/// The lines of `tests/data/clean-lines.txt` over and over, in an order that is the same each time.
fn lines() -> Vec<String> {
    let templates = include_str!("../data/clean-lines.txt").lines();
    let templates: Vec<&str> = templates.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut random = StdRng::seed_from_u64(11);
    let mut lines: Vec<String> =
        templates.iter().cycle().take(LINES).map(|template| filled(template, &mut random)).collect();
    lines.shuffle(&mut random);
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_a_secret_comes_back_as_it_was_written() {
    let server = start();
    let mut mine = Account::named(&server, "mine");
    let package = "INSERT INTO packages (id, account, name, flow_type, status, version, data_flow, variables, created_at, updated_at)
                   VALUES (1, MINE, 'p', 'dataflow', 'active', 1, '{}', '{}', 0, 0)";
    store::execute(&server, package, &mine.id, "").await;
    let mut store = store::open(&server).await;
    let lines = lines();
    let mut changed = Vec::new();
    for (run, lines) in (1_i64..).zip(lines.chunks(TAIL)) {
        let statements = [
            "INSERT INTO runs (id, account, package, package_version, status, variables, dynamic_variables, actor, created_at)
             SELECT ?1, account, id, 1, 'failed', '{}', '{}', 'a test', 0 FROM packages WHERE id = 1 AND json_valid(?2)",
            "INSERT INTO run_log (run, line, at, text) SELECT ?1, key + 1, 0, value FROM json_each(?2)",
        ];
        for statement in statements {
            let inserted = sqlx::query(statement).bind(run).bind(json!(lines).to_string());
            inserted.execute(&mut store).await.expect(statement);
        }
        let answer = mine.call("get_run", json!({"run_id": run, "log_tail_lines": TAIL})).await;
        let tail = answer["log_tail"].as_array().expect("lines");
        assert_eq!(tail.len(), lines.len());
        let differ = |(line, shown): &(&String, &Value)| json!(line) != **shown;
        changed.extend(lines.iter().zip(tail).filter(differ).map(|(line, shown)| format!("{line}\n  {shown}")));
    }
    assert!(changed.is_empty(), "{} lines were changed:\n{}", changed.len(), changed.join("\n"));
}
