use super::support::Reading;
use acme_tools::*;
use toolwright::{ToolError, mcp_tool};

#[mcp_tool]
async fn list_notes(_: &Reading) -> Result<list_notes::Output, ToolError> {
    unimplemented!()
}
