//! The tools of the area Runs: each handler says what a call means, and the store does it.

use infatica_tools::*;
use jiff::Timestamp;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    arguments::{instant, origin, run_name},
    export,
    store::{
        ReadStore, StoreError, WriteStore,
        runs::{self, events, items, stats, transitions::NewRun},
    },
};

#[mcp_tool]
async fn list_runs(store: &ReadStore, call: &Call, input: list_runs::Input) -> Result<list_runs::Output, ToolError> {
    let filter = runs::Filter {
        of_type: input.r#type,
        status: input.status,
        query: input.query,
        created_after: instant("created_after", input.created_after)?,
        created_before: instant("created_before", input.created_before)?,
    };
    let mut view = store.snapshot().await?;
    let (runs, total) = runs::list(&mut view, call.subject(), &filter, input.limit, input.offset).await?;
    Ok(list_runs::Output { runs, total })
}

#[mcp_tool]
async fn create_run(store: &WriteStore, call: &Call, input: create_run::Input) -> Result<Run, ToolError> {
    let create_run::Input { r#type, engine, name, urls, source_url, max_items } = input;
    let origin = origin(r#type, urls, source_url, max_items)?;
    let name = run_name(name, &origin);
    Ok(store.create_run(call.into(), NewRun { name: &name, engine, origin: &origin }).await?)
}

#[mcp_tool]
async fn get_run(store: &ReadStore, call: &Call, input: get_run::Input) -> Result<RunDetails, StoreError> {
    let mut view = store.snapshot().await?;
    let key = runs::find(&mut view, call.subject(), &input.run_id).await?;
    let run = runs::load(&mut view, key).await?;
    let items = items::list(&mut view, key, input.limit, input.offset).await?;
    let next_offset = next_offset(input.offset, items.len(), run.items.total);
    Ok(RunDetails { run, items, next_offset })
}

#[mcp_tool]
async fn retry_run(store: &WriteStore, call: &Call, input: retry_run::Input) -> Result<retry_run::Output, StoreError> {
    let (run, retried) = store.retry_run(call.into(), &input.run_id).await?;
    Ok(retry_run::Output { run, retried })
}

#[mcp_tool]
async fn cancel_run(store: &WriteStore, call: &Call, input: cancel_run::Input) -> Result<Run, StoreError> {
    store.cancel_run(call.into(), &input.run_id).await
}

#[mcp_tool]
async fn export_run(store: &ReadStore, call: &Call, input: export_run::Input) -> Result<export_run::Output, ToolError> {
    let mut view = store.snapshot().await?;
    let key = runs::find(&mut view, call.subject(), &input.run_id).await?;
    let run = runs::load(&mut view, key).await?;
    let bytes = items::content_bytes(&mut view, key, input.limit, input.offset).await?;
    if bytes > export::MAX_BYTES {
        return Err(export::too_large(input.limit));
    }
    let items = items::collected(&mut view, key, input.limit, input.offset).await?;
    let next_offset = next_offset(input.offset, items.len(), run.items.total);
    let content = export::render(input.format, &run, &items, input.limit)?;
    let media_type = export::media_type(input.format).to_owned();
    Ok(export_run::Output { format: input.format, media_type, content, next_offset })
}

#[mcp_tool]
async fn get_run_stats(store: &ReadStore, call: &Call) -> Result<get_run_stats::Output, StoreError> {
    let mut view = store.snapshot().await?;
    stats::load(&mut view, call.subject(), Timestamp::now()).await
}

#[mcp_tool]
async fn get_run_logs(
    store: &ReadStore,
    call: &Call,
    input: get_run_logs::Input,
) -> Result<get_run_logs::Output, StoreError> {
    let mut view = store.snapshot().await?;
    let run = runs::find(&mut view, call.subject(), &input.run_id).await?;
    let (events, total) = events::list(&mut view, run, input.limit, input.offset).await?;
    Ok(get_run_logs::Output { events, total })
}

#[mcp_tool]
async fn retry_item(
    store: &WriteStore,
    call: &Call,
    input: retry_item::Input,
) -> Result<retry_item::Output, StoreError> {
    let (run, item) = store.retry_item(call.into(), &input.run_id, &input.item_id).await?;
    Ok(retry_item::Output { run, item })
}

/// The offset of the next page, when there is one.
fn next_offset(offset: i64, on_this_page: usize, total: i64) -> Option<i64> {
    let next = offset.saturating_add(i64::try_from(on_this_page).unwrap_or(i64::MAX));
    (on_this_page > 0 && next < total).then_some(next)
}
