//! `mcp-remote`, which stands between a server over HTTP and a client that speaks stdio only.

use serde_json::Value;
use tokio::process::Command;
use toolwright_tests::{Client, Revision, StdioPipe};

use crate::{
    installed::MCP_REMOTE,
    trial::{Place, Row, Trial},
};

/// As Claude Desktop starts it: the command of its configuration file, not by way of a shell.
pub(super) async fn from_configuration(trial: &Trial<'_>) -> Row {
    let place = Place::new(trial).await;
    let configuration: Value = serde_json::from_str(&place.snippet("claude-desktop", "json")).expect("JSON");
    let server = &configuration["mcpServers"][trial.key];
    let words = server["args"].as_array().expect("arguments").iter();
    let mut command = place.home.command(server["command"].as_str().expect("a command"));
    command.args(words.map(|word| word.as_str().expect("a word")));
    for (name, value) in server["env"].as_object().expect("variables") {
        command.env(name, value.as_str().expect("a value"));
    }
    speak(&place, "Claude Desktop's mcp-remote", command).await
}

/// As a person starts it.
pub(super) async fn from_command(trial: &Trial<'_>) -> Row {
    let place = Place::new(trial).await;
    let mut command = place.home.command("/bin/sh");
    command.args(["-eu", "-c", &place.snippet("other", "sh")]);
    speak(&place, "mcp-remote", command).await
}

/// What a client says that speaks stdio, as most of them do today.
async fn speak(place: &Place<'_>, client: &str, command: Command) -> Row {
    let Trial { call, denied, lesser, .. } = place.trial;
    let mut bridged = Client::stdio(StdioPipe::of(command), Revision::V2025_11_25);
    let opened = bridged.open().await;
    let server = opened.result()["serverInfo"]["name"].as_str().expect("a name").to_owned();
    let tools = bridged.list().await.tool_names().len();
    let answered = bridged.call(call.tool, call.arguments.clone()).await;
    assert!(answered.structured().to_string().contains(call.says), "{client}: {answered:?}");

    place.witness.lessen(denied.tool, lesser);
    let refused = bridged.call(denied.tool, denied.arguments.clone()).await;
    // It takes a refusal for a call to sign in, and what it tells is what the server answers to that.
    let told = refused.error_message();
    assert!(told.contains("has no sign-in by OAuth"), "{client}: {refused:?}");
    let row = place.row(client, MCP_REMOTE.version(), &format!("as {server}"), tools);
    Row { denial: format!("{}: refused, and told that there is no sign-in", denied.tool), ..row }
}
