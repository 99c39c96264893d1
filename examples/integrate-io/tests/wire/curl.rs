//! The vendor's curl commands, letter for letter but for host, account, token and who signs in.

use std::{fs, process::Command};

use serde_json::{Value, json};
use toolwright_tests::{Server, is_installed, run_with_input};

use crate::{account::start, connections::BINARY};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a few words with spaces between them";

/// Runs a command of the page in a shell. The status, and the body.
fn curl(server: &Server, command: &str, account: &str, token: &str) -> (u16, Value) {
    // Where curl looks for options that the command does not have.
    let options = server.folder().join(".curlrc");
    fs::write(options, "silent\nshow-error\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n").expect("a file");
    let command = command
        .replace("https://api.xplenty.com", &server.address())
        .replace("YOUR_ACCOUNT_ID", account)
        .replace("YOUR_ACCESS_TOKEN", token)
        .replace("you@your-org.com", EMAIL)
        .replace("your-password", PASSWORD);
    let ran = Command::new("sh").arg("-c").arg(&command).env("CURL_HOME", server.folder()).output().expect("a shell");
    let answer = String::from_utf8_lossy(&ran.stdout);
    let (body, status) = answer.rsplit_once('\n').unwrap_or_else(|| panic!("{command} answers {ran:?}"));
    (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

/// The commands that call a tool, the id of their request, and a place in the answer's structured content with what is there.
const CALLS: &[(&str, i64, &str, &str)] = &[
    (include_str!("../data/curl/list_packages.sh"), 1, "/packages/0/status", "active"),
    (include_str!("../data/curl/explain_job_failure.sh"), 2, "/patterns/0/class", "schema"),
    (include_str!("../data/curl/preview_data.sh"), 3, "/table", "orders"),
];

#[test]
fn the_page_s_commands_answer_with_a_result() {
    if !is_installed("curl") {
        return;
    }
    let server = start();
    server.succeed(&["user", "create", "--email", EMAIL, "--name", "Ada", "--account", "demo"]);
    let set = run_with_input(BINARY, server.folder(), &["user", "password", EMAIL], &format!("{PASSWORD}\n"));
    assert!(set.status.success(), "{}", set.stderr);
    let (status, granted) = curl(&server, include_str!("../data/curl/password_grant.sh"), "", "");
    assert_eq!(status, 200, "{granted}");
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(7200)));
    assert!(granted["created_at"].is_u64(), "{granted}");

    let token = server.succeed(&["token", "create", "--user", EMAIL, "--name", "curl", "--scope", "read"]);
    let id = server
        .succeed(&["account", "list"])
        .lines()
        .nth(1)
        .and_then(|row| row.split_whitespace().next())
        .map(str::to_owned);
    for token in [&token, granted["access_token"].as_str().expect("a token")] {
        for account in ["demo", id.as_deref().expect("an id")] {
            for (command, id, place, expected) in CALLS {
                let (status, answer) = curl(&server, command, account, token);
                assert_eq!((status, &answer["id"]), (200, &json!(id)), "{answer}");
                let found = answer["result"]["structuredContent"].pointer(place);
                assert_eq!(found, Some(&json!(expected)), "{answer:#}");
            }
        }
    }
    let (status, answer) = curl(&server, CALLS[0].0, "demo", "integrateio_nothing");
    assert_eq!((status, &answer["error"]["code"]), (401, &json!(-31401)));
}
