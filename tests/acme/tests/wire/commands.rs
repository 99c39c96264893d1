//! Commands that a server has beside the runtime's.

use std::fs;

use toolwright_tests::{Ran, run};

use crate::ACME;

/// Runs `acme notes count` with these arguments, in a folder with two files of notes.
fn count(arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("two"), "Buy milk\n\nCall home\n").expect("a file");
    fs::write(folder.path().join("none"), "\n").expect("a file");
    let ran = run(ACME, folder.path(), &[&["notes", "count"], arguments].concat());
    assert!(!folder.path().join("data").exists(), "no database was opened");
    ran
}

#[test]
fn they_stand_beside_the_runtimes_in_the_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = run(ACME, folder.path(), &["--help"]).stdout;
    let commands: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(
        commands,
        ["serve", "stdio", "tools", "snippet", "token", "sign-in", "sign-out", "audit", "notes", "help"],
        "{help}"
    );
    assert!(help.starts_with("Keeps notes. A server to test with.\n"), "{help}");
    let help = run(ACME, folder.path(), &["notes", "count", "--help"]).stdout;
    assert!(!help.contains("ACME_"), "its options are its own:\n{help}");
}

#[test]
fn one_prints_what_it_was_asked_for_and_nothing_else() {
    let ran = count(&["--database", "two"]);
    assert_eq!((ran.status.code(), ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "2\n", ""));
}

#[test]
fn one_that_fails_says_so_as_the_runtimes_do() {
    let absent = count(&["--database", "absent"]);
    assert_eq!((absent.status.code(), absent.stdout.as_str()), (Some(1), ""));
    assert!(absent.stderr.starts_with("acme: cannot read absent: "), "{}", absent.stderr);
    assert_eq!(absent.stderr.lines().count(), 1, "{}", absent.stderr);
    let empty = count(&["--database", "none"]);
    assert_eq!((empty.status.code(), empty.stderr.as_str()), (Some(1), "acme: none has no note\n"));
}

#[test]
fn an_option_of_the_runtime_has_no_say_in_one_of_the_same_name() {
    let ran = count(&[]);
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(ran.stderr.contains("--database <FILE>"), "it has no default: {}", ran.stderr);
}

#[test]
fn a_server_whose_calls_are_about_no_account_has_nothing_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (command, expected) in [
        (&["account", "list"][..], "unrecognized subcommand 'account'"),
        (&["user", "list"], "unrecognized subcommand 'user'"),
        (&["token", "create", "--name", "x", "--user", "a@b.c"], "unexpected argument '--user' found"),
        (&["stdio", "--account", "1"], "unexpected argument '--account' found"),
    ] {
        let ran = run(ACME, folder.path(), command);
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{command:?}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{command:?}: {}", ran.stderr);
    }
    for command in ["--help", "help"] {
        let help = run(ACME, folder.path(), &[command]).stdout;
        assert!(!help.contains("account"), "{help}");
    }
}
