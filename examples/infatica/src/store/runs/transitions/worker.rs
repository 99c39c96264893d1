//! The transitions that the worker makes.

use std::time::Duration;

use infatica_tools::{Engine, ItemStatus, RunStatus, UsageOutcome};
use sqlx::{Row as _, SqliteConnection};

use super::{Event, Role, insert_task, settle};
use crate::{
    collect::{Fault, Links, Page},
    store::{StoreError, WriteStore, runs::RunKey, time, usage, word},
};

/// An attempt at a task. Whoever has one works on it alone.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    task: i64,
    attempt: i64,
    run: RunKey,
    account: String,
    pub(crate) role: Role,
    pub(crate) url: String,
    pub(crate) engine: Engine,
    /// How many pages a sitemap or feed may add to its run.
    pub(crate) max_items: i64,
    /// How many faults the task has met before.
    pub(crate) faults: i64,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The page, to be kept.
    Collected(Page),
    /// What the sitemap or feed lists.
    Expanded(Links),
    /// The task is given up.
    Failed(Fault),
    /// The task is tried again, after a while.
    Postponed(Fault, Duration),
    /// The server stopped; the task is as good as not started.
    Interrupted,
}

impl WriteStore {
    /// Starts an attempt at a task that is due, if there is one. The account with the fewest running
    /// tasks goes first, so that a large run holds up no one else's; then runs take turns.
    pub(crate) async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let row = sqlx::query(
            "UPDATE tasks SET status = 'running', attempts = attempts + 1 WHERE seq = (
                 SELECT seq FROM tasks WHERE status = 'queued' AND due_at <= ?1 AND run = (
                     SELECT seq FROM runs
                     WHERE status IN ('queued', 'running') AND EXISTS (
                         SELECT 1 FROM tasks WHERE run = runs.seq AND tasks.status = 'queued' AND due_at <= ?1
                     )
                     ORDER BY (
                         SELECT count(*) FROM tasks JOIN runs AS others ON others.seq = tasks.run
                         WHERE tasks.status = 'running' AND others.account = runs.account
                     ), served_at, seq LIMIT 1)
                 ORDER BY seq LIMIT 1)
             RETURNING seq, run, role, url, attempts, faults",
        )
        .bind(now)
        .fetch_optional(&mut *change)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let run = RunKey(row.try_get("run")?);
        let (account, engine, max_items, status): (String, String, i64, String) =
            sqlx::query_as("SELECT account, engine, ifnull(max_items, 0), status FROM runs WHERE seq = ?1")
                .bind(run.0)
                .fetch_one(&mut *change)
                .await?;
        let claim = Claim {
            task: row.try_get("seq")?,
            attempt: row.try_get("attempts")?,
            run,
            account,
            role: word(row.try_get("role")?)?,
            url: row.try_get("url")?,
            engine: word(&engine)?,
            max_items,
            faults: row.try_get("faults")?,
        };
        sqlx::query(
            "UPDATE runs SET status = 'running', served_at = ?2, started_at = ifnull(started_at, ?2) WHERE seq = ?1",
        )
        .bind(run.0)
        .bind(now)
        .execute(&mut *change)
        .await?;
        if word::<RunStatus>(&status)? == RunStatus::Queued {
            Event::of_run(run, "started").record(&mut change, now).await?;
        }
        let attempt = format!("attempt {}", claim.attempt);
        claim.event("started").detail(&attempt).record(&mut change, now).await?;
        change.commit().await?;
        Ok(Some(claim))
    }

    /// Ends an attempt. Answers with `false` when it had been ended already, by a caller who
    /// cancelled its run: then nothing is changed or kept.
    pub(crate) async fn conclude(&self, claim: &Claim, outcome: &Outcome) -> Result<bool, StoreError> {
        let now = time::now();
        let end = End::of(outcome, now);
        let mut change = self.change().await?;
        let ended = sqlx::query(
            "UPDATE tasks SET status = ?3, http_status = ?4, bytes = ?5, error = ?6, faults = faults + ?7, due_at = ?8,
                              finished_at = iif(?3 = 'queued', NULL, ?9)
             WHERE seq = ?1 AND attempts = ?2 AND status = 'running'",
        )
        .bind(claim.task)
        .bind(claim.attempt)
        .bind(end.status.as_str())
        .bind(end.http_status)
        .bind(end.bytes)
        .bind(end.error)
        .bind(end.faults)
        .bind(end.due_at)
        .bind(now)
        .execute(&mut *change)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        match outcome {
            Outcome::Collected(page) => insert_result(&mut change, claim, page).await?,
            Outcome::Expanded(links) => {
                for url in &links.urls {
                    insert_task(&mut change, now, claim.run, Role::Page, url.as_str()).await?;
                }
            }
            Outcome::Failed(_) | Outcome::Postponed(..) | Outcome::Interrupted => {}
        }
        claim.event(end.event).detail(&end.detail).record(&mut change, now).await?;
        if let Some((outcome, bytes)) = used(outcome) {
            usage::record(&mut change, now, &claim.usage(outcome, bytes)).await?;
        }
        settle(&mut change, now, claim.run).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Puts back every task that a server left running when it was killed.
    pub(crate) async fn recover(&self) -> Result<u64, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let put_back: Vec<(i64, i64, String)> = sqlx::query_as(
            "UPDATE tasks SET status = 'queued', due_at = ?1 WHERE status = 'running' RETURNING run, seq, role",
        )
        .bind(now)
        .fetch_all(&mut *change)
        .await?;
        for (run, task, role) in &put_back {
            let event = Event::of_task(RunKey(*run), *task, word(role)?, "interrupted");
            event.detail("the server was killed").record(&mut change, now).await?;
        }
        change.commit().await?;
        Ok(put_back.len() as u64)
    }

    /// How long it takes until a queued task is due, if there is one.
    pub(crate) async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT min(due_at) FROM tasks WHERE status = 'queued'").fetch_one(&self.pool).await?;
        Ok(due.map(|due| Duration::from_micros((due - time::now()).try_into().unwrap_or(0))))
    }

    /// Whether an attempt is still wanted: not when its run was cancelled.
    pub(crate) async fn is_wanted(&self, claim: &Claim) -> Result<bool, StoreError> {
        let wanted = "SELECT EXISTS (SELECT 1 FROM tasks WHERE seq = ?1 AND attempts = ?2 AND status = 'running')";
        Ok(sqlx::query_scalar(wanted).bind(claim.task).bind(claim.attempt).fetch_one(&self.pool).await?)
    }
}

/// What the end of an attempt leaves in its task and in the log.
struct End<'a> {
    status: ItemStatus,
    event: &'static str,
    detail: String,
    http_status: Option<u16>,
    bytes: Option<i64>,
    error: Option<&'a str>,
    faults: i64,
    due_at: i64,
}

impl<'a> End<'a> {
    fn of(outcome: &'a Outcome, now: i64) -> Self {
        let silent = |status, event, detail| Self {
            status,
            event,
            detail,
            http_status: None,
            bytes: None,
            error: None,
            faults: 0,
            due_at: now,
        };
        let faulty = |status, event, detail, fault: &'a Fault| Self {
            http_status: fault.http_status,
            error: Some(&fault.message),
            faults: 1,
            ..silent(status, event, detail)
        };
        match outcome {
            Outcome::Collected(page) => Self {
                http_status: Some(page.http_status),
                bytes: Some(page.bytes),
                ..silent(ItemStatus::Completed, "completed", format!("{} bytes", page.bytes))
            },
            Outcome::Expanded(links) => silent(ItemStatus::Completed, "completed", links.summary()),
            Outcome::Failed(fault) => faulty(ItemStatus::Failed, "failed", fault.message.clone(), fault),
            Outcome::Postponed(fault, pause) => {
                let detail = format!("{}; again in {:.1} s", fault.message, pause.as_secs_f64());
                let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                let due_at = now.saturating_add(pause);
                Self { due_at, ..faulty(ItemStatus::Queued, "postponed", detail, fault) }
            }
            Outcome::Interrupted => silent(ItemStatus::Queued, "interrupted", "the server stopped".to_owned()),
        }
    }
}

async fn insert_result(connection: &mut SqliteConnection, claim: &Claim, page: &Page) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO results (task, final_url, media_type, content) VALUES (?1, ?2, ?3, ?4)")
        .bind(claim.task)
        .bind(page.final_url.as_str())
        .bind(&page.media_type)
        .bind(&page.content)
        .execute(connection)
        .await?;
    Ok(())
}

/// What an attempt used, and for what: the size of an answer that was taken. One that is put back
/// because the server stops is not counted, as one is not that ends after its run was cancelled.
fn used(outcome: &Outcome) -> Option<(UsageOutcome, i64)> {
    match outcome {
        Outcome::Collected(page) => Some((UsageOutcome::Completed, page.bytes)),
        Outcome::Expanded(links) => Some((UsageOutcome::Completed, links.bytes)),
        Outcome::Failed(fault) | Outcome::Postponed(fault, _) => match fault.http_status {
            Some(_) => Some((UsageOutcome::Failed, 0)),
            None => Some((UsageOutcome::Unanswered, 0)),
        },
        Outcome::Interrupted => None,
    }
}

impl Claim {
    fn usage(&self, outcome: UsageOutcome, bytes: i64) -> usage::Event<'_> {
        let &Self { run, task, attempt, engine, .. } = self;
        let request = match self.role {
            Role::Page => usage::Request::Item { run, task, attempt, engine },
            Role::Source => usage::Request::Source { run, task, attempt },
        };
        usage::Event { account: &self.account, request, outcome, bytes }
    }

    fn event(&self, change: &str) -> Event<'_> {
        Event::of_task(self.run, self.task, self.role, change)
    }
}
