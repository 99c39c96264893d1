use acme_tools::*;
use support::Writing;
use toolwright::{ToolError, mcp_tool};

#[path = "support/mod.rs"]
mod support;

#[mcp_tool]
async fn check_notes(_: &Writing) -> Result<check_notes::Output, ToolError> {
    unimplemented!()
}

fn main() {}
