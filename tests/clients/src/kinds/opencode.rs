//! OpenCode, before a model that does as it is told.

use serde_json::json;

use crate::{
    installed::OPENCODE,
    model::Model,
    trial::{Place, Row, Trial},
};

pub(super) async fn connect(trial: &Trial<'_>) -> Row {
    let place = Place::new(trial).await;
    place.home.write("project/opencode.json", &place.snippet("opencode", "json"));
    let said = place.home.run("opencode", &["mcp", "list"]).await;
    let listed = format!("{}{}", said.stdout, said.stderr);
    let line = listed.lines().find(|line| line.contains(&format!(" {} ", trial.key)));
    let line = line.unwrap_or_else(|| panic!("{listed}"));
    assert!(line.contains('✓') && line.contains("connected"), "{listed}");

    let calls = [&trial.call, &trial.denied].map(|call| (call.tool, call.arguments.clone()));
    let model = Model::calling(&calls).await;
    let provider = json!({"provider": {"stub": {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": format!("{}/v1", model.address()), "apiKey": "a-key-of-nobody"},
        "models": {"stub": {"name": "Stub", "tool_call": true}},
    }}});
    place.home.write(".config/opencode/opencode.json", &provider.to_string());
    place.witness.lessen(trial.denied.tool, trial.lesser);
    let said = place.home.run("opencode", &["run", "--model", "stub/stub", "Do as you are told."]).await;
    let results = model.results();
    let [answered, refused] = &results[..] else { panic!("{said:?}\n{}", model.story()) };
    assert!(answered.contains(trial.call.says), "{answered}");
    assert!(refused.contains(trial.denied.says), "{refused}");
    place.row("OpenCode", OPENCODE.version(), "connected", model.offered(&format!("{}_", trial.key)))
}
