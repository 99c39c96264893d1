//! Models that are trained, and what serves them.

use inference_tools::*;
use serde::Serialize;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::{ReadStore, WriteStore};

#[mcp_tool]
async fn list_training_jobs(
    api: &ReadStore,
    call: &Call,
    input: list_training_jobs::Input,
) -> Result<list_training_jobs::Output, ToolError> {
    api.get(call, &["training-jobs"], &input).await
}

#[mcp_tool]
async fn get_training_job(
    api: &ReadStore,
    call: &Call,
    input: get_training_job::Input,
) -> Result<get_training_job::Output, ToolError> {
    let get_training_job::Input { training_job_id } = input;
    api.get(call, &["training-jobs", &training_job_id], &()).await
}

#[mcp_tool]
async fn launch_training_job(
    api: &WriteStore,
    call: &Call,
    input: launch_training_job::Input,
) -> Result<TrainingJob, ToolError> {
    api.post(call, &["training-jobs"], &input).await
}

#[mcp_tool]
async fn cancel_training_job(
    api: &WriteStore,
    call: &Call,
    input: cancel_training_job::Input,
) -> Result<cancel_training_job::Output, ToolError> {
    api.post(call, &["training-jobs", &input.training_job_id, "cancel"], &()).await
}

#[mcp_tool]
async fn list_deployments(
    api: &ReadStore,
    call: &Call,
    input: list_deployments::Input,
) -> Result<list_deployments::Output, ToolError> {
    api.get(call, &["deployments"], &input).await
}

#[mcp_tool]
async fn get_deployment(
    api: &ReadStore,
    call: &Call,
    input: get_deployment::Input,
) -> Result<get_deployment::Output, ToolError> {
    let get_deployment::Input { deployment_id } = input;
    api.get(call, &["deployments", &deployment_id], &()).await
}

/// What to change of a deployment.
#[derive(Serialize)]
struct Changes {
    model_id: Option<String>,
    status: Option<DeploymentStatus>,
}

#[mcp_tool]
async fn create_deployment(
    api: &WriteStore,
    call: &Call,
    input: create_deployment::Input,
) -> Result<Deployment, ToolError> {
    api.post(call, &["deployments"], &input).await
}

#[mcp_tool]
async fn update_deployment(
    api: &WriteStore,
    call: &Call,
    input: update_deployment::Input,
) -> Result<Deployment, ToolError> {
    let update_deployment::Input { deployment_id, model_id, status } = input;
    api.patch(call, &["deployments", &deployment_id], &Changes { model_id, status }).await
}
