//! The key, the projects that it reaches, and who works in them.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::ReadStore;

#[mcp_tool]
async fn whoami(api: &ReadStore, call: &Call) -> Result<whoami::Output, ToolError> {
    api.get_for_key(call, &["whoami"]).await
}

#[mcp_tool]
async fn list_projects(api: &ReadStore, call: &Call) -> Result<list_projects::Output, ToolError> {
    api.get_for_key(call, &["projects"]).await
}

#[mcp_tool]
async fn list_agents(
    api: &ReadStore,
    call: &Call,
    input: list_agents::Input,
) -> Result<list_agents::Output, ToolError> {
    api.get(call, &["agents"], &input).await
}

#[mcp_tool]
async fn list_models(
    api: &ReadStore,
    call: &Call,
    input: list_models::Input,
) -> Result<list_models::Output, ToolError> {
    api.get(call, &["models"], &input).await
}
