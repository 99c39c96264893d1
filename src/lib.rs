//! The runtime of toolwright: MCP servers from a declared list of tools, scopes, prompts and resources.
//!
//! A server is three things: a crate that `cargo run -p codegen` generated from its `tools.yaml`,
//! one function for each tool under [`macro@mcp_tool`], and a `main` that hands both to [`serve`]:
//!
//! ```text
//! fn main() -> std::process::ExitCode {
//!     toolwright::serve(&acme_tools::SERVER, async |context: Context<Args>| {
//!         let stores = store::open(&context.args.store).await?;
//!         context.spawn(worker(stores.write.clone(), context.shutdown.clone()));
//!         Ok(acme_tools::handlers(stores.read, stores.write))
//!     })
//! }
//! ```
//!
//! A server with commands of its own, beside those of the runtime, is a [`Program`].
//!
//! The way of a request, over HTTP: `http` asks everything that can be asked before the protocol
//! sees it, `credential` says who calls, `envelope` reads the message, `gate` decides, `protocol`
//! answers in the protocol's terms, `arguments` holds the arguments against their schema, `confirmation`
//! has a person agree where the tool asks for it, `conversation` carries what is said before the answer, and `runner` runs the handler
//! within its limits, or `prompt` fills the gaps of a prompt, `completion` suggests what could fill them, and `resource` says what a URI
//! leads to. `changes` tells who listens. `stdio` asks the same of every line, or forwards it to a
//! server that does.

mod about;
mod account;
mod arguments;
mod audit;
#[doc(hidden)]
pub mod benchmark;
mod call;
mod caller;
mod changes;
mod cli;
mod comparison;
mod completion;
mod confirmation;
mod connection;
#[cfg(feature = "console")]
mod console;
mod content;
#[doc(hidden)]
pub mod contract;
mod conversation;
mod credential;
mod database;
mod dispatch;
mod envelope;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod grants;
mod http;
mod limits;
mod listing;
mod log;
mod nearest;
mod oauth;
mod observation;
mod operations;
mod password_grant;
mod prompt;
mod protocol;
mod question;
mod redaction;
mod refusal;
mod resource;
mod runner;
mod running;
mod seal;
mod server;
mod shortened;
mod spec;
mod stdio;
mod tool;
mod upstream;

pub use ::http::HeaderMap;
pub use account::ServedAccounts;
pub use call::{Call, Identity, ToolError};
pub use cli::{Context, Program, aligned, serve};
#[cfg(feature = "console")]
pub use console::{
    KeyError, KeyField, KeyFieldKind, KeyOwner, KeyValues, Person, SignIn, StoredKey, StoredKeys, Visitor,
};
pub use content::{Content, ResourceBody, ResourceLink};
pub use conversation::{Ask, Asks, Elicited, Level, Progress, Reworded, Role, Root, Roots, Sampled};
pub use dispatch::Handlers;
pub use grants::{BoundGrants, BoundValue, Grants};
pub use redaction::{Redacted, Secrets};
pub use spec::{List, Listing, ServerSpec};
pub use tool::{Access, Handle, Read, Record, Serves, Store, Tool, Write};
pub use toolwright_core::{ErrorCode, ScopeSet};
pub use toolwright_macros::{ReadStore, RecordStore, WriteStore, mcp_tool};
pub use upstream::{Upstream, UpstreamReader, UpstreamWriter};
