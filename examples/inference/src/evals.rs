//! Datasets, scored.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::{ReadStore, WriteStore};

#[mcp_tool]
async fn list_evals(api: &ReadStore, call: &Call, input: list_evals::Input) -> Result<list_evals::Output, ToolError> {
    api.get(call, &["evals"], &input).await
}

#[mcp_tool]
async fn get_eval(api: &ReadStore, call: &Call, input: get_eval::Input) -> Result<get_eval::Output, ToolError> {
    let get_eval::Input { eval_id, failed_items } = input;
    api.get(call, &["evals", &eval_id], &[("failed_items", failed_items)]).await
}

#[mcp_tool]
async fn run_eval(api: &WriteStore, call: &Call, input: run_eval::Input) -> Result<Eval, ToolError> {
    api.post(call, &["evals"], &input).await
}
