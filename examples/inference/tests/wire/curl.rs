//! The documentation's curl commands, letter for letter but for the host.

use std::{fs, process::Command};

use serde_json::{Value, json};
use toolwright_tests::{is_installed, workspace};

use crate::place::Place;

/// The commands of the documentation's front page.
fn commands() -> Vec<String> {
    let page = fs::read_to_string(workspace().join("generated/inference/docs/README.md")).expect("the documentation");
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    blocks.filter(|block| block.starts_with("curl ")).map(str::to_owned).collect()
}

/// Runs a command in a shell. The status, and the body.
fn curl(place: &Place, command: &str, key: &str) -> (u16, Value) {
    // Where curl looks for options that the command does not have.
    let options = place.server.folder().join(".curlrc");
    fs::write(options, "silent\nshow-error\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n").expect("a file");
    let command = command.replace("https://mcp.inference.net", &place.server.address());
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).env("CURL_HOME", place.server.folder()).env("INFERENCE_API_KEY", key);
    let ran = shell.output().expect("a shell");
    let answer = String::from_utf8_lossy(&ran.stdout);
    let (body, status) = answer.rsplit_once('\n').unwrap_or_else(|| panic!("{command} answers {ran:?}"));
    (status.parse().expect("a status"), serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

#[test]
fn the_documentations_commands_answer_with_a_result() {
    if !is_installed("curl") {
        return;
    }
    let place = Place::start();
    let key = place.key(&["--read", "demo"]);
    let commands = commands();
    let called = commands.iter().zip([("whoami", "/team/name"), ("list_inferences", "/inferences/0/id")]);
    for (command, (tool, shown)) in called {
        assert!(command.contains(&format!("\"name\": \"{tool}\"")), "{command}");
        let (status, answer) = curl(&place, command, &key);
        assert_eq!(status, 200, "{answer}");
        let content = &answer["result"]["structuredContent"];
        assert!(content.pointer(shown).is_some_and(Value::is_string), "{answer:#}");
        let (status, answer) = curl(&place, command, "sk-inference-nothing");
        assert_eq!((status, &answer["error"]["code"]), (401, &json!(-31401)), "{answer}");
    }
    assert_eq!(commands.len(), 2);
}
