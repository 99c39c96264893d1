//! The changes of bulk runs, each made of changes of its child runs, all or none.

use infatica_tools::{BulkRun, BulkRunStatus, Engine, RunStatus};

use super::{BulkRunKey, children, find, load};
use crate::store::{
    StoreError, WriteStore,
    actor::Actor,
    audit, random_id,
    runs::{
        self,
        transitions::{NewRun, Origin, insert_run, retry_failed},
    },
    time,
};

/// A bulk run as asked for, with arguments that fit together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewBulkRun<'a> {
    pub(crate) name: &'a str,
    /// One or more, each once.
    pub(crate) engines: &'a [Engine],
    pub(crate) origin: &'a Origin,
}

impl WriteStore {
    /// Makes a bulk run with a child run for each engine, and queues their tasks.
    pub(crate) async fn create_bulk_run(&self, actor: Actor<'_>, new: NewBulkRun<'_>) -> Result<BulkRun, StoreError> {
        let NewBulkRun { name, engines, origin } = new;
        let now = time::now();
        let mut change = self.change().await?;
        let insert = "INSERT INTO bulk_runs (id, account, name, created_at) VALUES (?1, ?2, ?3, ?4) RETURNING seq";
        let bulk_run = sqlx::query_scalar(insert)
            .bind(random_id("bulk_"))
            .bind(actor.account)
            .bind(name)
            .bind(now)
            .fetch_one(&mut *change)
            .await?;
        let bulk_run = BulkRunKey(bulk_run);
        for &engine in engines {
            let run = insert_run(&mut change, now, actor, NewRun { name, engine, origin }).await?;
            sqlx::query("UPDATE runs SET bulk_run = ?2 WHERE seq = ?1")
                .bind(run.0)
                .bind(bulk_run.0)
                .execute(&mut *change)
                .await?;
        }
        let created = load(&mut change, bulk_run).await?;
        audit::record(&mut change, now, actor, "bulk_run.created", &created.id).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok(created)
    }

    /// Retries the child runs that have failed. Answers with their ids, too.
    pub(crate) async fn retry_bulk_run(
        &self,
        actor: Actor<'_>,
        bulk_run_id: &str,
    ) -> Result<(BulkRun, Vec<String>), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let bulk_run = find(&mut change, actor.account, bulk_run_id).await?;
        let mut retried = Vec::new();
        for key in children(&mut change, bulk_run).await? {
            let run = runs::load(&mut change, key).await?;
            if run.status == RunStatus::Failed {
                retry_failed(&mut change, now, actor, key).await?;
                retried.push(run.id);
            }
        }
        let retrying = load(&mut change, bulk_run).await?;
        if retried.is_empty() {
            return Err(nothing_to_retry(&retrying));
        }
        audit::record(&mut change, now, actor, "bulk_run.retried", bulk_run_id).await?;
        change.commit().await?;
        self.wakes.tasks.notify_one();
        Ok((retrying, retried))
    }
}

/// That no child run has failed, and what to do instead.
fn nothing_to_retry(bulk_run: &BulkRun) -> StoreError {
    let remedy = match bulk_run.status {
        BulkRunStatus::Queued | BulkRunStatus::Running => "wait until its child runs are over",
        BulkRunStatus::Completed | BulkRunStatus::Failed => "retry_run takes up failed items of a completed child run",
        BulkRunStatus::Cancelled => "take up single items with retry_item, or create a new bulk run",
    };
    let BulkRun { id, status, .. } = bulk_run;
    StoreError::WrongState(format!("bulk run `{id}` is {}, and no child run has failed: {remedy}", status.as_str()))
}
