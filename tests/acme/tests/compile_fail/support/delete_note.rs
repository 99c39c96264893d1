use super::support::Writing;
use acme_tools::*;
use toolwright::{ToolError, mcp_tool};

#[mcp_tool]
async fn delete_note(_: &Writing) -> Result<delete_note::Output, ToolError> {
    unimplemented!()
}
