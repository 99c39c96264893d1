//! What becomes of schedules, and the only code that writes them.
//!
//! ```text
//! active ───→ paused        update_schedule; what comes due until it is active again is missed
//! paused ───→ active        update_schedule
//! active ───→ active        it fires: a run is made
//! any ──────→ deleted       delete_schedule; nothing leads back
//! ```
//!
//! An active schedule knows when it is due, and the next time is computed from the moment at which it
//! fires. So what was missed is one firing, and a clock that is set back fires nothing twice. A firing
//! is one transaction: the run is made and the next time is set, or neither.

use infatica_tools::{Schedule, ScheduleStatus};
use jiff::Timestamp;
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};
use toolwright_support::scheduler::Due;

use super::{Plan, ScheduleKey, find, load, plan};
use crate::{
    store::{
        StoreError, WriteStore,
        actor::{Actor, By},
        audit, random_id,
        runs::{
            self,
            transitions::{NewRun, insert_run},
        },
        time,
    },
    timing::Rhythm,
};

/// How many schedules that are not deleted an account can have: each one makes runs without end.
const MAX_SCHEDULES: i64 = 100;

impl WriteStore {
    /// Makes a schedule, if the account has room for it.
    pub(crate) async fn create_schedule(
        &self,
        actor: Actor<'_>,
        now: Timestamp,
        plan: &Plan,
    ) -> Result<Schedule, StoreError> {
        let id = random_id("sched_");
        // The search can be long, and nobody else writes while a change is open.
        let next_at = plan.next_after(&id, now);
        let mut change = self.change().await?;
        check_room(&mut change, actor.account).await?;
        let schedule = keep(&mut change, now, actor.account, &id, plan, next_at).await?;
        audit::record(&mut change, now.as_microsecond(), actor, "schedule.created", &id).await?;
        let created = load(&mut change, schedule, now).await?;
        change.commit().await?;
        self.wakes.schedules.notify_one();
        Ok(created)
    }

    /// Changes a schedule into what `revise` makes of it, or not at all when that fails.
    pub(crate) async fn update_schedule<E: From<StoreError>>(
        &self,
        actor: Actor<'_>,
        now: Timestamp,
        schedule_id: &str,
        revise: impl FnOnce(Plan) -> Result<Plan, E>,
    ) -> Result<Schedule, E> {
        let mut change = self.change().await?;
        let schedule = find(&mut change, actor.account, schedule_id).await?;
        let (found, next_at, deleted) = stored(&mut change, schedule).await?;
        if deleted {
            let message = format!("schedule `{schedule_id}` is deleted: create another one");
            return Err(StoreError::WrongState(message).into());
        }
        let revised = revise(found.clone())?;
        if revised != found {
            let same_times = (&revised.when, revised.status) == (&found.when, found.status);
            let next_at = if same_times { next_at } else { revised.next_after(schedule_id, now) };
            keep(&mut change, now, actor.account, schedule_id, &revised, next_at).await?;
            audit::record(&mut change, now.as_microsecond(), actor, "schedule.updated", schedule_id).await?;
        }
        let updated = load(&mut change, schedule, now).await?;
        change.commit().await.map_err(StoreError::from)?;
        self.wakes.schedules.notify_one();
        Ok(updated)
    }

    /// Ends a schedule.
    pub(crate) async fn delete_schedule(
        &self,
        actor: Actor<'_>,
        now: Timestamp,
        schedule_id: &str,
    ) -> Result<Schedule, StoreError> {
        let mut change = self.change().await?;
        let schedule = find(&mut change, actor.account, schedule_id).await?;
        let delete = "UPDATE schedules SET deleted_at = ?2, next_at = NULL WHERE seq = ?1 AND deleted_at IS NULL";
        let deleted = sqlx::query(delete).bind(schedule.0).bind(now.as_microsecond()).execute(&mut *change).await?;
        if deleted.rows_affected() > 0 {
            audit::record(&mut change, now.as_microsecond(), actor, "schedule.deleted", schedule_id).await?;
        }
        let deleted = load(&mut change, schedule, now).await?;
        change.commit().await?;
        Ok(deleted)
    }
}

impl Due for WriteStore {
    type Error = StoreError;

    async fn next_firing(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT min(next_at) FROM schedules WHERE next_at IS NOT NULL";
        let next: Option<i64> = sqlx::query_scalar(next).fetch_one(&self.pool).await?;
        Ok(next.map(time::instant).transpose()?)
    }

    /// Makes the run of a schedule that is due, if there is one.
    async fn fire(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let due = "SELECT * FROM schedules WHERE next_at <= ?1 ORDER BY next_at, seq LIMIT 1";
        let due = sqlx::query(due).bind(now.as_microsecond()).fetch_optional(&mut *change).await?;
        let Some(row) = due else { return Ok(()) };
        let plan = plan(&row)?;
        let id: &str = row.try_get("id")?;
        let actor = Actor { account: row.try_get("account")?, by: By::Schedule { id } };
        sqlx::query("UPDATE schedules SET next_at = ?2 WHERE seq = ?1")
            .bind(row.try_get::<i64, _>("seq")?)
            .bind(plan.next_after(id, now).map(Timestamp::as_microsecond))
            .execute(&mut *change)
            .await?;
        let new = NewRun { name: &plan.name, engine: plan.engine, origin: &plan.origin };
        let run = insert_run(&mut change, now.as_microsecond(), actor, new).await?;
        let run = runs::load(&mut change, run).await?;
        audit::record(&mut change, now.as_microsecond(), actor, "run.created", &run.id).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok(())
    }

    async fn changed(&self) {
        self.wakes.schedules.notified().await;
    }
}

impl Plan {
    /// When its schedule is due after an instant; never while it is paused.
    fn next_after(&self, schedule_id: &str, instant: Timestamp) -> Option<Timestamp> {
        match (self.status, self.when.timing()) {
            (ScheduleStatus::Paused, _) => None,
            (ScheduleStatus::Active, Ok(timing)) => timing.next_after(instant),
            (ScheduleStatus::Active, Err(error)) => {
                // It was understood when it was made: a time zone can be gone from the machine.
                tracing::error!(%error, schedule_id, "a schedule fires no more");
                None
            }
        }
    }
}

/// Refuses one more schedule to an account that has as many as it can have.
async fn check_room(connection: &mut SqliteConnection, account: &str) -> Result<(), StoreError> {
    let count = "SELECT count(*) FROM schedules WHERE account = ?1 AND deleted_at IS NULL";
    let count: i64 = sqlx::query_scalar(count).bind(account).fetch_one(connection).await?;
    if count < MAX_SCHEDULES {
        return Ok(());
    }
    Err(StoreError::WrongState(format!(
        "your account has {count} schedules, and {MAX_SCHEDULES} is the most that it can have: delete one with \
         delete_schedule, or change one with update_schedule"
    )))
}

/// A plan as it is kept, when it is due, and whether its schedule is deleted.
async fn stored(
    connection: &mut SqliteConnection,
    schedule: ScheduleKey,
) -> Result<(Plan, Option<Timestamp>, bool), StoreError> {
    let row = sqlx::query("SELECT * FROM schedules WHERE seq = ?1").bind(schedule.0).fetch_one(connection).await?;
    let next_at = row.try_get::<Option<i64>, _>("next_at")?.map(time::instant).transpose()?;
    Ok((plan(&row)?, next_at, row.try_get::<Option<i64>, _>("deleted_at")?.is_some()))
}

/// Keeps a plan in a schedule, which is made when there is none.
async fn keep(
    connection: &mut SqliteConnection,
    now: Timestamp,
    account: &str,
    schedule_id: &str,
    Plan { name, engine, origin, when, status }: &Plan,
    next_at: Option<Timestamp>,
) -> Result<ScheduleKey, StoreError> {
    let (urls, source_url, max_items) = origin.clone().into_arguments();
    let (cron, preset) = match &when.rhythm {
        Rhythm::Cron(cron) => (Some(cron), None),
        Rhythm::Preset(preset) => (None, Some(preset.as_str())),
    };
    let key = sqlx::query_scalar(
        "INSERT INTO schedules (id, account, created_at, name, type, engine, urls, source_url, max_items, cron, preset,
                                time_zone, status, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET
             (name, type, engine, urls, source_url, max_items, cron, preset, time_zone, status, next_at) =
             (?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         RETURNING seq",
    )
    .bind(schedule_id)
    .bind(account)
    .bind(now.as_microsecond())
    .bind(name)
    .bind(origin.run_type().as_str())
    .bind(engine.as_str())
    .bind(urls.map(|urls| json!(urls).to_string()))
    .bind(source_url)
    .bind(max_items)
    .bind(cron)
    .bind(preset)
    .bind(&when.time_zone)
    .bind(status.as_str())
    .bind(next_at.map(Timestamp::as_microsecond))
    .fetch_one(connection)
    .await?;
    Ok(ScheduleKey(key))
}
