//! Forwarding, tested from the outside: a real server between a client and an API, over the real wire.

mod api;
mod audit;
mod authentication;
mod forwarding;
mod library;
mod operations;
mod projects;
mod promises;
mod redirects;
mod refusals;
mod start;
mod tls;

use toolwright_tests::{Client, Revision, Server, ServerBuilder, Variables};

use api::Api;

const FORWARDER: &str = env!("CARGO_BIN_EXE_forwarder");
const AUDITED: &str = env!("CARGO_BIN_EXE_forwarder-audited");
const HASTY: &str = env!("CARGO_BIN_EXE_forwarder-hasty");
const PROJECTS: &str = env!("CARGO_BIN_EXE_forwarder-projects");

/// The variable that says where the API is.
const BASE_URL: &str = "NOTES_BASE_URL";

/// What `stdio` reads.
const VARIABLES: Variables = Variables { credential: "NOTES_API_KEY", gateway: "FORWARDER_GATEWAY" };

const ALL: [&str; 2] = ["notes:read", "notes:write"];

/// A key of the right form, told apart by a letter.
fn key(letter: char) -> String {
    format!("sk-notes-{}", letter.to_string().repeat(40))
}

/// A server before an API.
fn before(api: &Api, binary: &str) -> ServerBuilder {
    Server::of(binary).env(BASE_URL, api.address())
}

fn http(server: &Server, key: &str) -> Client {
    Client::http(server.url(), Some(key), Revision::V2025_11_25)
}
