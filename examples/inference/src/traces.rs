//! What agents did, step by step.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::ReadStore;

#[mcp_tool]
async fn list_traces(
    api: &ReadStore,
    call: &Call,
    input: list_traces::Input,
) -> Result<list_traces::Output, ToolError> {
    api.get(call, &["traces"], &input).await
}

#[mcp_tool]
async fn get_trace(api: &ReadStore, call: &Call, input: get_trace::Input) -> Result<get_trace::Output, ToolError> {
    let get_trace::Input { trace_id, limit } = input;
    api.get(call, &["traces", &trace_id], &[("limit", limit)]).await
}

#[mcp_tool]
async fn find_slowest_traces(
    api: &ReadStore,
    call: &Call,
    input: find_slowest_traces::Input,
) -> Result<find_slowest_traces::Output, ToolError> {
    api.get(call, &["traces", "slowest"], &input).await
}

#[mcp_tool]
async fn list_spans(api: &ReadStore, call: &Call, input: list_spans::Input) -> Result<list_spans::Output, ToolError> {
    api.get(call, &["spans"], &input).await
}

#[mcp_tool]
async fn get_span(api: &ReadStore, call: &Call, input: get_span::Input) -> Result<get_span::Output, ToolError> {
    let get_span::Input { trace_id, span_id } = input;
    api.get(call, &["traces", &trace_id, "spans", &span_id], &()).await
}
