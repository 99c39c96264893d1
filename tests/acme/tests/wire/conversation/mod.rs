//! What is said between a request and its answer: progress, logs, and what a tool asks its client.

pub(crate) mod asks;
mod content;
mod forms;
mod logs;
mod progress;
pub(crate) mod requests;
pub(crate) mod revoked;
pub(crate) mod sessions;

use serde_json::{Value, json};
use toolwright_tests::{Client, Heard, Revision, Server, Transport};

use crate::{ACME_TALK, PREFIX, VARIABLES};

/// The eras of the protocol, by their newest revisions.
const ERAS: [Revision; 2] = [Revision::V2025_11_25, Revision::V2026_07_28];

fn start() -> Server {
    Server::of(ACME_TALK).start()
}

/// A client that can be asked for this, with the first token.
async fn connect(server: &Server, transport: Transport, revision: Revision, can: Value) -> Client {
    let token = server.first_token(PREFIX);
    let mut client = Client::of(server, VARIABLES, transport, revision, Some(&token)).capable(can);
    client.open().await;
    client
}

/// What a call's client hears that answers nothing.
async fn hear(client: &mut Client, tool: &str, arguments: Value, meta: Value) -> Heard {
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    client.converse("tools/call", params, |_| None).await
}
