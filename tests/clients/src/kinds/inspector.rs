//! The MCP Inspector, on its command line.

use serde_json::Value;

use crate::{
    home::Said,
    installed::INSPECTOR,
    trial::{Call, Place, Row, Trial},
};

/// What the snippet asks for.
const LIST: &str = "--method tools/list";

/// Once as it speaks by itself, and once in each era that it can be told to speak.
pub(super) async fn connect(trial: &Trial<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (client, era) in [
        ("Inspector", ""),
        ("Inspector, legacy", " --protocol-era legacy"),
        ("Inspector, modern", " --protocol-era modern"),
    ] {
        let place = Place::new(trial).await;
        let snippet = place.snippet("inspector", "sh");
        assert!(snippet.contains(LIST), "{snippet}");
        // It also fails where a schema of a tool is one that some client cannot read.
        let listed = json(&place.home.paste(&with(&snippet, &format!("{LIST} --strict{era}"))).await);
        let tools = listed["tools"].as_array().map(Vec::len);

        let answered = json(&place.home.paste(&with(&snippet, &called(&trial.call, era))).await);
        assert!(answered["structuredContent"].to_string().contains(trial.call.says), "{client}: {answered}");

        place.witness.lessen(trial.denied.tool, trial.lesser);
        let refused = place.home.shell(&with(&snippet, &called(&trial.denied, era))).await;
        assert!(refused.stderr.contains(trial.denied.says), "{client}: {refused:?}");
        rows.push(place.row(client, INSPECTOR.version(), "lists", tools.expect("a list")));
    }
    rows
}

/// The snippet with something else that is asked for.
fn with(snippet: &str, asked: &str) -> String {
    snippet.replace(LIST, asked)
}

fn called(call: &Call<'_>, era: &str) -> String {
    format!("--method tools/call --tool-name {} --tool-args-json '{}'{era}", call.tool, call.arguments)
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}
