//! A caller with an account.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use toolwright_tests::{Client, Reply, Revision, Server, ServerBuilder};

/// Starts the server in an empty folder.
pub(crate) fn start() -> Server {
    server().start()
}

pub(crate) fn server() -> ServerBuilder {
    Server::of(env!("CARGO_BIN_EXE_integrate-io"))
}

/// A caller with every scope.
pub(crate) struct Account {
    /// The account's id, as the store knows it.
    pub(crate) id: String,
    client: Client,
}

impl Account {
    /// The account that the first start fills with samples.
    pub(crate) fn first(server: &Server) -> Self {
        Self::named(server, "demo")
    }

    /// An account of this name, with nothing in it, and a user of its own. Asked for again, it is the same account with another token.
    pub(crate) fn named(server: &Server, name: &str) -> Self {
        static TOKENS: AtomicUsize = AtomicUsize::new(0);
        let email = format!("{name}@example.com");
        let known = id(server, name);
        let id = known.unwrap_or_else(|| {
            let id = server.account(name, &["ptp_mcp_server"]);
            server.user(&email, &[&id]);
            id
        });
        let token = format!("token {} of {name}", TOKENS.fetch_add(1, Ordering::Relaxed));
        let token = server.token_of_user(&email, &token, &["read", "write"]);
        Self { id, client: Client::http(&server.url_of(name), Some(&token), Revision::V2026_07_28) }
    }

    /// An account that there is, by a client of it.
    pub(crate) fn with(id: String, client: Client) -> Self {
        Self { id, client }
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
}

/// The id of an account, if there is one of this name.
fn id(server: &Server, name: &str) -> Option<String> {
    let accounts = server.succeed(&["account", "list"]);
    let mut rows = accounts.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.find(|row| row.get(1) == Some(&name)).map(|row| row[0].to_owned())
}

/// One field of each thing in a list.
pub(crate) fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a Value> {
    list.as_array().unwrap_or_else(|| panic!("no list: {list}")).iter().map(|item| &item[field]).collect()
}
