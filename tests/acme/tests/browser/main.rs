//! The settings as people use them: in a browser, by what is written on the pages.

#![cfg(unix)]

mod connect;
mod looks;
mod tokens;
mod tools;

use serde_json::json;
use toolwright_tests::Told;

const ACME: &str = env!("CARGO_BIN_EXE_acme");

/// What a client gets that was told this: the status of a list of its tools.
async fn status(told: &Told) -> u16 {
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let request = http
        .post(told.url.as_deref().expect("a URL"))
        .header("Authorization", &told.credential)
        .header("Content-Type", "application/json")
        .body(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string());
    request.send().await.expect("an answer").status().as_u16()
}

/// Reads what was copied as Claude Code reads it, with the credential in this variable if it is not in the text.
fn read_by_claude_code(snippet: &str, variable: &str) -> Told {
    Told::read("claude-code", "sh", snippet, variable, "NOTES_GATEWAY")
}
