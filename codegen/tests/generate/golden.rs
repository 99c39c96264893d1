//! Golden cases: a folder of `tests/golden` has the inputs, and in `expected/` all that is made of
//! them. `UPDATE_GOLDEN=1` rewrites what is expected. The generated crates among it are members of
//! the workspace, so that cargo compiles them.

use std::{env, fs};

use crate::workspace::{Workspace, fill, golden, tree};

#[test]
fn every_case_gives_what_is_expected() {
    let mut cases = 0;
    for entry in fs::read_dir(golden()).expect("the cases") {
        let entry = entry.expect("a case");
        // Faulty manifests have a report instead, and a test of their own.
        if entry.path().join("expected.txt").exists() {
            continue;
        }
        check(&entry.file_name().into_string().expect("UTF-8"));
        cases += 1;
    }
    assert!(cases >= 2, "the cases are gone");
}

fn check(case: &str) {
    let workspace = Workspace::of(case);
    let inputs = workspace.tree();
    let ran = workspace.run(&[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{case}");

    let mut given = workspace.tree();
    given.retain(|name, _| !inputs.contains_key(name));
    given.insert("stdout.txt".to_owned(), ran.stdout.into_bytes());
    let folder = golden().join(case).join("expected");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        for surplus in tree(&folder).keys().filter(|name| !given.contains_key(*name)) {
            fs::remove_file(folder.join(surplus)).expect("a file that is expected no more");
        }
        fill(&folder, given.clone());
    }
    let expected = tree(&folder);
    let names = |tree: &std::collections::BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&given), names(&expected), "{case}: the files differ; UPDATE_GOLDEN=1 takes them over");
    for (name, content) in &given {
        // A checkout may have changed line endings, and nothing else.
        let expected = String::from_utf8_lossy(&expected[name]).replace("\r\n", "\n");
        let content = String::from_utf8_lossy(content);
        assert_eq!(content, expected, "{case}: {name} differs; UPDATE_GOLDEN=1 takes it over");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let [here, there] = [Workspace::of("every-type"), Workspace::of("every-type")];
    assert_eq!(here.run(&[]).code, Some(0));
    let root = there.root().to_str().expect("UTF-8").to_owned();
    let elsewhere = Workspace::empty();
    assert_eq!(elsewhere.run(&["--root", &root]).code, Some(0));
    assert!(elsewhere.tree().is_empty());
    assert_eq!(here.tree(), there.tree());
}

#[test]
fn line_endings_of_the_input_change_nothing() {
    let [unix, windows] = [Workspace::of("every-type"), Workspace::of("every-type")];
    for (name, content) in windows.tree() {
        // What is no text has no lines.
        if let Ok(text) = String::from_utf8(content) {
            windows.write(&name, &text.replace('\n', "\r\n"));
        }
    }
    assert_eq!(unix.run(&[]).code, Some(0));
    assert_eq!(windows.run(&[]).code, Some(0));
    let outputs = |workspace: &Workspace| {
        let tree = workspace.tree().into_iter();
        tree.filter(|(name, _)| name.starts_with("generated/")).collect::<Vec<_>>()
    };
    assert_eq!(outputs(&unix), outputs(&windows));
}
