//! The tools of the area Run inspection, on what `tests/data/runs.sql` puts into two accounts.

use serde_json::{Value, json};
use toolwright_tests::Server;

use crate::{
    account::{Account, each, start},
    connections, store,
};

/// A server, and two accounts with runs and schedules.
pub(crate) async fn two_accounts() -> (Server, Account, Account) {
    let server = start();
    let (mine, theirs) = (Account::named(&server, "mine"), Account::named(&server, "theirs"));
    store::execute(&server, include_str!("../data/runs.sql"), &mine.id, &theirs.id).await;
    (server, mine, theirs)
}

/// Writes a log behind the back of the server.
pub(crate) async fn log<'a>(server: &Server, run: i64, lines: impl IntoIterator<Item = &'a str>) {
    let mut store = store::open(server).await;
    for (number, line) in (1_i64..).zip(lines) {
        sqlx::query("INSERT INTO run_log (run, line, at, text) VALUES (?1, ?2, 0, ?3)")
            .bind(run)
            .bind(number)
            .bind(line)
            .execute(&mut store)
            .await
            .expect("a line");
    }
}

/// What list_runs answers: arguments, ids, and how many there are in all.
const LISTS: &[(&str, &[i64], i64)] = &[
    ("{}", &[8405, 8404, 8401], 3),
    (r#"{"include_retries": true}"#, &[8405, 8404, 8403, 8402, 8401], 5),
    (r#"{"include_retries": true, "limit": 2, "offset": 1}"#, &[8404, 8403], 5),
    (r#"{"offset": 3}"#, &[], 3),
    (r#"{"status": "failed"}"#, &[8401], 1),
    (r#"{"status": "failed", "include_retries": true}"#, &[8402, 8401], 2),
    (r#"{"package_id": 8102}"#, &[8405, 8404], 2),
    (r#"{"package_id": 8102, "status": "cancelled"}"#, &[8404], 1),
    (r#"{"package_id": 8103, "include_retries": true}"#, &[], 0),
    (r#"{"status": "running"}"#, &[], 0),
];

#[tokio::test(flavor = "multi_thread")]
async fn runs_come_newest_first_and_retries_when_asked() {
    let (_server, mut mine, mut theirs) = two_accounts().await;
    for (arguments, ids, total) in LISTS {
        let listed = mine.call("list_runs", serde_json::from_str(arguments).expect("arguments")).await;
        let found: Vec<i64> = each(&listed["runs"], "id").into_iter().filter_map(Value::as_i64).collect();
        assert_eq!((found.as_slice(), &listed["total"]), (*ids, &json!(total)), "{arguments}");
    }
    let run = json!({
        "id": 8401, "package_id": 8101, "package_version": 2, "cluster_id": 8201, "schedule_id": 8301, "status": "failed",
        "created_at": "2023-11-14T22:13:20.000000Z", "started_at": "2023-11-14T22:13:21.000000Z",
        "completed_at": "2023-11-14T22:13:23.500000Z", "runtime_in_seconds": 2.5, "last_error": "no such table: big_orders",
    });
    assert_eq!(mine.call("list_runs", json!({"status": "failed"})).await["runs"], json!([run]));
    assert_eq!(each(&theirs.call("list_runs", json!({})).await["runs"], "id"), [&json!(8406)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_comes_with_its_variables_its_retries_and_the_end_of_its_log() {
    let (server, mut mine, _theirs) = two_accounts().await;
    let lines: Vec<String> = (1..=300).map(|line| format!("line {line}")).collect();
    log(&server, 8401, lines.iter().map(String::as_str)).await;
    let run = mine.call("get_run", json!({"run_id": 8401})).await;
    assert_eq!(run["variables"], json!({"threshold": "2500"}));
    assert_eq!(run["retried_by"], json!([8402, 8403]));
    assert_eq!((&run["log_lines"], &run["log_tail"]), (&json!(300), &json!(lines[280..])));
    assert_eq!(run["run"], mine.call("list_runs", json!({"status": "failed"})).await["runs"][0]);
    for tail in [1, 20, 200] {
        for tool in ["get_run", "explain_job_failure"] {
            let answer = mine.call(tool, json!({"run_id": 8401, "log_tail_lines": tail})).await;
            assert_eq!(
                (&answer["log_lines"], &answer["log_tail"]),
                (&json!(300), &json!(lines[300 - tail..])),
                "{tool}"
            );
        }
    }
    let default = mine.call("explain_job_failure", json!({"run_id": 8401})).await;
    assert_eq!(default["log_tail"], json!(lines[250..]));

    // What never started took no time, and has no log.
    let cancelled = mine.call("get_run", json!({"run_id": 8404})).await;
    assert_eq!((&cancelled["log_lines"], &cancelled["log_tail"]), (&json!(0), &json!([])));
    assert_eq!((cancelled["run"].get("runtime_in_seconds"), cancelled["run"].get("started_at")), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_of_others_are_not_there() {
    let (_server, mut mine, _theirs) = two_accounts().await;
    for tool in ["get_run", "explain_job_failure"] {
        let absent = mine.refusal(tool, json!({"run_id": 777_777})).await;
        assert!(absent.contains("there is no run `777777` in your account"), "{absent}");
        assert_eq!(mine.refusal(tool, json!({"run_id": 8406})).await.replace("8406", "777777"), absent, "{tool}");
    }
}

const SECRET: &str = "hunter2hunter2";

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_kept_back_wherever_the_tail_begins() {
    let (server, mut mine, _theirs) = two_accounts().await;
    let clean = ["INFO 0 errors in 12 rows", "2026-01-01T00:00:00Z starting", "connecting to db.example.com:5432/shop"];
    let mut lines: Vec<String> = clean.iter().map(|&line| line.to_owned()).collect();
    lines.push(format!("connecting to postgres://loader:{SECRET}@db.example.com/shop"));
    lines.push(format!("retrying with {{\"password\": \"{SECRET}\"}}"));
    // A private key, which only its first line tells from ordinary text.
    lines.push("-----BEGIN PRIVATE KEY-----".to_owned());
    lines.extend((0..30).map(|line| format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBK{line:02}")));
    lines.push("-----END PRIVATE KEY-----".to_owned());
    // A value that only the line before it tells from ordinary text.
    lines.extend(["password:".to_owned(), format!("    {SECRET}"), "done".to_owned()]);
    log(&server, 8401, lines.iter().map(String::as_str)).await;

    for tool in ["get_run", "explain_job_failure"] {
        for tail in [1, 2, 3, 4, 20, 34, 35, 36, 37, 38, 200] {
            let answer = mine.call(tool, json!({"run_id": 8401, "log_tail_lines": tail})).await;
            let shown = answer.to_string();
            assert!(!shown.contains("hunter2") && !shown.contains("MIIE"), "{tool} {tail}: {shown}");
            let tail_lines = answer["log_tail"].as_array().expect("lines");
            assert_eq!((tail_lines.len(), tail_lines.last()), (tail.min(lines.len()), Some(&json!("done"))));
        }
        let whole = mine.call(tool, json!({"run_id": 8401, "log_tail_lines": 200})).await;
        assert_eq!(json!(whole["log_tail"].as_array().expect("lines")[..3]), json!(clean));
        assert_eq!(whole["log_tail"][3], "connecting to postgres://loader:[redacted]@db.example.com/shop");
    }
}

/// A password that only who knows it recognizes, and how it can be written.
const CANARY: &str = "canary Zt4Qw8Er2Ty6";
const FORMS: &[&[&str]] = &[
    &["the database says: canary Zt4Qw8Er2Ty6 is wrong"],
    &["connecting to 127.0.0.1/?user=reader&key=canary%20Zt4Qw8Er2Ty6&mode=on"],
    &["via 127.0.0.1/?next=127.0.0.1%2F%3Fkey%3Dcanary%2520Zt4Qw8Er2Ty6"],
    &["sent Y2FuYXJ5IFp0NFF3OEVyMlR5Ng== and got nothing"],
    &["sent 63616e617279205a7434517738457232547936"],
    &["the database says: canary Zt4Q", "w8Er2Ty6 is wrong"],
    &["sent Y2FuYXJ5IFp0", "NFF3OEVyMlR5Ng=="],
];

/// Parts of it that would tell something, in each form.
const PARTS: &[&str] = &["canary", "Zt4Q", "w8Er2Ty6", "Y2FuYXJ5", "NFF3OEVyMlR5", "63616e6172", "457232547936"];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_connection_keeps_secret_is_kept_back_in_logs_that_were_there_before() {
    let (server, mut mine, _theirs) = two_accounts().await;
    let clean: Vec<String> =
        (0..210).map(|line| format!("row {line}: 0x{line:04x} of a%20table, canaries and Zt5")).collect();
    let answer_with = async |mine: &mut Account, form: &[&str], tool: &str, tail: usize| {
        store::execute(&server, "DELETE FROM run_log", &mine.id, "").await;
        log(&server, 8401, clean.iter().map(String::as_str).chain(form.iter().copied())).await;
        mine.call(tool, json!({"run_id": 8401, "log_tail_lines": tail})).await
    };
    // Nothing of its form tells that it is a secret: before there is the connection, it is shown.
    let shown = answer_with(&mut mine, FORMS[0], "get_run", 1).await;
    assert_eq!(shown["log_tail"], json!(FORMS[0]));

    let arguments = ["add", "--account", &mine.id, "--name", "warehouse", "--type", "postgres", "--host", "127.0.0.1"];
    let rest = ["--port", "1", "--database", "sales", "--user", "reader"];
    connections::done(server.folder(), &[&arguments[..], &rest[..]].concat(), CANARY);
    for form in FORMS {
        for tool in ["get_run", "explain_job_failure"] {
            for tail in [1, 20, 200] {
                let answer = answer_with(&mut mine, form, tool, tail).await;
                let lines = answer["log_tail"].as_array().expect("lines");
                let before = tail.saturating_sub(form.len());
                assert_eq!((lines.len(), json!(lines[..before])), (tail, json!(clean[210 - before..])));
                let found = PARTS.iter().find(|part| json!(lines[before..]).to_string().contains(**part));
                assert_eq!(found, None, "{form:?} {tool} {tail}: {lines:?}");
            }
        }
    }
}
