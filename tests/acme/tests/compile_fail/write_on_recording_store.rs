use acme_tools::*;
use support::Recording;
use toolwright::{ToolError, mcp_tool};

#[path = "support/mod.rs"]
mod support;

#[mcp_tool]
async fn delete_note(_: &Recording) -> Result<delete_note::Output, ToolError> {
    unimplemented!()
}

fn main() {}
