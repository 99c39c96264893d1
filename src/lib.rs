//! The runtime of toolwright: MCP servers from a declared list of tools, scopes and prompts.
//!
//! A server is three things: a crate that `cargo run -p codegen` generated from its `tools.yaml`,
//! one function for each tool under [`macro@mcp_tool`], and a `main` that hands both to [`serve`].

mod arguments;
mod call;
mod cli;
#[doc(hidden)]
pub mod contract;
mod credential;
mod dispatch;
mod envelope;
mod gate;
mod http;
mod listing;
mod log;
mod nearest;
mod protocol;
mod refusal;
mod runner;
mod running;
mod server;
mod spec;
mod stdio;
mod tool;

pub use call::{Call, Identity, ToolError};
pub use cli::{Context, serve};
pub use dispatch::Handlers;
pub use spec::{Listing, ServerSpec};
pub use tool::{Access, Handle, Read, Serves, Store, Tool, Write};
pub use toolwright_core::{ErrorCode, ScopeSet};
pub use toolwright_macros::{ReadStore, WriteStore, mcp_tool};
