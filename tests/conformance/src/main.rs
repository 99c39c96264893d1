//! The server that the official conformance suite is run against.

use std::process::ExitCode;

use conformance_tools::*;
use toolwright::{Context, ReadStore, ToolError, mcp_tool};

/// There is nothing to keep.
#[derive(ReadStore)]
struct Checks;

#[mcp_tool]
async fn test_simple_text(_: &Checks) -> Result<test_simple_text::Output, ToolError> {
    Ok(test_simple_text::Output { text: "This is a simple text response for testing.".to_owned() })
}

#[mcp_tool]
async fn test_error_handling(_: &Checks) -> Result<test_error_handling::Output, ToolError> {
    Err(ToolError::wrong_state("This tool intentionally returns an error for testing"))
}

#[mcp_tool]
async fn test_words(_: &Checks) -> Result<test_words::Output, ToolError> {
    Ok(test_words::Output { words: ["paris", "park", "party", "test"].map(str::to_owned).into() })
}

fn main() -> ExitCode {
    toolwright::serve(&SERVER, async |_: Context<()>| Ok(handlers(Checks)))
}
