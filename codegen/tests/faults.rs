//! Faulty manifests and the exact words about them. A case is a folder of `tests/golden/` with a
//! `tools.yaml`, whatever it includes, and `expected.txt`. (A case that is no fault has a folder
//! `expected` instead, and is none of this test's.)
//!
//! `UPDATE_GOLDEN=1 cargo test -p codegen --test faults` writes what comes out as expected.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use codegen::{
    diagnostic::{Code, Report},
    load::load,
};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("tools.yaml").is_file() && !path.join("expected").is_dir())
        .collect();
    cases.sort();
    cases
}

fn faults(case: &Path) -> Report {
    load(case, Path::new("tools.yaml")).expect_err(&format!("{} has no fault", case.display()))
}

#[test]
fn every_case_is_reported_in_the_expected_words() {
    let mut different = Vec::new();
    for case in cases() {
        let actual = faults(&case).render(false);
        let file = case.join("expected.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &actual).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
        if actual != expected {
            let diff = similar::TextDiff::from_lines(&expected, &actual);
            different.push(format!("{}\n{}", case.display(), diff.unified_diff()));
        }
    }
    assert!(different.is_empty(), "{}\nto accept all: UPDATE_GOLDEN=1", different.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    // Nothing that a person can write leads to it.
    let unreachable = BTreeSet::from([Code::Internal]);
    let seen: BTreeSet<Code> = cases().iter().flat_map(|case| faults(case).codes().collect::<Vec<_>>()).collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !seen.contains(code) && !unreachable.contains(code))
        .map(|code| code.as_str())
        .collect();
    assert!(missing.is_empty(), "no case of tests/golden has: {missing:?}");
    assert!(seen.is_disjoint(&unreachable), "a case reaches a code that nothing should reach");
}

#[test]
fn a_case_that_is_named_after_a_code_has_it() {
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let report = faults(&case);
        if let Some(code) = Code::ALL.iter().find(|code| name.starts_with(code.as_str())) {
            assert!(report.codes().any(|found| found == *code), "{name}:\n{report}");
        }
    }
}
