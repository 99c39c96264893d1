//! The server with the API that it embeds, and callers who have both ways to it: the tools, and the API itself over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use toolwright_tests::{Client, Reply, Revision, Server, ServerBuilder};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_inference");

/// How long work beside the calls may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What stands before and after the text with which a call is confirmed.
const CONFIRMATION: [&str; 2] = ["with `confirmation` set to `", "`, within 10 minutes."];

/// The server with its API on a port of its own.
pub(crate) fn server() -> ServerBuilder {
    Server::of(BINARY).env("CATALYST_LISTEN", "127.0.0.1:0")
}

/// A server, and the API that it embeds.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) api: String,
}

impl Place {
    /// One in an empty folder, whose first start makes a team with a project `demo` full of samples.
    pub(crate) fn start() -> Self {
        Self::of(server().start())
    }

    pub(crate) fn of(server: Server) -> Self {
        let line = server.wait_for_line(&["the Catalyst API is on http://"]);
        let (_, rest) = line.split_once("the Catalyst API is on ").expect("an address");
        let api = rest.split([',', ' ']).next().expect("an address").to_owned();
        Self { server, api }
    }

    /// A key of the first team with these grants, `--write demo` as an example.
    pub(crate) fn key(&self, grants: &[&str]) -> String {
        self.key_of("Demo", grants)
    }

    pub(crate) fn key_of(&self, team: &str, grants: &[&str]) -> String {
        let words = ["key", "create", "--team", team, "--name", "a test's"];
        self.server.succeed(&[&words, grants].concat())
    }

    /// A caller whose key may do everything in the project with the samples.
    pub(crate) async fn writer(&self) -> Caller {
        self.caller(&self.key(&["--write", "demo"])).await
    }

    /// A caller with a key.
    pub(crate) async fn caller(&self, key: &str) -> Caller {
        self.caller_by(key, Client::http(self.server.url(), Some(key), Revision::V2025_11_25)).await
    }

    /// A caller with a key, by a client that has it.
    pub(crate) async fn caller_by(&self, key: &str, mut client: Client) -> Caller {
        client.open().await;
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Caller { client, http, key: key.to_owned(), api: self.api.clone() }
    }

    /// The API's database as SQL.
    pub(crate) async fn dump(&self) -> String {
        toolwright_tests::dump(&self.server.folder().join("data/catalyst.db"), None).await
    }
}

/// A key, and what it is shown with.
pub(crate) struct Caller {
    client: Client,
    http: reqwest::Client,
    key: String,
    api: String,
}

impl Caller {
    /// What a tool answers, be it a refusal.
    pub(crate) async fn ask(&mut self, tool: &str, arguments: Value) -> Reply {
        self.client.call(tool, arguments).await
    }

    /// What a tool answers; where it wants to be confirmed, it is.
    pub(crate) async fn agree(&mut self, tool: &str, mut arguments: Value) -> Reply {
        let reply = self.ask(tool, arguments.clone()).await;
        let [before, after] = CONFIRMATION;
        let told = reply.is_tool_error().then(|| reply.text().split_once(before)).flatten();
        let Some((confirmation, _)) = told.and_then(|(_, rest)| rest.split_once(after)) else { return reply };
        arguments["confirmation"] = json!(confirmation);
        self.ask(tool, arguments).await
    }

    /// What a tool answers that does what it is asked.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let asked = format!("{tool} {arguments}");
        let reply = self.agree(tool, arguments).await;
        assert!(reply.body.get("result").is_some() && !reply.is_tool_error(), "{asked}: {reply:?}");
        reply.structured().clone()
    }

    /// What a tool answers as soon as it has this at a place.
    pub(crate) async fn until(&mut self, tool: &str, arguments: Value, place: &str, wanted: &Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.call(tool, arguments.clone()).await;
            if answer.pointer(place) == Some(wanted) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{tool} {arguments} never has {wanted} at {place}: {answer}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a tool says that refuses.
    pub(crate) async fn refusal(&mut self, tool: &str, arguments: Value) -> String {
        let asked = format!("{tool} {arguments}");
        let reply = self.agree(tool, arguments).await;
        assert!(reply.body.get("result").is_some() && reply.is_tool_error(), "{asked} is not refused: {reply:?}");
        reply.text().to_owned()
    }

    /// Any other request of the protocol.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Reply {
        self.client.request(method, params).await
    }

    /// Asks the API itself, without the server: a method, a path from `/v1/` on and a body. The status, and the JSON.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}/v1/{path}", self.api));
        request = request.header("Authorization", format!("Bearer {}", self.key));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("the API's answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {status}: {error}: {text}")))
    }

    /// What the API itself answers below the key's project.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.api("GET", &self.below(path).await, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// What the API itself answers to a body, below the key's project.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.api("POST", &self.below(path).await, Some(body)).await;
        assert_eq!(status, 200, "{path}: {body}: {answer}");
        answer
    }

    /// A path below the project that the key is about when it names none.
    async fn below(&self, path: &str) -> String {
        let (status, whoami) = self.api("GET", "whoami", None).await;
        assert_eq!(status, 200, "{whoami}");
        let project = whoami["default_project"].as_str().expect("a default project");
        format!("projects/{project}/{path}")
    }

    /// Sends traces as an exporter does.
    pub(crate) async fn export(&self, traces: &Value) {
        assert_eq!(self.api("POST", "traces", Some(traces)).await, (200, json!({})));
    }
}

/// One field of each thing in a list.
pub(crate) fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(|item| &item[field]).collect()
}
