//! What becomes of schedules, and the only code that writes them.
//!
//! ```text
//! (none) ────→ enabled     the command `schedule add`
//! enabled ───→ disabled    toggle_schedule; what comes due until it is enabled again is missed
//! disabled ──→ enabled     toggle_schedule
//! enabled ───→ enabled     it fires: a run is made, or it says why none could be
//! any ───────→ (none)      the command `schedule remove`
//! ```
//!
//! An enabled schedule knows when it is due, and the next time is computed from the moment at which it
//! fires. So what was missed is one firing, and a clock that is set back fires nothing twice. A firing is
//! one transaction: the run is made and the next time is set, or neither.

use std::collections::BTreeMap;

use integrate_io_tools::ScheduleDetails;
use jiff::Timestamp;
use sqlx::Row as _;
use toolwright_support::{
    scheduler::Due,
    timing::{Timing, Unfit},
};

use super::{details, load};
use crate::store::{
    StoreError, WriteStore, json,
    packages::{self, Definition},
    runs::transitions::{NewRun, insert},
    time,
};

/// A schedule as asked for.
#[derive(Debug)]
pub(crate) struct NewSchedule<'a> {
    pub(crate) name: &'a str,
    pub(crate) package_id: i64,
    pub(crate) cluster_id: Option<i64>,
    pub(crate) timing: &'a Timing,
    pub(crate) variables: BTreeMap<String, String>,
}

impl WriteStore {
    /// Makes a schedule, enabled.
    pub(crate) async fn add_schedule(
        &self,
        account: &str,
        now: Timestamp,
        new: &NewSchedule<'_>,
    ) -> Result<ScheduleDetails, StoreError> {
        let NewSchedule { name, package_id, cluster_id, timing, variables } = new;
        let mut change = self.change().await?;
        let Definition { variables: known, .. } = packages::load(&mut change, account, *package_id).await?;
        if let Some(unknown) = variables.keys().find(|name| !known.contains_key(*name)) {
            let why = format!("package `{package_id}` has no variable `{unknown}`");
            return Err(StoreError::InvalidArgument { field: "variable".to_owned(), why });
        }
        if let Some(id) = *cluster_id {
            let exists = "SELECT EXISTS (SELECT 1 FROM clusters WHERE account = ?1 AND id = ?2)";
            if !sqlx::query_scalar(exists).bind(account).bind(id).fetch_one(&mut *change).await? {
                return Err(StoreError::NotFound { what: "cluster", id });
            }
        }
        let id = sqlx::query_scalar(
            "INSERT INTO schedules (account, package, cluster, name, cron, time_zone, variables, enabled, next_run_at, created_at,
                                    updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?9) RETURNING id",
        )
        .bind(account)
        .bind(package_id)
        .bind(cluster_id)
        .bind(name)
        .bind(timing.expression())
        .bind(timing.time_zone())
        .bind(serde_json::to_string(variables)?)
        .bind(timing.next_after(now).map(Timestamp::as_microsecond))
        .bind(now.as_microsecond())
        .fetch_one(&mut *change)
        .await?;
        let added = load(&mut change, account, id).await?;
        change.commit().await?;
        self.wakes.schedules.notify_one();
        Ok(added)
    }

    /// Enables or disables a schedule. One that is so already stays as it is.
    pub(crate) async fn toggle_schedule(
        &self,
        account: &str,
        now: Timestamp,
        schedule_id: i64,
        enabled: bool,
    ) -> Result<ScheduleDetails, StoreError> {
        let mut change = self.change().await?;
        let found = load(&mut change, account, schedule_id).await?;
        if found.enabled == enabled {
            return Ok(found);
        }
        let next = match enabled.then(|| Timing::new(&found.cron, &found.time_zone)).transpose() {
            Ok(timing) => timing.and_then(|timing| timing.next_after(now)),
            Err(unfit) => {
                let message = format!("schedule `{schedule_id}` cannot be enabled: {unfit}");
                return Err(StoreError::WrongState(message));
            }
        };
        sqlx::query("UPDATE schedules SET enabled = ?2, next_run_at = ?3, updated_at = ?4 WHERE id = ?1")
            .bind(schedule_id)
            .bind(enabled)
            .bind(next.map(Timestamp::as_microsecond))
            .bind(now.as_microsecond())
            .execute(&mut *change)
            .await?;
        let toggled = load(&mut change, account, schedule_id).await?;
        change.commit().await?;
        self.wakes.schedules.notify_one();
        Ok(toggled)
    }

    /// Ends a schedule. Its runs stay, and forget it.
    pub(crate) async fn remove_schedule(&self, account: &str, schedule_id: i64) -> Result<ScheduleDetails, StoreError> {
        let mut change = self.change().await?;
        let removed = load(&mut change, account, schedule_id).await?;
        sqlx::query("UPDATE runs SET schedule = NULL WHERE schedule = ?1")
            .bind(schedule_id)
            .execute(&mut *change)
            .await?;
        sqlx::query("DELETE FROM schedules WHERE id = ?1").bind(schedule_id).execute(&mut *change).await?;
        change.commit().await?;
        Ok(removed)
    }
}

impl Due for WriteStore {
    type Error = StoreError;

    async fn next_firing(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT min(next_run_at) FROM schedules WHERE next_run_at IS NOT NULL";
        let next: Option<i64> = sqlx::query_scalar(next).fetch_one(&self.pool).await?;
        Ok(next.map(time::instant).transpose()?)
    }

    async fn fire(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        let due = "SELECT * FROM schedules WHERE next_run_at <= ?1 ORDER BY next_run_at, id LIMIT 1";
        let due = sqlx::query(due).bind(now.as_microsecond()).fetch_optional(&mut *change).await?;
        let Some(row) = due else { return Ok(()) };
        let ScheduleDetails { id, package_id, cluster_id, cron, time_zone, .. } = details(&row)?;
        let account: &str = row.try_get("account")?;
        let new = NewRun {
            package_id,
            cluster_id,
            variables: json(row.try_get("variables")?)?,
            schedule_id: Some(id),
            ..NewRun::default()
        };
        let made = insert(&mut change, now.as_microsecond(), account, &format!("schedule {id}"), &new).await;
        let (run, mut error) = match made {
            Ok(run) => (Some(run), None),
            Err(StoreError::Database(error)) => return Err(error.into()),
            // It goes on: next time the package can be in use again.
            Err(refusal) => (None, Some(refusal.to_string())),
        };
        let next = next_after(&cron, &time_zone, now).unwrap_or_else(|unfit| {
            // It was understood when it was made: a time zone can be gone from the machine.
            error = Some(format!("it runs no more: {unfit}"));
            None
        });
        sqlx::query(
            "UPDATE schedules SET next_run_at = ?2, last_error = ?3, last_run = ifnull(?4, last_run),
                                  last_run_at = iif(?4 IS NULL, last_run_at, ?5)
             WHERE id = ?1",
        )
        .bind(id)
        .bind(next.map(Timestamp::as_microsecond))
        .bind(&error)
        .bind(run)
        .bind(now.as_microsecond())
        .execute(&mut *change)
        .await?;
        change.commit().await?;
        if let Some(error) = error {
            tracing::warn!(schedule = id, error, "a schedule did not run as it should");
        }
        self.wakes.runs.notify_one();
        Ok(())
    }

    async fn changed(&self) {
        self.wakes.schedules.notified().await;
    }
}

fn next_after(cron: &str, time_zone: &str, now: Timestamp) -> Result<Option<Timestamp>, Unfit> {
    Ok(Timing::new(cron, time_zone)?.next_after(now))
}
