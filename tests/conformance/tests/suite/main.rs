//! The official conformance suite, run against this server: nothing that a revision asks for may fail, but for what
//! `tests/facts/conformance.tsv` gives a reason for.

mod run;

use std::collections::BTreeSet;

use run::Scenario;
use toolwright_tests::{Server, authorized, report, rows};

/// The revisions that the suite has requirements of, and how many scenarios it scores for each.
const REVISIONS: [(&str, usize); 2] = [("2025-11-25", 30), ("2026-07-28", 37)];

/// A check that does not pass: the revision, the scenario, and the check's id.
type Failure = [String; 3];

#[tokio::test]
async fn every_requirement_is_met() {
    if !run::is_there() {
        return;
    }
    let server = Server::of(env!("CARGO_BIN_EXE_conformance")).start();
    let token = server.token("suite", &["checks:run"]);
    let url = format!("http://127.0.0.1:{}/mcp", authorized(server.authority(), &token).await);

    let mut failures = BTreeSet::<Failure>::new();
    for (revision, count) in REVISIONS {
        let (scored, others): (Vec<_>, Vec<_>) =
            run::requirements(&url, revision).await.into_iter().partition(|scenario| scenario.is_scored);
        assert_eq!(scored.len(), count, "{revision}");
        report(&format!("{revision}: {} scored scenarios pass", passing(&scored)));
        report(&format!("{revision}: {} others pass", passing(&others)));
        for scenario in &scored {
            for (check, why) in scenario.failures() {
                report(&format!("{revision}: {}: {check}: {why}", scenario.name));
                failures.insert([revision.to_owned(), scenario.name.clone(), check]);
            }
        }
    }

    let expected: BTreeSet<_> = rows("conformance.tsv").into_iter().map(expected).collect();
    let (unexpected, mended) = (&failures - &expected, &expected - &failures);
    assert!(unexpected.is_empty(), "fail, and tests/facts/conformance.tsv gives no reason: {unexpected:#?}");
    assert!(mended.is_empty(), "pass, and are to be removed from tests/facts/conformance.tsv: {mended:#?}");
}

/// A row of the file of expected failures.
fn expected(row: Vec<String>) -> Failure {
    match <[String; 4]>::try_from(row) {
        Ok([revision, scenario, check, reason]) if !reason.is_empty() => [revision, scenario, check],
        other => panic!("a revision, a scenario, a check and a reason are wanted, with tabs between them: {other:?}"),
    }
}

fn passing(scenarios: &[Scenario]) -> String {
    let (passing, failing): (Vec<_>, Vec<_>) = scenarios.iter().partition(|scenario| scenario.failures().is_empty());
    let checks: usize = scenarios.iter().map(Scenario::successes).sum();
    let failing: Vec<_> = failing.iter().map(|scenario| scenario.name.as_str()).collect();
    let rest = if failing.is_empty() { String::new() } else { format!(", and not {}", failing.join(", ")) };
    format!("{} of {} ({checks} checks{rest})", passing.len(), scenarios.len())
}
