//! Work that callers ask for, and that goes on beside the calls: evals and training jobs. Each kind has a table with the
//! same columns for where a job stands, and is done by a worker, as [`Queue`] tells it.
//!
//! A job that a killed service left running is begun again, unless it was so often that it must be the job's own fault.

use std::{num::NonZeroUsize, time::Duration};

use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, Transaction};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use toolwright_support::{Worker, worker::Work};

use crate::{
    error::ApiError,
    store::{Change, Store},
    time,
};

/// How often a job is begun.
const MAX_ATTEMPTS: i64 = 3;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Queued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A kind of jobs.
pub(crate) trait Job: Clone + Send + Sync + 'static {
    /// Its table.
    const TABLE: &'static str;

    /// What comes of a job that went well.
    type Done: Send + Sync + 'static;

    fn store(&self) -> &Store;

    /// What is told when a job is queued or cancelled.
    fn wake(&self) -> &Notify;

    /// Does a job. An error is told to callers as the reason why it failed.
    fn attempt(&self, claim: &Claim) -> impl Future<Output = Result<Self::Done, ApiError>> + Send;

    /// Keeps what came of a job, together with the change that says so.
    fn keep(
        &self,
        claim: &Claim,
        done: &Self::Done,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// A job that is being done.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) id: String,
    /// The project's id.
    pub(crate) project: String,
}

/// How an attempt at a job ended.
pub(crate) enum Outcome<T> {
    Done(T),
    /// Why it is given up.
    Failed(String),
    /// The service stopped. The job is as good as not begun.
    Interrupted,
}

/// Does jobs of a kind, so many at a time, until the service stops.
pub(crate) async fn work(job: impl Job, at_a_time: NonZeroUsize, shutdown: &CancellationToken) {
    Worker::new(Queue(job), at_a_time).run(shutdown).await;
}

/// Begins a job in the change that queues it, so that no worker does.
pub(crate) async fn begin<J: Job>(change: &mut Change, id: &str) -> Result<Claim, ApiError> {
    let mut query = Queue::<J>::update();
    query.push("status = 'running', attempts = 1, started_at = ").push_bind(time::now());
    query.push(" WHERE status = 'queued' AND id = ").push_bind(id);
    query.build().execute(&mut *change.transaction).await?;
    Ok(Claim { id: id.to_owned(), project: change.project.clone() })
}

/// Does a job that was begun so.
pub(crate) async fn finish(job: impl Job, claim: &Claim) -> Result<(), ApiError> {
    let queue = Queue(job);
    let outcome = queue.attempt(claim).await;
    queue.conclude(claim, &outcome).await?;
    Ok(())
}

/// The jobs of a kind that are to be done.
#[derive(Clone)]
struct Queue<J>(J);

impl<J: Job> Queue<J> {
    /// A statement on the table of the jobs.
    fn update() -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new("UPDATE ");
        query.push(J::TABLE).push(" SET ");
        query
    }
}

impl<J: Job> Work for Queue<J> {
    type Claim = Claim;
    type Outcome = Outcome<J::Done>;
    type Error = ApiError;

    const INTERRUPTED: Self::Outcome = Outcome::Interrupted;

    fn panicked() -> Self::Outcome {
        Outcome::Failed("the service met a fault of its own".to_owned())
    }

    async fn recover(&self) -> Result<u64, ApiError> {
        let mut transaction = self.0.store().begin().await?;
        let mut given_up = Self::update();
        given_up.push("status = 'failed', completed_at = ").push_bind(time::now());
        given_up.push(", error = 'the service was killed again and again while it was at work on it'");
        given_up.push(" WHERE status = 'running' AND attempts >= ").push_bind(MAX_ATTEMPTS);
        let given_up = given_up.build().execute(&mut *transaction).await?.rows_affected();
        let mut again = Self::update();
        again.push("status = 'queued' WHERE status = 'running'");
        let again = again.build().execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(given_up + again)
    }

    async fn claim(&self) -> Result<Option<Claim>, ApiError> {
        let mut transaction = self.0.store().begin().await?;
        let mut query = Self::update();
        query.push("status = 'running', attempts = attempts + 1, started_at = ifnull(started_at, ");
        query.push_bind(time::now()).push(") WHERE id = (SELECT id FROM ").push(J::TABLE);
        query.push(" WHERE status = 'queued' ORDER BY created_at, id LIMIT 1) RETURNING id, project");
        let claimed = query.build().fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        let claim =
            |row: sqlx::sqlite::SqliteRow| Ok(Claim { id: row.try_get("id")?, project: row.try_get("project")? });
        claimed.map(claim).transpose()
    }

    async fn next_due(&self) -> Result<Option<Duration>, ApiError> {
        // What is queued is due.
        Ok(None)
    }

    async fn queued(&self) {
        self.0.wake().notified().await;
    }

    async fn is_wanted(&self, claim: &Claim) -> Result<bool, ApiError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM ");
        query.push(J::TABLE).push(" WHERE status = 'running' AND id = ").push_bind(&claim.id);
        Ok(query.build_query_scalar::<i64>().fetch_one(self.0.store().read()).await? == 1)
    }

    async fn attempt(&self, claim: &Claim) -> Self::Outcome {
        match self.0.attempt(claim).await {
            Ok(done) => Outcome::Done(done),
            Err(error) => Outcome::Failed(error.told()),
        }
    }

    async fn conclude(&self, claim: &Claim, outcome: &Self::Outcome) -> Result<bool, ApiError> {
        let mut transaction = self.0.store().begin().await?;
        let mut query = Self::update();
        match outcome {
            Outcome::Done(done) => {
                self.0.keep(claim, done, &mut transaction).await?;
                query.push("status = 'completed', completed_at = ").push_bind(time::now());
            }
            Outcome::Failed(why) => {
                query.push("status = 'failed', completed_at = ").push_bind(time::now());
                query.push(", error = ").push_bind(why);
            }
            Outcome::Interrupted => {
                query.push("status = 'queued', attempts = attempts - 1");
            }
        }
        query.push(" WHERE status = 'running' AND id = ").push_bind(&claim.id);
        let ended = query.build().execute(&mut *transaction).await?.rows_affected() == 1;
        if ended {
            transaction.commit().await?;
        }
        Ok(ended)
    }
}
