//! What HALO finds in an agent's traces, now and on a schedule.

use inference_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::api::{ReadStore, WriteStore};

#[mcp_tool]
async fn list_halo_conversations(
    api: &ReadStore,
    call: &Call,
    input: list_halo_conversations::Input,
) -> Result<list_halo_conversations::Output, ToolError> {
    api.get(call, &["halo", "conversations"], &input).await
}

#[mcp_tool]
async fn get_halo_report(api: &ReadStore, call: &Call, input: get_halo_report::Input) -> Result<HaloReport, ToolError> {
    let get_halo_report::Input { conversation_id, run_id } = input;
    api.get(call, &["halo", "conversations", &conversation_id, "report"], &[("run_id", run_id)]).await
}

#[mcp_tool]
async fn list_halo_runs(
    api: &ReadStore,
    call: &Call,
    input: list_halo_runs::Input,
) -> Result<list_halo_runs::Output, ToolError> {
    api.get(call, &["halo", "runs"], &input).await
}

#[mcp_tool]
async fn get_halo_run(api: &ReadStore, call: &Call, input: get_halo_run::Input) -> Result<HaloRun, ToolError> {
    let get_halo_run::Input { run_id } = input;
    api.get(call, &["halo", "runs", &run_id], &()).await
}

#[mcp_tool]
async fn run_halo(api: &WriteStore, call: &Call, input: run_halo::Input) -> Result<HaloRun, ToolError> {
    api.post(call, &["halo", "runs"], &input).await
}

#[mcp_tool]
async fn list_halo_schedules(
    api: &ReadStore,
    call: &Call,
    input: list_halo_schedules::Input,
) -> Result<list_halo_schedules::Output, ToolError> {
    api.get(call, &["halo", "schedules"], &input).await
}

#[mcp_tool]
async fn create_halo_schedule(
    api: &WriteStore,
    call: &Call,
    input: create_halo_schedule::Input,
) -> Result<HaloSchedule, ToolError> {
    api.post(call, &["halo", "schedules"], &input).await
}

#[mcp_tool]
async fn pause_halo_schedule(
    api: &WriteStore,
    call: &Call,
    input: pause_halo_schedule::Input,
) -> Result<HaloSchedule, ToolError> {
    api.post(call, &["halo", "schedules", &input.schedule_id, "pause"], &()).await
}

#[mcp_tool]
async fn resume_halo_schedule(
    api: &WriteStore,
    call: &Call,
    input: resume_halo_schedule::Input,
) -> Result<HaloSchedule, ToolError> {
    api.post(call, &["halo", "schedules", &input.schedule_id, "resume"], &()).await
}

#[mcp_tool]
async fn archive_halo_schedule(
    api: &WriteStore,
    call: &Call,
    input: archive_halo_schedule::Input,
) -> Result<HaloSchedule, ToolError> {
    api.post(call, &["halo", "schedules", &input.schedule_id, "archive"], &()).await
}
