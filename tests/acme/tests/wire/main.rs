//! The runtime, tested from the outside: a real server, over the real wire.

mod arguments;
#[cfg(unix)]
mod audit;
mod authentication;
mod authorization;
mod calls;
mod changes;
mod commands;
mod completions;
mod confirmation;
mod connections;
mod console;
mod conversation;
#[cfg(unix)]
mod curl;
#[cfg(target_os = "linux")]
mod faults;
mod gateway;
mod hostile;
mod lifecycle;
mod limits;
mod listing;
mod operations;
#[cfg(target_os = "linux")]
mod password_grant;
#[cfg(unix)]
mod postgres;
mod prompt_asks;
mod prompts;
mod protocol;
mod records;
mod resources;
mod secrets;
#[cfg(unix)]
mod snippets;
mod stdio;
mod tokens;

use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::{Client, Revision, Server, StdioPipe, Transport, Variables};

const ACME: &str = env!("CARGO_BIN_EXE_acme");
const ACME_ALL: &str = env!("CARGO_BIN_EXE_acme-all");
const ACME_TALK: &str = env!("CARGO_BIN_EXE_acme-talk");
const ACME_GATED: &str = env!("CARGO_BIN_EXE_acme-gated");
const ACME_LIMITS: &str = env!("CARGO_BIN_EXE_acme-limits");

/// What `stdio` reads.
const VARIABLES: Variables = Variables { credential: "ACME_KEY", gateway: "NOTES_GATEWAY" };

/// How a process gets its lines answered.
type Pipe = fn(&Server, Variables, Option<&str>) -> StdioPipe;

/// By itself, and by a server.
const PIPES: [Pipe; 2] = [StdioPipe::beside, StdioPipe::through];

#[cfg(target_os = "linux")]
const ACME_GRANTS: &str = env!("CARGO_BIN_EXE_acme-grants");

const PREFIX: &str = "acme_";

const SCOPES: [&str; 5] = ["notes:read", "notes:write", "notes:admin", "billing:read", "keys:read"];

const TOOLS: [&str; 12] = [
    "list_notes",
    "add_note",
    "delete_note",
    "print_note",
    "shred_note",
    "count_notes",
    "price_notes",
    "check_notes",
    "whoami",
    "echo",
    "misbehave",
    "misbehave_writing",
];

/// The database of the server's tokens, to look at or to change behind its back.
async fn database(server: &Server) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(server.folder().join("data/acme.db"));
    options.connect().await.expect("the token database")
}

/// A client whose conversation is open.
async fn connect(server: &Server, transport: Transport, revision: Revision, token: &str) -> Client {
    let mut client = Client::of(server, VARIABLES, transport, revision, Some(token));
    client.open().await;
    client
}

/// A caller that may do everything.
async fn full(server: &Server, revision: Revision) -> Client {
    let mut client = Client::http(server.url(), Some(&server.first_token(PREFIX)), revision);
    client.open().await;
    client
}
