//! The harness that the tests of every toolwright package share: real binaries in empty folders,
//! asked over the real wire.
//!
//! A [`Server`] is a process of the binary under test; a [`Client`] speaks one [`Revision`] of the
//! protocol to it, over HTTP, over stdio or over stdio through HTTP, and every answer is a [`Reply`], so that one table of
//! cases can be run over every [`Transport`]. [`raw`] sends what no HTTP library would.
//!
//! ```no_run
//! # async fn test() {
//! use serde_json::json;
//! use toolwright_tests::{Client, Revision, Server};
//!
//! // In a test of the package `acme`: env!("CARGO_BIN_EXE_acme")
//! let server = Server::of("target/debug/acme").start();
//! let token = server.token("reader", &["notes:read"]);
//! let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
//! client.open().await;
//! let reply = client.call("list_notes", json!({})).await;
//! assert_eq!(reply.structured()["notes"], json!([]));
//! # }
//! ```

mod accounts;
mod authorized;
mod client;
pub mod collector;
mod events;
mod examples;
mod facts;
pub mod fake;
mod metrics;
mod pages;
#[cfg(unix)]
mod postgres;
mod programs;
pub mod promises;
mod proxy;
pub mod raw;
mod reply;
mod server;
#[cfg(unix)]
mod snippets;
mod stdio;
mod stored;
pub mod tls;
mod visitor;

pub use authorized::authorized;
pub use client::{Client, Heard, Revision, Transport, post};
pub use events::Events;
pub use examples::examples;
pub use facts::{rows, workspace};
pub use metrics::{Family, Numbers};
pub use pages::missing_facts;
#[cfg(unix)]
pub use postgres::Postgres;
pub use programs::{is_brought, is_installed, report, skipped};
pub use proxy::{Proxy, Way};
pub use reply::Reply;
pub use server::{Ran, Server, ServerBuilder, run, run_with_input};
#[cfg(unix)]
pub use snippets::Told;
pub use stdio::{StdioPipe, Variables};
pub use stored::{dump, dump_of_runtime};
pub use visitor::{Page, Visitor};
