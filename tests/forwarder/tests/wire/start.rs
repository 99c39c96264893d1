//! How a server starts that keeps nothing.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use toolwright_tests::{Server, StdioPipe, run};

use crate::{ALL, BASE_URL, FORWARDER, VARIABLES, api::Api, before, http, key};

/// The files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_server_without_tokens_has_no_database_and_no_command_for_them() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    assert!(http(&server, &ada).list().await.error_code().is_none());
    assert_eq!(files(server.folder()), [""; 0]);
    let help = server.command(&["--help"]).stdout;
    let serve = server.command(&["serve", "--help"]).stdout;
    for absent in ["token", "database", "account", "--behind-proxy"] {
        assert!(!help.contains(absent) && !serve.contains(absent), "{absent}: {help}{serve}");
    }
    for text in [&help, &serve] {
        assert!(text.contains(BASE_URL) && text.contains("https://api.forwarder.example"), "{text}");
    }
    for arguments in [&["token", "list"][..], &["--database", "sqlite:x.db"], &["stdio", "--database", "sqlite:x.db"]] {
        let ran = server.command(arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("unexpected argument") || ran.stderr.contains("unrecognized subcommand"),
            "{}",
            ran.stderr
        );
    }
    assert!(!server.log().contains("sk-notes-"), "{}", server.log());
}

#[tokio::test]
async fn over_stdio_nothing_is_kept_either() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let environment = [(VARIABLES.credential, ada.as_str()), (BASE_URL, api.address())];
    let mut pipe = StdioPipe::alone(FORWARDER, &environment);
    let list = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    assert!(pipe.request(&list).await.error_code().is_none());
    assert_eq!(files(pipe.own_folder().expect("a folder")), [""; 0]);
    let (code, rest, log) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), vec![]));
    assert!(!log.contains("sk-notes-"), "{log}");
}

/// Starts a command that should end by itself, and says how it did. One that serves is stopped.
fn started(command: &str, origin: &str, folder: &Path) -> (Option<i32>, String) {
    let mut child = Command::new(FORWARDER)
        .arg(command)
        .env(BASE_URL, origin)
        .env("FORWARDER_LISTEN", "127.0.0.1:0")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary under test");
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().expect("a child").is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    // One that has ended is not there to be stopped.
    let _ = child.kill();
    let output = child.wait_with_output().expect("a child");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_key_goes_to_a_safe_origin_or_the_server_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    for (origin, why) in [
        (
            "http://api.forwarder.example",
            "sends credentials without encryption: use `https`; `http` is for this machine only",
        ),
        ("http://10.0.0.1:80", "sends credentials without encryption: use `https`; `http` is for this machine only"),
        (
            "http://localhost.example.com",
            "sends credentials without encryption: use `https`; `http` is for this machine only",
        ),
        (
            "https://user@api.example.com",
            "holds a user's name or password: leave it out: the credential goes into a header",
        ),
        ("https://api.example.com/v1", "has a path: leave it out, as in `https://api.forwarder.example`"),
        ("https://api.example.com?x=1", "has a query or a fragment: leave out what follows the path"),
        ("ftp://api.example.com", "is no web address: use `https`"),
        ("api.example.com", "is no URL: relative URL without a base: write it as `https://api.forwarder.example`"),
    ] {
        for command in ["serve", "stdio"] {
            let (code, said) = started(command, origin, folder.path());
            assert_eq!(code, Some(1), "{origin}: {said}");
            assert_eq!(said.trim(), format!("forwarder: {BASE_URL} {why}"), "{command} {origin}");
        }
    }
}

#[tokio::test]
async fn an_api_can_stand_in_on_this_machine_unless_the_environment_names_one() {
    let (stand_in, elsewhere) = (Api::start().await, Api::start().await);
    let ada = key('a');
    for api in [&stand_in, &elsewhere] {
        api.grant(&ada, "ada", &ALL);
    }
    let address = stand_in.address().strip_prefix("http://").expect("an address");
    let server = Server::of(FORWARDER).arg("--stand-in").arg(address).start();
    assert!(http(&server, &ada).list().await.error_code().is_none());
    assert_eq!((stand_in.checks(), elsewhere.checks()), (1, 0));
    let server = before(&elsewhere, FORWARDER).arg("--stand-in").arg(address).start();
    assert!(http(&server, &ada).list().await.error_code().is_none());
    assert_eq!((stand_in.checks(), elsewhere.checks()), (1, 1));
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(FORWARDER, folder.path(), &["serve", "--listen", "127.0.0.1:0", "--stand-in", "192.0.2.1:80"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(ran.stderr.contains("192.0.2.1:80 is not of it"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_first_key_is_shown_once_with_what_connects_a_client() {
    let api = Api::start().await;
    let first = key('f');
    let server = before(&api, FORWARDER).arg("--introduce").arg(&first).start();
    let log = server.log();
    assert_eq!(log.matches(&first).count(), 2, "{log}");
    assert!(log.contains(&format!("the first Notes API Key; it is shown only now:\n\n    {first}\n")), "{log}");
    assert!(log.contains(&format!("Authorization: Bearer {first}")) && log.contains(server.url()), "{log}");
    // Others could read the log where others can connect.
    let open = before(&api, FORWARDER).arg("--introduce").arg(&first).arg("--listen").arg("0.0.0.0:0").start();
    assert!(!open.log().contains(&first), "{}", open.log());
}
