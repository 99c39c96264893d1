//! Codex, as an editor uses it: its server for applications, which lists and calls the tools of its MCP servers.

use serde_json::{Value, json};
use toolwright_tests::StdioPipe;

use crate::{
    installed::CODEX,
    trial::{Call, Place, Row, Trial},
};

/// Its configuration before: no updates, no statistics, no plugins, and a model that nobody asks.
const QUIET: &str = "\
model_provider = \"none\"
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
apps = false
plugins = false

[model_providers.none]
name = \"None\"
base_url = \"http://127.0.0.1:1/v1\"
wire_api = \"responses\"
supports_websockets = false
";

pub(super) async fn connect(trial: &Trial<'_>) -> Row {
    let place = Place::new(trial).await;
    place.home.write(".codex/config.toml", QUIET);
    place.home.paste(&place.snippet("codex", "sh")).await;
    let written = toml(&place.home.read(".codex/config.toml"));
    let table = toml(&place.snippet("codex", "toml"));
    assert_eq!(written["mcp_servers"], table["mcp_servers"], "the command writes what is shown");

    let mut command = place.home.command(place.home.path("bin/codex"));
    command.arg("app-server");
    let mut codex = Codex { pipe: StdioPipe::of(command), asked: 0 };
    codex.ask("initialize", json!({"clientInfo": {"name": "toolwright-tests", "version": "1.0.0"}})).await;
    codex.pipe.send(&json!({"method": "initialized"}).to_string()).await;
    let listed = codex.ask("mcpServerStatus/list", json!({})).await;
    let servers = listed["data"].as_array().expect("servers");
    let server = servers.iter().find(|server| server["name"] == trial.key).unwrap_or_else(|| panic!("{listed}"));
    let tools = server["tools"].as_object().map(serde_json::Map::len);
    let authentication = server["authStatus"].as_str().expect("a word");

    let thread = codex.ask("thread/start", json!({})).await;
    let thread = &thread["thread"]["id"];
    let answered = codex.call(thread, trial.key, &trial.call).await;
    assert!(answered["result"]["structuredContent"].to_string().contains(trial.call.says), "{answered}");
    place.witness.lessen(trial.denied.tool, trial.lesser);
    let refused = codex.call(thread, trial.key, &trial.denied).await;
    // It tells that a scope is lacking, and not which one.
    assert!(refused["error"]["message"].to_string().contains("Insufficient scope"), "{refused}");
    let row = place.row("Codex", CODEX.version(), authentication, tools.expect("tools"));
    Row { denial: format!("{}: refused for a scope", trial.denied.tool), ..row }
}

fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Its server for applications.
struct Codex {
    pipe: StdioPipe,
    asked: u64,
}

impl Codex {
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params).await;
        answer.get("result").unwrap_or_else(|| panic!("{method}: {answer}")).clone()
    }

    async fn call(&mut self, thread: &Value, server: &str, call: &Call<'_>) -> Value {
        let params = json!({"threadId": thread, "server": server, "tool": call.tool, "arguments": call.arguments});
        self.answer("mcpServer/tool/call", params).await
    }

    async fn answer(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        self.pipe.request(&json!({"id": self.asked, "method": method, "params": params})).await.body
    }
}
