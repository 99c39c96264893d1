//! What HALO has to show of a project's samples: one report, and a schedule that rests.

use jiff::Timestamp;

use super::{
    agent::Agent,
    conversations,
    job::Runs,
    request::{Reach, prompt},
    runs::{self, NewRun},
    schedules::{self, NewSchedule, Status},
};
use crate::{
    error::ApiError,
    jobs::{self, Claim},
    store::{Change, Store},
    time,
};

/// The ids of what is made.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) conversation: String,
    pub(crate) run: String,
    pub(crate) schedule: String,
}

/// Begins a run about the agent with this name and service, and makes a schedule about it, which is paused: nobody has asked for
/// what it would cost.
pub(crate) async fn begin(change: &mut Change, ids: &Ids, name: &str, service: &str) -> Result<Claim, ApiError> {
    let agent = sqlx::query(
        "SELECT id AS agent, name AS agent_name, service AS agent_service FROM agents
         WHERE project = ?1 AND name = ?2 AND service = ?3",
    );
    let agent = agent.bind(&change.project).bind(name).bind(service).fetch_one(&mut *change.transaction).await?;
    let agent = Agent::from_row(&agent)?;
    let (now, prompt, reach) = (Timestamp::now(), prompt(None)?, Reach::of(Some("7d"))?);
    let asked = time::nanoseconds(now);
    conversations::insert(change, &ids.conversation, &agent, &prompt, asked).await?;
    let new = NewRun { conversation: &ids.conversation, schedule: None, prompt: &prompt, reach: &reach, now: asked };
    runs::insert(change, &ids.run, new).await?;
    let daily =
        NewSchedule { agent: agent.id, cron: "0 9 * * *".to_owned(), time_zone: None, window: None, prompt: None };
    schedules::insert(change, &ids.schedule, daily, now).await?;
    schedules::set(change, &ids.schedule, Status::Paused, now).await?;
    jobs::begin::<Runs>(change, &ids.run).await
}

/// Does the run.
pub(crate) async fn finish(store: &Store, claim: &Claim) -> Result<(), ApiError> {
    jobs::finish(Runs(store.clone()), claim).await
}
