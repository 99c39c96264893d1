//! Faulty manifests and the exact words about them. A case is a folder of `tests/golden/` with a
//! `tools.yaml`, whatever it includes, and `expected.txt`: what the real program says of it. (A case
//! whose manifest has no fault has a folder `expected` instead.)
//!
//! `UPDATE_GOLDEN=1` takes over what comes out; a new case begins with an empty `expected.txt`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use codegen::{
    diagnostic::{Code, Report},
    load::load,
};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = paths.filter(|path| path.join("expected.txt").is_file()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn report(case: &Path) -> Report {
    load(case, Path::new("tools.yaml")).expect_err(&format!("{} has no fault", case.display()))
}

/// What the program says about a case; it has to fail, and to leave the folder as it was.
fn said(case: &Path) -> String {
    let before = files(case);
    let run = Command::new(env!("CARGO_BIN_EXE_codegen")).arg("--root").arg(case).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", case.display());
    assert!(run.stdout.is_empty(), "{} prints to standard output", case.display());
    assert_eq!(files(case), before, "{}: something was written", case.display());
    String::from_utf8(run.stderr).unwrap()
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path);
    }
    found
}

#[test]
fn every_case_is_reported_in_the_expected_words() {
    let mut different = Vec::new();
    for case in cases() {
        let actual = said(&case);
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
    assert!(different.is_empty(), "{}\nto take over what came: UPDATE_GOLDEN=1", different.join("\n"));
}

#[test]
fn every_code_has_a_case() {
    // Nothing that a person can write leads to it.
    let unreachable = BTreeSet::from([Code::Internal]);
    let seen: BTreeSet<Code> = cases().iter().flat_map(|case| report(case).codes().collect::<Vec<_>>()).collect();
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
        let named = Code::ALL.iter().filter(|code| name.starts_with(code.as_str()));
        if let Some(code) = named.max_by_key(|code| code.as_str().len()) {
            let report = report(&case);
            assert!(report.codes().any(|found| found == *code), "{name}:\n{report}");
        }
    }
}
