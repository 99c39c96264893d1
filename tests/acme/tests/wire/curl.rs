//! The commands of the documentation that call tools, verbatim but for the endpoint.

use std::process::Command;

use serde_json::{Value, json};
use toolwright_tests::{Server, is_installed};

use crate::{ACME, PREFIX};

const PAGE: &str = include_str!("../../../../generated/acme/docs/README.md");

fn commands() -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("\n## Call a tool with curl\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split("\n```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```\n")?.0)).collect()
}

#[test]
fn the_commands_of_the_documentation_call_their_tools() {
    if !is_installed("curl") {
        return;
    }
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let endpoint = acme_tools::SERVER.endpoint;
    let called = commands().into_iter().map(|command| {
        assert!(command.starts_with(&format!("curl {endpoint} ")), "{command}");
        let command = command.replacen(endpoint, server.url(), 1);
        let mut shell = Command::new("sh");
        let ran = shell.args(["-c", &command]).env("ACME_KEY", &token).env("NO_PROXY", "127.0.0.1").output();
        let ran = ran.expect("a shell");
        let answer: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        answer["result"]["structuredContent"].clone()
    });
    let [listed, added] = &called.collect::<Vec<_>>()[..] else { panic!("two commands") };
    assert_eq!(*listed, json!({"notes": [], "total": 0}));
    assert_eq!(added["text"], "Ada's list: $5, `milk` and \"more\" \\ n");
    assert_eq!(added["color"], "red");
}
