//! Calls about accounts, tested from the outside: a real server, over the real wire.

mod commands;
mod hostile;
#[cfg(unix)]
mod postgres;
mod revocation;
mod settings;
mod start;
mod verdicts;

use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, ServerBuilder, Transport, Variables};

const TENANTS: &str = env!("CARGO_BIN_EXE_tenants");
const TENANTS_HIDDEN: &str = env!("CARGO_BIN_EXE_tenants-hidden");

/// What `stdio` reads.
const VARIABLES: Variables = Variables { credential: "TENANTS_TOKEN", gateway: "TENANTS_GATEWAY" };

const ALL: [&str; 2] = ["items:read", "items:write"];

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

/// A server with four teams: Ada's, Bob's, one of Ada's for which nothing is enabled, and nobody's.
struct Teams {
    server: Server,
    ours: String,
    theirs: String,
    off: String,
}

impl Teams {
    fn of(binary: &str) -> Self {
        Self::on(Server::of(binary))
    }

    fn on(builder: ServerBuilder) -> Self {
        let server = builder.start();
        let [ours, theirs] = ["ours", "theirs"].map(|subdomain| server.account(subdomain, &["lists"]));
        let off = server.account("off", &[]);
        // Nobody's, and nothing is enabled for it.
        server.account("elsewhere", &[]);
        server.user(ADA, &[&ours, &off]);
        server.user(BOB, &[&theirs]);
        Self { server, ours, theirs, off }
    }

    fn token(&self, email: &str, scopes: &[&str]) -> String {
        self.server.token_of_user(email, &format!("{email} {}", scopes.len()), scopes)
    }

    /// A client over HTTP.
    fn http(&self, account: &str, token: &str) -> Client {
        self.client(account, Transport::Http, Revision::V2025_11_25, Some(token))
    }

    fn client(&self, account: &str, transport: Transport, revision: Revision, token: Option<&str>) -> Client {
        Client::about(&self.server, account, VARIABLES, transport, revision, token)
    }
}

/// Everything that a caller can ask for, each of which names a scope or needs none.
const REQUESTS: [&str; 6] =
    ["handshake", "tools/list", "prompts/list", "tools/call", "prompts/get", "completion/complete"];

async fn ask(client: &mut Client, request: &str) -> Reply {
    let reference = json!({"type": "ref/prompt", "name": "show_item"});
    match request {
        "handshake" => client.open().await,
        "tools/call" => client.call("list_items", json!({})).await,
        "prompts/get" => client.request(request, json!({"name": "show_item", "arguments": {"item": "x"}})).await,
        "completion/complete" => {
            client.request(request, json!({"ref": reference, "argument": {"name": "item", "value": ""}})).await
        }
        list => client.request(list, json!({})).await,
    }
}

/// What a refusal is: its status, its code and its reason.
fn refused(reply: &Reply) -> (Option<u16>, Option<i64>, &str) {
    (reply.status, reply.error_code(), reply.error_data()["reason"].as_str().unwrap_or_default())
}

fn items(reply: &Reply) -> &Value {
    &reply.structured()["items"]
}
