//! The command `keys`: keys for language models, which are stored encrypted and shown to nobody.

use std::{fs, path::Path};

use toolwright_tests::{Ran, run_with_input};

use crate::{account::start, store};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_infatica");

/// A key that must not be found anywhere. Nothing of its form tells that it is one.
pub(crate) const CANARY: &str = "canary.Zt4Qw8Er2Ty6Ui0Op3As7Df";

/// Adds a key in a folder, with what standard input has.
fn add(folder: &Path, name: &str, more: &[&str], secret: &str) -> Ran {
    let key = ["keys", "add", "--name", name, "--url", "https://models.example.com/v1", "--model", "model-1"];
    run_with_input(BINARY, folder, &[&key, more].concat(), secret)
}

/// Adds a key for an endpoint.
pub(crate) fn add_at(folder: &Path, name: &str, url: &str, secret: &str) {
    add_for(folder, "local", name, url, secret);
}

/// Adds a key of an account for an endpoint.
pub(crate) fn add_for(folder: &Path, account: &str, name: &str, url: &str, secret: &str) {
    let arguments = ["keys", "add", "--account", account, "--name", name, "--model", "model-1", "--url", url];
    let ran = run_with_input(BINARY, folder, &arguments, secret);
    assert!(ran.status.success(), "{}", ran.stderr);
}

/// Runs one of the other commands of `keys`, which must succeed.
pub(crate) fn keys(folder: &Path, arguments: &[&str]) -> Ran {
    let ran = run_with_input(BINARY, folder, &[&["keys"], arguments].concat(), "");
    assert!(ran.status.success(), "{arguments:?}: {}", ran.stderr);
    ran
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Columns of the list, without the header: each key's name, account, whether it is used, and what is
/// shown of it.
fn listed(folder: &Path) -> Vec<[String; 4]> {
    let list = keys(folder, &["list"]).stdout;
    let mut lines = list.lines();
    let header: Vec<&str> = lines.next().expect("a header").split_whitespace().collect();
    assert_eq!(header.join(" "), "ID NAME ACCOUNT USED URL MODEL KEY CREATED BY LAST USED");
    let columns = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert!(cells[0].starts_with("key_") && cells[4..6] == ["https://models.example.com/v1", "model-1"], "{line}");
        [cells[1], cells[2], cells[3], cells[6]].map(str::to_owned)
    };
    lines.map(columns).collect()
}

#[test]
fn the_key_that_was_added_last_is_used_until_another_is_chosen() {
    let folder = folder();
    let folder = folder.path();
    for (name, more, secret) in [
        ("first", &[][..], CANARY),
        ("second", &[], "sk-0123456789abcdef-WXYZ\r\n"),
        ("first", &["--account", "other"], "sk-short-secret"),
    ] {
        let added = add(folder, name, more, secret);
        assert_eq!((added.status.code(), added.stdout.as_str()), (Some(0), ""), "{}", added.stderr);
        assert!(added.stderr.starts_with(&format!("stored `{name}` (key_")), "{}", added.stderr);
    }
    let row = |cells: [&str; 4]| cells.map(str::to_owned);
    let (mut first, mut second) = (row(["first", "local", "no", "…s7Df"]), row(["second", "local", "yes", "…WXYZ"]));
    // Of a short one, four characters would be much.
    let other = row(["first", "other", "yes", "…"]);
    assert_eq!(listed(folder), [first.clone(), second.clone(), other.clone()]);

    keys(folder, &["use", "first"]);
    (first[2], second[2]) = ("yes".to_owned(), "no".to_owned());
    assert_eq!(listed(folder), [first, second.clone(), other.clone()]);

    let deleted = keys(folder, &["delete", "first"]).stderr;
    assert!(deleted.contains("deleted `first` (key_") && deleted.contains("uses `second` (key_"), "{deleted}");
    second[2] = "yes".to_owned();
    assert_eq!(listed(folder), [second, other.clone()]);

    let list = keys(folder, &["list"]).stdout;
    let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id");
    let deleted = keys(folder, &["delete", id]).stderr;
    assert!(deleted.ends_with("the account `local` has no key\n"), "{deleted}");
    assert_eq!(listed(folder), [other]);
}

#[test]
fn what_does_not_fit_is_refused_and_stores_nothing() {
    let folder = folder();
    let folder = folder.path();
    assert!(add(folder, "there", &[], CANARY).status.success());
    assert!(add(folder, "theirs", &["--account", "other"], CANARY).status.success());
    let before = keys(folder, &["list"]).stdout;

    let long = "x".repeat(4097);
    let padded = format!("{CANARY}{}and more", " ".repeat(8192));
    let added: &[(&str, &[&str], &str, &str)] = &[
        ("there", &[], CANARY, "there is a key `there` already: choose another name, or delete that one"),
        ("new", &[], "", "no key came: write it to standard input"),
        ("new", &[], " \n", "no key came: write it to standard input"),
        ("new", &[], "short", "a key is a word of 6 to 4096 letters, digits and marks of ASCII"),
        ("new", &[], "two words", "what came is no key"),
        ("new", &[], "two\nlines", "what came is no key"),
        ("new", &[], "schlüssel", "what came is no key"),
        ("new", &[], &long, "what came is no key"),
        ("new", &[], &padded, "what came is no key"),
        ("key_new", &[], CANARY, "a name does not start with `key_`, as ids do"),
        ("", &[], CANARY, "write 1 to 64 printable characters"),
        ("new\u{202e}", &[], CANARY, "write 1 to 64 printable characters"),
        ("new", &["--account", " "], CANARY, "write 1 to 64 printable characters"),
        ("new", &["--key", CANARY], "", "unexpected argument '--key'"),
    ];
    for (name, more, secret, expected) in added {
        let ran = add(folder, name, more, secret);
        assert!(!ran.status.success() && ran.stderr.contains(expected), "{name} {more:?}: {}", ran.stderr);
    }
    for (url, expected) in [
        ("models.example.com", "it is no URL"),
        ("ftp://models.example.com/", "it must start with http:// or https://"),
        ("https://me:word@models.example.com/", "it has a user name or password"),
        ("https://models.example.com/v1/chat/completions", "leave out `/chat/completions`"),
    ] {
        let arguments = ["keys", "add", "--name", "new", "--model", "model-1", "--url", url];
        let ran = run_with_input(BINARY, folder, &arguments, CANARY);
        assert!(!ran.status.success() && ran.stderr.contains(expected), "{url}: {}", ran.stderr);
    }
    // Another account's key is absent, by its name and by its id.
    let list = keys(folder, &["list"]).stdout;
    let theirs = list.lines().find(|line| line.contains("theirs")).and_then(|line| line.split_whitespace().next());
    for key in ["absent", "theirs", theirs.expect("an id")] {
        for command in ["use", "delete"] {
            let ran = run_with_input(BINARY, folder, &["keys", command, key], "");
            let expected = format!("infatica: there is no key `{key}`\n");
            assert_eq!((ran.status.code(), ran.stderr), (Some(1), expected));
        }
    }
    assert_eq!(keys(folder, &["list"]).stdout, before);
}

#[test]
fn a_key_that_is_not_encrypted_on_its_way_is_stored_with_a_note() {
    let folder = folder();
    let arguments = ["keys", "add", "--name", "plain", "--model", "model-1", "--url"];
    let ran = run_with_input(BINARY, folder.path(), &[&arguments[..], &["http://10.0.0.1/v1"]].concat(), CANARY);
    assert!(ran.status.success() && ran.stderr.contains("note: whoever is on the way"), "{}", ran.stderr);
    let ran = add(folder.path(), "encrypted", &[], CANARY);
    assert!(ran.status.success() && !ran.stderr.contains("note"), "{}", ran.stderr);
}

/// Whether any file below a folder has a text in it.
pub(crate) fn found_in_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).any(|path| {
        if path.is_dir() {
            return found_in_files(&path, text);
        }
        let bytes = fs::read(&path).expect("a file");
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_file_and_in_no_output_but_its_changes_are_in_the_audit_log() {
    let server = start(&[]);
    let folder = server.folder();
    let mut printed = String::new();
    let mut print = |ran: Ran| printed.extend([ran.stdout, ran.stderr]);
    print(add(folder, "canary", &[], CANARY));
    // The server has the store open, so that what was written is still in the write-ahead log.
    let log = store::path(&server).with_extension("db-wal");
    assert!(fs::metadata(log).is_ok_and(|log| log.len() > 0));
    assert!(found_in_files(folder, "models.example.com") && !found_in_files(folder, CANARY));
    print(add(folder, "canary", &[], CANARY));
    print(add(folder, "second", &[], CANARY));
    print(keys(folder, &["use", "canary"]));
    print(keys(folder, &["rewrap"]));
    print(keys(folder, &["list"]));
    let ids = store::column(&server, "SELECT id FROM llm_keys ORDER BY seq").await;
    print(keys(folder, &["delete", "canary"]));
    assert!(!found_in_files(folder, CANARY));
    assert!(!printed.contains(CANARY), "{printed}");
    assert!(!server.log().contains(CANARY), "{}", server.log());

    let audit = "SELECT account || ' ' || via || ' ' || action || ' ' || object FROM audit ORDER BY seq";
    let [first, second] = ids.as_slice() else { panic!("two keys: {ids:?}") };
    let expected = [
        format!("local session key.added {first}"),
        format!("local session key.added {second}"),
        format!("local session key.chosen {first}"),
        format!("local session key.rewrapped {first}"),
        format!("local session key.rewrapped {second}"),
        format!("local session key.deleted {first}"),
    ];
    assert_eq!(store::column(&server, audit).await, expected);
}

#[cfg(unix)]
#[test]
fn the_key_file_is_made_for_the_first_key_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let folder = folder.path();
    let file = folder.join("data/infatica-store.db.key");
    keys(folder, &["list"]);
    assert!(!file.exists());
    assert!(add(folder, "first", &[], CANARY).status.success());
    assert_eq!(fs::metadata(&file).expect("a key file").permissions().mode() & 0o777, 0o600);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("another mode");
    let refused = add(folder, "second", &[], CANARY).stderr;
    assert!(refused.contains("(mode 644): chmod 600 it"), "{refused}");
    assert_eq!(listed(folder).len(), 1);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("another mode");
    assert!(add(folder, "second", &[], CANARY).status.success());
}

#[test]
fn a_key_file_that_is_not_that_of_the_other_keys_takes_no_further_key() {
    let folder = folder();
    let folder = folder.path();
    assert!(add(folder, "first", &[], CANARY).status.success());
    assert!(add(folder, "other", &["--store", "other.db", "--key-file", "other.key"], CANARY).status.success());
    assert!(folder.join("other.key").exists() && !folder.join("other.db.key").exists());

    for (key_file, expected) in [
        ("other.key", "it was sealed with another key file than other.key"),
        ("absent.key", "there is no key file absent.key"),
    ] {
        let refused = add(folder, "second", &["--key-file", key_file], CANARY).stderr;
        assert!(refused.contains(expected), "{refused}");
        assert!(refused.contains("if their key file is lost, delete them first"), "{refused}");
        assert!(refused.contains("`first` (key_"), "{refused}");
    }
    assert!(!folder.join("absent.key").exists());
    assert_eq!(listed(folder).len(), 1);

    // When the file is lost, the keys are deleted, and the next one starts anew.
    fs::remove_file(folder.join("data/infatica-store.db.key")).expect("a key file");
    keys(folder, &["delete", "first"]);
    assert!(add(folder, "anew", &[], CANARY).status.success());
}

#[test]
fn a_rewrap_encrypts_every_key_anew_and_passes_over_what_it_cannot_open() {
    let folder = folder();
    let folder = folder.path();
    assert!(add(folder, "first", &[], CANARY).status.success());
    assert!(add(folder, "second", &["--account", "other"], CANARY).status.success());
    let file = folder.join("data/infatica-store.db.key");
    let before = fs::read(&file).expect("a key file");
    let rewrapped = keys(folder, &["rewrap"]).stderr;
    assert_eq!(rewrapped, "keys encrypted under the newest key of data/infatica-store.db.key: 2\n");

    // The newest key alone opens them now.
    let both = fs::read(&file).expect("a key file");
    assert_eq!((both.len(), &both[..32]), (64, before.as_slice()));
    fs::write(&file, &both[32..]).expect("a key file");
    assert_eq!(keys(folder, &["rewrap"]).stderr, rewrapped);

    fs::write(&file, before).expect("a key file");
    let lost = keys(folder, &["rewrap"]).stderr;
    assert_eq!(lost.matches("left as it is: `").count(), 2, "{lost}");
    assert!(lost.ends_with("key: 0\n"), "{lost}");
}
