//! What clients are told of when it changes. Nothing does here: what is looked at is that they are told.

use conformance_tools::*;
use toolwright::{Call, Content, List, ToolError, mcp_tool};

use crate::Checks;

#[mcp_tool]
async fn test_trigger_tool_change(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.list_changed(List::Tools);
    Ok(Content::text("The list of tools has changed."))
}

#[mcp_tool]
async fn test_trigger_prompt_change(_: &Checks, call: &Call) -> Result<Content, ToolError> {
    call.list_changed(List::Prompts);
    Ok(Content::text("The list of prompts has changed."))
}
