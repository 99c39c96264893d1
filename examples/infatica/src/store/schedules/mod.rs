//! Schedules: reading them. What changes them is in `transitions`.

use infatica_tools::{Engine, RunType, Schedule, ScheduleStatus};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{StoreError, runs::transitions::Origin, time, word};
use crate::timing::{Rhythm, When};

#[cfg(test)]
mod firing;
pub(crate) mod transitions;

/// How many of the next times to fire are told.
const UPCOMING: usize = 5;

/// What a schedule does, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What the schedule and its runs are called.
    pub(crate) name: String,
    pub(crate) engine: Engine,
    pub(crate) origin: Origin,
    pub(crate) when: When,
    pub(crate) status: ScheduleStatus,
}

/// A schedule of an account that the caller has, or one that is due.
#[derive(Debug, Clone, Copy)]
struct ScheduleKey(i64);

/// Some of the account's schedules, newest first, as they stand now, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    include_deleted: bool,
    (limit, offset): (i64, i64),
    now: Timestamp,
) -> Result<(Vec<Schedule>, i64), StoreError> {
    let total = "SELECT count(*) FROM schedules WHERE account = ?1 AND (?2 OR deleted_at IS NULL)";
    let total = sqlx::query_scalar(total).bind(account).bind(include_deleted).fetch_one(&mut *connection).await?;

    let mut page = select();
    page.push(" WHERE schedules.account = ").push_bind(account);
    page.push(" AND (").push_bind(include_deleted).push(" OR deleted_at IS NULL) ORDER BY schedules.seq DESC LIMIT ");
    page.push_bind(limit).push(" OFFSET ").push_bind(offset);
    let rows = page.build().fetch_all(connection).await?;
    Ok((rows.iter().map(|row| from_row(row, now)).collect::<Result<_, _>>()?, total))
}

/// The account's schedule with this id, also when it is deleted.
async fn find(connection: &mut SqliteConnection, account: &str, schedule_id: &str) -> Result<ScheduleKey, StoreError> {
    let key = sqlx::query_scalar("SELECT seq FROM schedules WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(schedule_id)
        .fetch_optional(connection)
        .await?;
    key.map(ScheduleKey).ok_or_else(|| StoreError::NotFound { what: "schedule", id: schedule_id.to_owned() })
}

/// A schedule as it stands now.
async fn load(
    connection: &mut SqliteConnection,
    schedule: ScheduleKey,
    now: Timestamp,
) -> Result<Schedule, StoreError> {
    let mut one = select();
    one.push(" WHERE schedules.seq = ").push_bind(schedule.0);
    Ok(from_row(&one.build().fetch_one(connection).await?, now)?)
}

fn select() -> QueryBuilder<Sqlite> {
    QueryBuilder::new(
        "SELECT schedules.*, last.id AS last_run_id, last.created_at AS last_at,
                (SELECT count(*) FROM runs WHERE schedule = schedules.seq) AS fired
         FROM schedules LEFT JOIN runs AS last ON last.seq = (SELECT max(seq) FROM runs WHERE schedule = schedules.seq)",
    )
}

fn from_row(row: &SqliteRow, now: Timestamp) -> Result<Schedule, sqlx::Error> {
    let Plan { name, engine, origin, when, status } = plan(row)?;
    let next = row.try_get::<Option<i64>, _>("next_at")?.map(time::instant).transpose()?;
    let upcoming = next.map(|next| upcoming(&when, next, now)).unwrap_or_default();
    let r#type = origin.run_type();
    let (urls, source_url, max_items) = origin.into_arguments();
    let (cron, preset) = match when.rhythm {
        Rhythm::Cron(cron) => (Some(cron), None),
        Rhythm::Preset(preset) => (None, Some(preset)),
    };
    let time = |column| row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339).transpose();
    Ok(Schedule {
        id: row.try_get("id")?,
        name,
        r#type,
        engine,
        urls,
        source_url,
        max_items,
        cron,
        preset,
        time_zone: when.time_zone,
        status,
        next_at: time("next_at")?,
        upcoming,
        fired: row.try_get("fired")?,
        last_at: time("last_at")?,
        last_run_id: row.try_get("last_run_id")?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        deleted_at: time("deleted_at")?,
    })
}

/// The times to fire from the next one on. What was missed is not made up for.
fn upcoming(when: &When, next: Timestamp, now: Timestamp) -> Vec<String> {
    let Ok(timing) = when.timing() else { return Vec::new() };
    std::iter::successors(Some(next), |last| timing.next_after(now.max(*last)))
        .take(UPCOMING)
        .map(|instant| timing.local(instant))
        .collect()
}

fn plan(row: &SqliteRow) -> Result<Plan, sqlx::Error> {
    let origin = match word(row.try_get("type")?)? {
        RunType::Urls => {
            let urls = serde_json::from_str(row.try_get("urls")?);
            Origin::Urls(urls.map_err(|error| sqlx::Error::Decode(Box::new(error)))?)
        }
        RunType::Feed => Origin::Feed { source_url: row.try_get("source_url")?, max_items: row.try_get("max_items")? },
    };
    let rhythm = match row.try_get::<Option<&str>, _>("preset")? {
        Some(preset) => Rhythm::Preset(word(preset)?),
        None => Rhythm::Cron(row.try_get("cron")?),
    };
    Ok(Plan {
        name: row.try_get("name")?,
        engine: word(row.try_get("engine")?)?,
        origin,
        when: When { rhythm, time_zone: row.try_get("time_zone")? },
        status: word(row.try_get("status")?)?,
    })
}

#[cfg(test)]
mod tests {
    use infatica_tools::SchedulePreset;

    use super::*;

    #[test]
    fn what_was_missed_is_one_of_the_upcoming_times() {
        let when = When { rhythm: Rhythm::Preset(SchedulePreset::Hourly), time_zone: "Europe/Berlin".to_owned() };
        let times = |next: &str, now: &str| upcoming(&when, next.parse().unwrap(), now.parse().unwrap());
        let on_time = times("2026-10-24T23:00:00Z", "2026-10-24T22:30:00Z");
        assert_eq!(on_time[..2], ["2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00"]);
        assert_eq!(
            on_time[2..],
            ["2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00", "2026-10-25T04:00:00+01:00"]
        );
        let late = times("2026-10-24T03:00:00Z", "2026-10-24T22:30:00Z");
        assert_eq!(late[..2], ["2026-10-24T05:00:00+02:00", "2026-10-25T01:00:00+02:00"]);
    }
}
