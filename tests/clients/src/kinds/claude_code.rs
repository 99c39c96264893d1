//! Claude Code, on its command line, before a model that does as it is told.

use crate::{
    installed::CLAUDE,
    model::Model,
    trial::{Place, Row, Trial},
};

pub(super) async fn connect(trial: &Trial<'_>) -> Row {
    let mut place = Place::new(trial).await;
    place.home.paste(&place.snippet("claude-code", "sh")).await;
    // It ends well whatever it has found.
    let listed = place.home.run("claude", &["mcp", "list"]).await.stdout;
    let line = listed.lines().find(|line| line.starts_with(&format!("{}: {}", trial.key, place.url())));
    let (_, connected) = line.and_then(|line| line.rsplit_once(" - ")).unwrap_or_else(|| panic!("{listed}"));
    assert!(connected.contains("Connected"), "{listed}");

    let calls = [&trial.call, &trial.denied].map(|call| (call.tool, call.arguments.clone()));
    let model = Model::calling(&calls).await;
    place.home.set("ANTHROPIC_BASE_URL", model.address());
    place.home.set("ANTHROPIC_API_KEY", "a-key-of-nobody");
    // Else it tells the model of tools only when that searches for them.
    place.home.set("ENABLE_TOOL_SEARCH", "false");
    place.witness.lessen(trial.denied.tool, trial.lesser);
    let prefix = format!("mcp__{}", trial.key);
    let said = place.home.run("claude", &["-p", "Do as you are told.", "--allowedTools", &prefix]).await;
    let results = model.results();
    let [answered, refused] = &results[..] else { panic!("{said:?}\n{}", model.story()) };
    assert!(answered.contains(trial.call.says), "{answered}");
    assert!(refused.contains(trial.denied.says), "{refused}");
    place.row("Claude Code", CLAUDE.version(), connected, model.offered(&format!("{prefix}__")))
}
