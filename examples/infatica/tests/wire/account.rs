//! A caller with an account.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use toolwright_tests::{Client, Reply, Revision, Server, ServerBuilder, rows};

/// How long a test waits for what it wants.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the server in an empty folder, allowed to collect from the site of the test.
pub(crate) fn start(arguments: &[&str]) -> Server {
    server(arguments).start()
}

/// Starts a server on the data of another.
pub(crate) fn again(first: &Server, arguments: &[&str]) -> Server {
    server(arguments).folder(first.folder()).start()
}

pub(crate) fn server(arguments: &[&str]) -> ServerBuilder {
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).arg("--allow-private-targets=127.0.0.1");
    arguments.iter().fold(server, |server, argument| server.arg(*argument))
}

/// A token with every scope.
pub(crate) fn token(server: &Server, account: &str, name: &str) -> String {
    let scopes = scopes();
    server.token_for(account, name, &scopes.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Every scope.
pub(crate) fn scopes() -> Vec<String> {
    rows("infatica-scopes.tsv").into_iter().flatten().collect()
}

/// A caller with every scope.
pub(crate) struct Account {
    client: Client,
}

impl Account {
    /// The account of the server's operator.
    pub(crate) fn of(server: &Server) -> Self {
        Self::named(server, "local")
    }

    /// Another account; its token has the account's name.
    pub(crate) fn named(server: &Server, name: &str) -> Self {
        Self::with_new_token(server, name, &format!("token of {name}"))
    }

    /// An account by way of a new token.
    pub(crate) fn with_new_token(server: &Server, account: &str, name: &str) -> Self {
        Self::with_token(server, &token(server, account, name))
    }

    pub(crate) fn with_token(server: &Server, token: &str) -> Self {
        Self::with_client(Client::http(server.url(), Some(token), Revision::V2026_07_28))
    }

    pub(crate) fn with_client(client: Client) -> Self {
        Self { client }
    }

    /// What a tool answers, be it a refusal.
    pub(crate) async fn ask(&mut self, tool: &str, arguments: Value) -> Reply {
        self.client.call(tool, arguments).await
    }

    /// What a tool answers.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask(tool, arguments).await.structured().clone()
    }

    /// What a tool says that refuses.
    pub(crate) async fn refusal(&mut self, tool: &str, arguments: Value) -> String {
        let reply = self.ask(tool, arguments).await;
        assert!(reply.is_tool_error(), "{tool} did not refuse: {reply:?}");
        reply.text().to_owned()
    }

    /// Creates a run, and answers with its id.
    pub(crate) async fn create(&mut self, arguments: Value) -> String {
        text(&self.call("create_run", arguments).await["id"])
    }

    /// A run and its items as they stand.
    pub(crate) async fn get(&mut self, run_id: &str) -> Value {
        self.call("get_run", json!({"run_id": run_id, "limit": 500})).await
    }

    /// A run and its items when it is over.
    pub(crate) async fn over(&mut self, run_id: &str) -> Value {
        self.when(run_id, |run| !["queued", "running"].contains(&run["run"]["status"].as_str().unwrap_or_default()))
            .await
    }

    /// A run and its items as soon as they are as wanted.
    pub(crate) async fn when(&mut self, run_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until("get_run", json!({"run_id": run_id, "limit": 500}), wanted).await
    }

    /// What a tool answers as soon as it is as wanted.
    pub(crate) async fn until(&mut self, tool: &str, arguments: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(tool, arguments.clone()).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{tool} goes on to answer {answer:#}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Collects addresses to the end, and answers with the run and its items.
    pub(crate) async fn collect(&mut self, engine: &str, urls: &[String]) -> Value {
        let run_id = self.create(json!({"engine": engine, "urls": urls})).await;
        self.over(&run_id).await
    }

    /// Analyses a run to the end, and answers with the analysis.
    pub(crate) async fn analyse(&mut self, run_id: &Value, template: &str) -> Value {
        let analysis = self.call("create_analysis", json!({"run_id": run_id, "template": template})).await;
        self.until("get_analysis", json!({"analysis_id": analysis["id"]}), is_over).await
    }

    /// Compares runs to the end, and answers with the comparison.
    pub(crate) async fn compare(&mut self, run_ids: Value, template: &str) -> Value {
        let comparison = self.call("compare_runs", json!({"run_ids": run_ids, "template": template})).await;
        self.compared(&comparison["id"]).await
    }

    /// A comparison when it is over.
    pub(crate) async fn compared(&mut self, id: &Value) -> Value {
        let list =
            self.until("list_comparisons", json!({"comparison_id": id}), |list| is_over(&list["comparisons"][0]));
        list.await["comparisons"][0].clone()
    }

    /// The items of a run with what was collected, by way of an export.
    pub(crate) async fn exported(&mut self, run_id: &str) -> Vec<Value> {
        let export = self.call("export_run", json!({"run_id": run_id, "format": "json"})).await;
        let file: Value = serde_json::from_str(&text(&export["content"])).expect("a JSON file");
        file["items"].as_array().expect("items").clone()
    }

    /// The events of a run: what happened, and to which item.
    pub(crate) async fn events(&mut self, run_id: &str) -> Vec<Value> {
        let log = self.call("get_run_logs", json!({"run_id": run_id, "limit": 1000})).await;
        log["events"].as_array().expect("events").clone()
    }

    /// The names of a run's events.
    pub(crate) async fn event_names(&mut self, run_id: &str) -> Vec<String> {
        self.events(run_id).await.iter().map(|event| text(&event["event"])).collect()
    }
}

/// Whether an analysis or comparison has ended.
pub(crate) fn is_over(analysis: &Value) -> bool {
    ["completed", "failed"].contains(&analysis["status"].as_str().unwrap_or_default())
}

/// A text of an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// One field of each item of a run, in the order of the run.
pub(crate) fn items<'a>(run: &'a Value, field: &str) -> Vec<&'a str> {
    let items = run["items"].as_array().expect("items");
    items.iter().map(|item| item[field].as_str().unwrap_or_default()).collect()
}
