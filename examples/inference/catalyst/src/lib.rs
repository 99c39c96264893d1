//! Catalyst: the API that Inference.net's MCP server forwards to, as a service of its own on SQLite.
//!
//! It stands in for the vendor's: it has its own keys, checks them itself, and knows nothing of MCP. [`Service`] is
//! the whole of it, [`Command`] what its operator does beside running it.
//!
//! A request comes in through `router`. `access` finds out whose key it has and whether that may do what it asks in
//! the project that it is about, and hands the routes the only doors to the store that they have. Each area of the
//! API has a module of its name, with its routes.

#![expect(clippy::struct_field_names, reason = "names are those on the wire")]

mod access;
mod agents;
mod background;
mod classifier;
mod commands;
mod datasets;
mod deployments;
mod error;
mod evals;
mod extract;
mod field;
mod halo;
mod id;
mod inferences;
mod jobs;
mod judge;
mod key;
mod messages;
mod models;
mod operator;
mod page;
mod router;
mod rubrics;
mod samples;
mod service;
mod store;
mod time;
mod traces;
pub mod traffic;
mod training;
mod whoami;

pub use access::Access;
pub use commands::{Command, run};
pub use judge::{BaseUrl, JudgeOptions};
pub use operator::{NewKey, Project, Refused, StoredKey, Team};
pub use service::{Options, Service};
pub use traces::intake::Taken;
