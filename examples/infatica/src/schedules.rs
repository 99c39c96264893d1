//! The tools of the area Schedules.

use infatica_tools::*;
use jiff::Timestamp;
use serde_json::json;
use toolwright::{Call, ToolError, mcp_tool};

use crate::{
    arguments::{origin, run_name},
    store::{
        ReadStore, StoreError, WriteStore,
        runs::transitions::Origin,
        schedules::{self, Plan},
    },
    timing::{Rhythm, Unfit, When},
};

#[mcp_tool]
async fn list_schedules(
    store: &ReadStore,
    call: &Call,
    input: list_schedules::Input,
) -> Result<list_schedules::Output, StoreError> {
    let list_schedules::Input { include_deleted, limit, offset } = input;
    let mut view = store.snapshot().await?;
    let (schedules, total) =
        schedules::list(&mut view, call.subject(), include_deleted, (limit, offset), Timestamp::now()).await?;
    Ok(list_schedules::Output { schedules, total })
}

#[mcp_tool]
async fn create_schedule(
    store: &WriteStore,
    call: &Call,
    input: create_schedule::Input,
) -> Result<Schedule, ToolError> {
    let now = Timestamp::now();
    let create_schedule::Input { r#type, engine, name, urls, source_url, max_items, .. } = input;
    let origin = origin(r#type, urls, source_url, max_items)?;
    let name = run_name(name, &origin);
    let rhythm = rhythm(input.cron, input.preset)?.ok_or_else(|| {
        ToolError::invalid_argument("cron", "nothing says when to fire: give either `cron` or `preset`")
    })?;
    let when = When { rhythm, time_zone: input.time_zone }.checked(now)?;
    Ok(store.create_schedule(call.into(), now, &Plan { name, engine, origin, when, status: input.status }).await?)
}

#[mcp_tool]
async fn update_schedule(
    store: &WriteStore,
    call: &Call,
    input: update_schedule::Input,
) -> Result<Schedule, ToolError> {
    let now = Timestamp::now();
    let schedule_id = input.schedule_id.clone();
    store.update_schedule(call.into(), now, &schedule_id, |plan| revised(plan, input, now)).await
}

#[mcp_tool]
async fn delete_schedule(
    store: &WriteStore,
    call: &Call,
    input: delete_schedule::Input,
) -> Result<Schedule, StoreError> {
    store.delete_schedule(call.into(), Timestamp::now(), &input.schedule_id).await
}

/// A plan with the changes that the arguments of `update_schedule` ask for.
fn revised(plan: Plan, input: update_schedule::Input, now: Timestamp) -> Result<Plan, ToolError> {
    let Plan { name, engine, origin, when, status } = plan;
    let r#type = input.r#type.unwrap_or(origin.run_type());
    // What another type collects is forgotten with that type.
    let kept = Some(origin).filter(|origin| origin.run_type() == r#type);
    let (urls, source_url, max_items) = kept.map(Origin::into_arguments).unwrap_or_default();
    if r#type == RunType::Urls && input.max_items.is_some() {
        let why = "it belongs to type `feed`, and the type is `urls`: leave it out, or set `type` to `feed`";
        return Err(ToolError::invalid_argument("max_items", why));
    }
    // The schema has the default for schedules that are created, and none for changes.
    let defaults: create_schedule::Input = serde_json::from_value(json!({})).map_err(ToolError::internal)?;
    let max_items = input.max_items.or(max_items).unwrap_or(defaults.max_items);
    let origin = self::origin(r#type, input.urls.or(urls), input.source_url.or(source_url), max_items)?;
    let rhythm = rhythm(input.cron, input.preset)?;
    // A time zone can be gone from the machine: what leaves the times as they are, or pauses, goes without it.
    let times_matter =
        rhythm.is_some() || input.time_zone.is_some() || matches!(input.status, Some(ScheduleStatus::Active));
    let when = When { rhythm: rhythm.unwrap_or(when.rhythm), time_zone: input.time_zone.unwrap_or(when.time_zone) };
    Ok(Plan {
        name: input.name.unwrap_or(name),
        engine: input.engine.unwrap_or(engine),
        origin,
        when: if times_matter { when.checked(now)? } else { when },
        status: input.status.unwrap_or(status),
    })
}

impl From<Unfit> for ToolError {
    fn from(Unfit { field, why }: Unfit) -> Self {
        Self::invalid_argument(field, why)
    }
}

/// What two arguments that exclude each other say.
fn rhythm(cron: Option<String>, preset: Option<SchedulePreset>) -> Result<Option<Rhythm>, ToolError> {
    match (cron, preset) {
        (Some(_), Some(_)) => Err(ToolError::invalid_argument(
            "preset",
            "it says when to fire, and so does `cron`: leave one of them out",
        )),
        (cron, preset) => Ok(cron.map(Rhythm::Cron).or(preset.map(Rhythm::Preset))),
    }
}
