//! explain_job_failure: logs of many systems, and what is made of them.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    runs::{log, two_accounts},
    store,
};

/// Each case of `tests/data/failures` is a log and a JSON file: the run's own error, where it has one, and
/// what is to be said of the log. Patterns are `[class, count, first line]`; the last step is always to retry.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_explained() {
    let (server, mut mine, theirs) = two_accounts().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/failures");
    let mut cases: Vec<_> = fs::read_dir(&folder).expect("cases").map(|entry| entry.expect("a file").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    cases.sort();
    assert!(cases.len() >= 15, "{} cases", cases.len());
    for (run, path) in (20_000_i64..).zip(&cases) {
        let name = path.file_stem().expect("a name").display();
        let case: Value = serde_json::from_slice(&fs::read(path).expect("a case")).expect("JSON");
        let text = fs::read_to_string(path.with_extension("log")).expect("a log");
        let error =
            case["error"].as_str().map_or("NULL".to_owned(), |error| format!("'{}'", error.replace('\'', "''")));
        let insert = format!(
            "INSERT INTO runs (id, account, package, package_version, status, variables, dynamic_variables, error, actor, created_at)
             VALUES ({run}, MINE, 8101, 2, 'failed', '{{}}', '{{}}', {error}, 'a test', 0)"
        );
        store::execute(&server, &insert, &mine.id, &theirs.id).await;
        log(&server, run, text.lines()).await;

        let mut explained = mine.call("explain_job_failure", json!({"run_id": run, "log_tail_lines": 200})).await;
        assert_eq!(explained["log_tail"], json!(text.lines().collect::<Vec<_>>()), "{name}");
        assert_eq!(explained.get("primary_error"), case.get("primary_error"), "{name}");
        let patterns = explained["patterns"].as_array().expect("patterns").iter();
        let patterns: Vec<Value> = patterns.map(|p| json!([p["class"], p["count"], p["first_line"]])).collect();
        assert_eq!(json!(patterns), case["patterns"], "{name}: {explained:#}");
        let steps = explained["next_steps"].as_array_mut().expect("steps");
        assert_eq!(
            steps.pop(),
            Some(json!(format!("When that is mended, call retry_job with run_id {run}."))),
            "{name}"
        );
        let steps = explained["next_steps"].to_string().replace(&run.to_string(), "RUN");
        assert_eq!(serde_json::from_str::<Value>(&steps).expect("steps"), case["next_steps"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_did_not_fail_has_no_failure() {
    let (server, mut mine, _theirs) = two_accounts().await;
    log(&server, 8405, ["ERROR: connection refused, trying again", "done"]).await;
    for (run, said) in [(8405, "nothing failed"), (8404, "was cancelled")] {
        let explained = mine.call("explain_job_failure", json!({"run_id": run})).await;
        assert_eq!((explained.get("primary_error"), &explained["patterns"]), (None, &json!([])), "{explained}");
        let steps = explained["next_steps"].as_array().expect("steps");
        assert!(steps.len() == 1 && steps[0].as_str().is_some_and(|step| step.contains(said)), "{explained}");
    }
    let explained = mine.call("explain_job_failure", json!({"run_id": 8405})).await;
    assert_eq!(explained["log_tail"], json!(["ERROR: connection refused, trying again", "done"]));
}
