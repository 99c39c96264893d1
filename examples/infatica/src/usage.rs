//! The tools of the area Usage.

use infatica_tools::*;
use jiff::Timestamp;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    arguments::instant,
    store::{
        ReadStore, runs,
        usage::{
            events::{self, Filter},
            summary::{self, Range},
        },
    },
};

#[mcp_tool]
async fn get_usage_summary(
    store: &ReadStore,
    call: &Call,
    input: get_usage_summary::Input,
) -> Result<get_usage_summary::Output, ToolError> {
    let since = instant("since", input.since)?;
    let until = instant("until", input.until)?.unwrap_or_else(|| summary::end_of_day(Timestamp::now()));
    let range = Range::new(since, until).map_err(|error| ToolError::invalid_argument("since", error))?;
    let mut view = store.snapshot().await?;
    Ok(summary::load(&mut view, call.subject(), range).await?)
}

#[mcp_tool]
async fn list_usage_events(
    store: &ReadStore,
    call: &Call,
    input: list_usage_events::Input,
) -> Result<list_usage_events::Output, ToolError> {
    let since = instant("since", input.since)?;
    let until = instant("until", input.until)?;
    let mut view = store.snapshot().await?;
    let run = match &input.run_id {
        Some(run_id) => Some(runs::find(&mut view, call.subject(), run_id).await?),
        None => None,
    };
    let filter = Filter { since, until, run, kind: input.kind };
    let (events, total) = events::list(&mut view, call.subject(), &filter, input.limit, input.offset).await?;
    Ok(list_usage_events::Output { events, total })
}
