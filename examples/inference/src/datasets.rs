//! Recorded traffic, and what a good answer is.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::{ReadStore, WriteStore};

#[mcp_tool]
async fn list_datasets(
    api: &ReadStore,
    call: &Call,
    input: list_datasets::Input,
) -> Result<list_datasets::Output, ToolError> {
    api.get(call, &["datasets"], &input).await
}

#[mcp_tool]
async fn get_dataset(
    api: &ReadStore,
    call: &Call,
    input: get_dataset::Input,
) -> Result<get_dataset::Output, ToolError> {
    let get_dataset::Input { dataset_id, offset, limit } = input;
    api.get(call, &["datasets", &dataset_id], &[("offset", offset), ("limit", limit)]).await
}

#[mcp_tool]
async fn create_dataset(
    api: &WriteStore,
    call: &Call,
    input: create_dataset::Input,
) -> Result<create_dataset::Output, ToolError> {
    api.post(call, &["datasets"], &input).await
}

#[mcp_tool]
async fn list_rubrics(
    api: &ReadStore,
    call: &Call,
    input: list_rubrics::Input,
) -> Result<list_rubrics::Output, ToolError> {
    api.get(call, &["rubrics"], &input).await
}

#[mcp_tool]
async fn get_rubric(api: &ReadStore, call: &Call, input: get_rubric::Input) -> Result<Rubric, ToolError> {
    let get_rubric::Input { rubric_id } = input;
    api.get(call, &["rubrics", &rubric_id], &()).await
}

#[mcp_tool]
async fn create_rubric(api: &WriteStore, call: &Call, input: create_rubric::Input) -> Result<Rubric, ToolError> {
    api.post(call, &["rubrics"], &input).await
}
