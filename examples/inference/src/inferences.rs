//! What models were asked.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::ReadStore;

#[mcp_tool]
async fn list_inferences(
    api: &ReadStore,
    call: &Call,
    input: list_inferences::Input,
) -> Result<list_inferences::Output, ToolError> {
    api.get(call, &["inferences"], &input).await
}

#[mcp_tool]
async fn get_inference(
    api: &ReadStore,
    call: &Call,
    input: get_inference::Input,
) -> Result<get_inference::Output, ToolError> {
    let get_inference::Input { inference_id } = input;
    api.get(call, &["inferences", &inference_id], &()).await
}

#[mcp_tool]
async fn summarize_inference_errors(
    api: &ReadStore,
    call: &Call,
    input: summarize_inference_errors::Input,
) -> Result<summarize_inference_errors::Output, ToolError> {
    api.get(call, &["inferences", "errors"], &input).await
}
