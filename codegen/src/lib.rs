//! Turns `tools.yaml` into a typed server crate, its documentation and client snippets.

pub mod api;
mod code;
pub mod diagnostic;
pub mod load;
pub mod manifest;
pub mod names;
mod resolve;
pub mod source;
pub mod tree;
pub mod types;
