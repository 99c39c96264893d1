use acme_tools::*;
use support::Recording;
use toolwright::{ToolError, mcp_tool};

#[path = "support/mod.rs"]
mod support;

#[mcp_tool]
async fn list_notes(_: &Recording) -> Result<list_notes::Output, ToolError> {
    unimplemented!()
}

fn main() {}
