use acme_tools::*;
use toolwright::{Call, ReadStore, ToolError, mcp_tool};

#[derive(ReadStore)]
struct Store;

// No part of this server's path says what a call is about.
#[mcp_tool]
async fn whoami(_: &Store, call: &Call) -> Result<whoami::Output, ToolError> {
    let account = call.account();
    Err(ToolError::wrong_state(account))
}

fn main() {}
