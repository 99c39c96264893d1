//! The tools of the areas Schedules and Schedule mutations.

use integrate_io_tools::*;
use jiff::Timestamp;
use toolwright::{Call, mcp_tool};

use crate::store::{ReadStore, StoreError, WriteStore, schedules};

#[mcp_tool]
async fn list_schedules(
    store: &ReadStore,
    call: &Call,
    input: list_schedules::Input,
) -> Result<list_schedules::Output, StoreError> {
    let list_schedules::Input { package_id, enabled, limit, offset } = input;
    let filter = schedules::Filter { package_id, enabled };
    let mut view = store.snapshot().await?;
    let (schedules, total) = schedules::list(&mut view, call.account(), &filter, limit, offset).await?;
    Ok(list_schedules::Output { schedules, total })
}

#[mcp_tool]
async fn get_schedule(
    store: &ReadStore,
    call: &Call,
    input: get_schedule::Input,
) -> Result<ScheduleDetails, StoreError> {
    let mut view = store.snapshot().await?;
    schedules::load(&mut view, call.account(), input.schedule_id).await
}

#[mcp_tool]
async fn toggle_schedule(
    store: &WriteStore,
    call: &Call,
    input: toggle_schedule::Input,
) -> Result<ScheduleDetails, StoreError> {
    store.toggle_schedule(call.account(), Timestamp::now(), input.schedule_id, input.enabled).await
}
