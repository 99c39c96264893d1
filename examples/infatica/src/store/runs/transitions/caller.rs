//! The transitions that callers ask for.

use infatica_tools::{Engine, Item, ItemStatus, Run, RunStatus, RunType};
use sqlx::SqliteConnection;

use super::{Event, Role, insert_task};
use crate::store::{
    StoreError, WriteStore,
    actor::{Actor, By},
    audit, random_id,
    runs::{self, RunKey, items},
    time, word,
};

/// A run as asked for, with arguments that fit together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRun<'a> {
    pub(crate) name: &'a str,
    pub(crate) engine: Engine,
    pub(crate) origin: &'a Origin,
}

/// Where the items of a new run come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Urls(Vec<String>),
    Feed { source_url: String, max_items: i64 },
}

impl Origin {
    /// The type of such a run.
    pub(crate) const fn run_type(&self) -> RunType {
        match self {
            Self::Urls(_) => RunType::Urls,
            Self::Feed { .. } => RunType::Feed,
        }
    }

    /// The arguments of `create_run` that say it: `urls`, `source_url` and `max_items`.
    pub(crate) fn into_arguments(self) -> (Option<Vec<String>>, Option<String>, Option<i64>) {
        match self {
            Self::Urls(urls) => (Some(urls), None, None),
            Self::Feed { source_url, max_items } => (None, Some(source_url), Some(max_items)),
        }
    }
}

impl WriteStore {
    /// Makes a run and queues its tasks.
    pub(crate) async fn create_run(&self, actor: Actor<'_>, new: NewRun<'_>) -> Result<Run, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = insert_run(&mut change, now, actor, new).await?;
        let created = runs::load(&mut change, run).await?;
        audit::record(&mut change, now, actor, "run.created", &created.id).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok(created)
    }

    /// Stops a run and all of its tasks that are not over.
    pub(crate) async fn cancel_run(&self, actor: Actor<'_>, run_id: &str) -> Result<Run, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = runs::find(&mut change, actor.account, run_id).await?;
        let found = runs::load(&mut change, run).await?;
        match found.status {
            RunStatus::Queued | RunStatus::Running => {}
            RunStatus::Cancelled => return Ok(found),
            RunStatus::Completed | RunStatus::Failed => {
                return Err(StoreError::WrongState(format!(
                    "run `{run_id}` is {}: only a queued or running run can be cancelled",
                    found.status.as_str()
                )));
            }
        }
        let tasks: Vec<(i64, String)> = sqlx::query_as(
            "UPDATE tasks SET status = 'cancelled', finished_at = ?2 WHERE run = ?1 AND status IN ('queued', 'running')
             RETURNING seq, role",
        )
        .bind(run.0)
        .bind(now)
        .fetch_all(&mut *change)
        .await?;
        sqlx::query("UPDATE runs SET status = 'cancelled', finished_at = ?2 WHERE seq = ?1")
            .bind(run.0)
            .bind(now)
            .execute(&mut *change)
            .await?;
        for (task, role) in tasks {
            Event::of_task(run, task, word(&role)?, "cancelled").by(actor).record(&mut change, now).await?;
        }
        Event::of_run(run, "cancelled").by(actor).record(&mut change, now).await?;
        audit::record(&mut change, now, actor, "run.cancelled", run_id).await?;
        let cancelled = runs::load(&mut change, run).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok(cancelled)
    }

    /// Queues the failed tasks of a run that is over. Answers with how many of them are items.
    pub(crate) async fn retry_run(&self, actor: Actor<'_>, run_id: &str) -> Result<(Run, i64), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = runs::find(&mut change, actor.account, run_id).await?;
        let found = runs::load(&mut change, run).await?;
        let refusal = match found.status {
            RunStatus::Completed | RunStatus::Failed => None,
            RunStatus::Queued | RunStatus::Running => Some("wait until it is completed or failed, or cancel it first"),
            RunStatus::Cancelled => Some("take up single items with retry_item, or create a new run"),
        };
        if let Some(remedy) = refusal {
            let status = found.status.as_str();
            return Err(StoreError::WrongState(format!("run `{run_id}` is {status}: {remedy}")));
        }
        let Some(retried) = retry_failed(&mut change, now, actor, run).await? else {
            let message = format!("run `{run_id}` is completed and has no failed item: there is nothing to retry");
            return Err(StoreError::WrongState(message));
        };
        audit::record(&mut change, now, actor, "run.retried", run_id).await?;
        let retrying = runs::load(&mut change, run).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok((retrying, retried))
    }

    /// Queues one failed or cancelled item, and takes its run up again where that is over.
    pub(crate) async fn retry_item(
        &self,
        actor: Actor<'_>,
        run_id: &str,
        item_id: &str,
    ) -> Result<(Run, Item), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = runs::find(&mut change, actor.account, run_id).await?;
        let (task, item) = items::find(&mut change, run, item_id).await?;
        let refusal = match item.status {
            ItemStatus::Failed | ItemStatus::Cancelled => None,
            ItemStatus::Queued | ItemStatus::Running => Some("it is going to be collected anyway"),
            ItemStatus::Completed => Some("it is kept as it was collected; create a new run to collect it anew"),
        };
        if let Some(remedy) = refusal {
            let status = item.status.as_str();
            return Err(StoreError::WrongState(format!("item `{item_id}` is {status}: {remedy}")));
        }
        requeue(&mut change, now, task).await?;
        Event::of_task(run, task, Role::Page, "retried").by(actor).record(&mut change, now).await?;
        audit::record(&mut change, now, actor, "item.retried", item_id).await?;
        if !matches!(runs::load(&mut change, run).await?.status, RunStatus::Queued | RunStatus::Running) {
            reopen(&mut change, now, actor, run).await?;
        }
        let retrying = runs::load(&mut change, run).await?;
        let (_, item) = items::find(&mut change, run, item_id).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok((retrying, item))
    }
}

/// Adds a run and its tasks, as part of a change. Whoever makes the change records it in `audit`.
pub(in crate::store) async fn insert_run(
    connection: &mut SqliteConnection,
    now: i64,
    actor: Actor<'_>,
    new: NewRun<'_>,
) -> Result<RunKey, StoreError> {
    let (role, urls, source_url, max_items) = match new.origin {
        Origin::Urls(urls) => (Role::Page, urls.as_slice(), None, None),
        Origin::Feed { source_url, max_items } => {
            (Role::Source, std::slice::from_ref(source_url), Some(source_url), Some(*max_items))
        }
    };
    let schedule = match actor.by {
        By::Schedule { id } => Some(id),
        By::Token { .. } | By::Session { .. } => None,
    };
    let run = sqlx::query_scalar(
        "INSERT INTO runs (id, account, name, folded_name, type, engine, source_url, max_items, created_at, schedule)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT seq FROM schedules WHERE id = ?10)) RETURNING seq",
    )
    .bind(random_id("run_"))
    .bind(actor.account)
    .bind(new.name)
    .bind(new.name.to_lowercase())
    .bind(new.origin.run_type().as_str())
    .bind(new.engine.as_str())
    .bind(source_url)
    .bind(max_items)
    .bind(now)
    .bind(schedule)
    .fetch_one(&mut *connection)
    .await?;
    let run = RunKey(run);
    for url in urls {
        insert_task(connection, now, run, role, url).await?;
    }
    let detail = match source_url {
        None => format!("{} items", urls.len()),
        Some(source_url) => format!("from {source_url}"),
    };
    Event::of_run(run, "created").detail(&detail).by(actor).record(connection, now).await?;
    Ok(run)
}

/// Queues the failed tasks of a run that is over, as part of a change. Whoever makes the change
/// records it in `audit`. Answers with how many of them are items, or `None` when no task failed.
pub(in crate::store) async fn retry_failed(
    connection: &mut SqliteConnection,
    now: i64,
    actor: Actor<'_>,
    run: RunKey,
) -> Result<Option<i64>, StoreError> {
    let failed: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, role FROM tasks WHERE run = ?1 AND status = 'failed' ORDER BY seq")
            .bind(run.0)
            .fetch_all(&mut *connection)
            .await?;
    if failed.is_empty() {
        return Ok(None);
    }
    let mut items = 0;
    for (task, role) in failed {
        let role = word(&role)?;
        requeue(connection, now, task).await?;
        Event::of_task(run, task, role, "retried").by(actor).record(connection, now).await?;
        items += i64::from(role == Role::Page);
    }
    reopen(connection, now, actor, run).await?;
    Ok(Some(items))
}

/// Queues a task as if it was new, but for the count of its attempts.
async fn requeue(connection: &mut SqliteConnection, now: i64, task: i64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE tasks SET status = 'queued', faults = 0, due_at = ?2,
                          http_status = NULL, error = NULL, finished_at = NULL
         WHERE seq = ?1",
    )
    .bind(task)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues a run that was over.
async fn reopen(connection: &mut SqliteConnection, now: i64, actor: Actor<'_>, run: RunKey) -> Result<(), StoreError> {
    sqlx::query("UPDATE runs SET status = 'queued', error = NULL, finished_at = NULL WHERE seq = ?1")
        .bind(run.0)
        .execute(&mut *connection)
        .await?;
    Event::of_run(run, "retried").by(actor).record(connection, now).await
}
