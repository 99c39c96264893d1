//! What the compiler says to a person whose handler is wrong: the exact text, one error each.

use std::{fs, path::Path};

const CASES: &str = "tests/compile_fail";

#[test]
fn a_wrong_handler_says_exactly_this() {
    trybuild::TestCases::new().compile_fail(format!("{CASES}/*.rs"));
}

#[test]
fn it_is_one_error_and_first_of_all_in_the_persons_own_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(CASES);
    let mut cases = 0;
    for path in fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a case").path()) {
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let said = fs::read_to_string(path.with_extension("stderr")).expect("what the compiler says");
        assert_eq!(said.lines().filter(|line| line.starts_with("error")).count(), 1, "{said}");
        let first = said.lines().find_map(|line| line.trim_start().strip_prefix("--> ")).expect("a place");
        let file = path.file_name().expect("a file").to_string_lossy();
        assert!(first.starts_with(&format!("{CASES}/{file}:")), "{first}");
        cases += 1;
    }
    assert!(cases > 0);
}
