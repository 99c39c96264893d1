//! The tools of the area Execution and recovery. They change what is to be done; the worker does it.

use integrate_io_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::store::{StoreError, WriteStore, runs::transitions::NewRun};

#[mcp_tool]
async fn run_package(
    store: &WriteStore,
    call: &Call,
    input: run_package::Input,
) -> Result<run_package::Output, ToolError> {
    let run_package::Input { package_id, cluster_id, variables, dynamic_variables } = input;
    let variables = variables.unwrap_or_default();
    let dynamic_variables = dynamic_variables.unwrap_or_default();
    let new = NewRun { package_id, cluster_id, variables, dynamic_variables, ..NewRun::default() };
    let run = store.create_run(call.account(), actor(call), &new).await?;
    Ok(run_package::Output { run_id: run.id, run })
}

#[mcp_tool]
async fn cancel_job(
    store: &WriteStore,
    call: &Call,
    input: cancel_job::Input,
) -> Result<cancel_job::Output, StoreError> {
    let (run, cancelled) = store.cancel_run(call.account(), actor(call), input.run_id).await?;
    Ok(cancel_job::Output { run, cancelled })
}

#[mcp_tool]
async fn retry_job(store: &WriteStore, call: &Call, input: retry_job::Input) -> Result<retry_job::Output, StoreError> {
    let run = store.retry_run(call.account(), actor(call), input.run_id, input.cluster_id).await?;
    Ok(retry_job::Output { run_id: run.id, run })
}

/// Who asks, for the record: the name of the token.
fn actor(call: &Call) -> &str {
    &call.identity().credential_name
}
