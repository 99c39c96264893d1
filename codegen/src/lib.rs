//! Turns `tools.yaml` into a typed server crate, its documentation and client snippets.

pub mod api;
pub mod emit;
pub mod output;
