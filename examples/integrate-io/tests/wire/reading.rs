//! Tools that read leave no trace, and find what they are asked for.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use toolwright_tests::{Server, dump, examples};

use crate::account::{Account, start};

/// The examples of each tool that the manifest declares to read.
pub(crate) fn declared_readers() -> BTreeMap<String, Vec<Value>> {
    examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"), &["read"])
}

/// The file of the account's demo database.
pub(crate) fn demo(server: &Server) -> PathBuf {
    server.folder().join("data/integrate-io-demo.db")
}

/// Whether there is something in the first list of an answer, if it has any.
fn finds(answer: &Value) -> bool {
    let lists = answer.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array());
    // That a package has no fault is what its validation finds.
    lists.take(1).all(|list| !list.is_empty()) || answer["valid"] == true
}

/// Everything that the server keeps, but for when its tokens were last used.
pub(crate) async fn kept(server: &Server) -> BTreeMap<PathBuf, String> {
    let mut kept = BTreeMap::new();
    for file in fs::read_dir(server.folder().join("data")).expect("data") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "db") {
            let dump = dump(&path, Some("last_used_at")).await;
            kept.insert(path, dump);
        }
    }
    kept
}

/// Ends a server, so that what is written late is written.
pub(crate) async fn ended(mut server: Server) -> Server {
    server.terminate();
    let stopped = tokio::task::spawn_blocking(move || {
        server.wait(Duration::from_secs(20));
        server
    });
    stopped.await.expect("a stopped server")
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_leaves_no_trace_but_a_validation_its_record() {
    let server = start();
    let mut first = Account::first(&server);
    let (before, bytes) = (kept(&server).await, fs::read(demo(&server)).expect("the demo database"));
    assert!(before.values().any(|dump| dump.contains("INSERT INTO packages")), "{before:#?}");
    let mut validations = 0;
    for (tool, examples) in declared_readers() {
        for example in examples {
            let answer = first.call(&tool, example.clone()).await;
            assert!(finds(&answer), "{tool} with {example} finds nothing: {answer}");
            validations += usize::from(tool == "validate_package");
        }
    }
    let server = ended(server).await;
    assert!(fs::read(demo(&server)).expect("the demo database") == bytes, "the demo database has changed");
    let mut records = 0;
    for (path, after) in kept(&server).await {
        let lines: Vec<&str> = before.get(&path).unwrap_or_else(|| panic!("{path:?} is new")).lines().collect();
        let more: Vec<&str> = after.lines().filter(|line| !lines.contains(line)).collect();
        assert_eq!(after.lines().count(), lines.len() + more.len(), "something has gone from {path:?}");
        for line in more {
            assert!(line.starts_with("INSERT INTO validations VALUES"), "{path:?} has more: {line}");
            records += 1;
        }
    }
    assert_eq!((records, validations), (validations, 1));
}
