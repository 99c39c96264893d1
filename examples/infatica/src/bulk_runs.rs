//! The tools of the area Bulk runs.

use infatica_tools::*;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    arguments::{origin, run_name},
    store::{
        ReadStore, StoreError, WriteStore,
        bulk_runs::{self, transitions::NewBulkRun},
    },
};

#[mcp_tool]
async fn create_bulk_run(store: &WriteStore, call: &Call, input: create_bulk_run::Input) -> Result<BulkRun, ToolError> {
    let create_bulk_run::Input { engines, r#type, name, urls, source_url, max_items } = input;
    let origin = origin(r#type, urls, source_url, max_items)?;
    let name = run_name(name, &origin);
    let new = NewBulkRun { name: &name, engines: &engines, origin: &origin };
    Ok(store.create_bulk_run(call.into(), new).await?)
}

#[mcp_tool]
async fn get_bulk_run(store: &ReadStore, call: &Call, input: get_bulk_run::Input) -> Result<BulkRun, StoreError> {
    let mut view = store.snapshot().await?;
    let key = bulk_runs::find(&mut view, call.subject(), &input.bulk_run_id).await?;
    bulk_runs::load(&mut view, key).await
}

#[mcp_tool]
async fn retry_bulk_run(
    store: &WriteStore,
    call: &Call,
    input: retry_bulk_run::Input,
) -> Result<retry_bulk_run::Output, StoreError> {
    let (bulk_run, retried) = store.retry_bulk_run(call.into(), &input.bulk_run_id).await?;
    Ok(retry_bulk_run::Output { bulk_run, retried })
}
