//! The transitions that the worker makes.

use std::collections::BTreeMap;

use sqlx::Row as _;

use crate::store::{StoreError, WriteStore, json, runs::log, time};

/// An attempt at a run. Whoever has one works on it alone.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) run_id: i64,
    attempt: i64,
    pub(crate) account: String,
    pub(crate) package_id: i64,
    pub(crate) package_version: i64,
    /// All but the dynamic ones.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) dynamic_variables: BTreeMap<String, String>,
}

/// How a run ended that was not cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    Completed,
    /// Why it could not be done.
    Failed(String),
    /// The server stopped while it ran.
    Interrupted,
}

/// What a run has failed with that a stopped server left running.
const INTERRUPTED: &str = "the server stopped while it ran";

impl WriteStore {
    /// Starts the run that is next, if there is one. The account with the fewest running ones goes first, so
    /// that many runs hold up no one else's.
    pub(crate) async fn claim_run(&self) -> Result<Option<Claim>, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let row = sqlx::query(
            "UPDATE runs SET status = 'running', attempt = attempt + 1, started_at = ?1 WHERE id = (
                 SELECT id FROM runs WHERE status = 'pending'
                 ORDER BY (SELECT count(*) FROM runs AS others
                           WHERE others.status = 'running' AND others.account = runs.account), created_at, id
                 LIMIT 1)
             RETURNING id, attempt, account, package, package_version, variables, dynamic_variables",
        )
        .bind(now)
        .fetch_optional(&mut *change)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let claim = Claim {
            run_id: row.try_get("id")?,
            attempt: row.try_get("attempt")?,
            account: row.try_get("account")?,
            package_id: row.try_get("package")?,
            package_version: row.try_get("package_version")?,
            variables: json(row.try_get("variables")?)?,
            dynamic_variables: json(row.try_get("dynamic_variables")?)?,
        };
        log::append(&mut change, claim.run_id, now, &["started".to_owned()]).await?;
        change.commit().await?;
        Ok(Some(claim))
    }

    /// Ends an attempt. Answers with `false` when it had been ended already, by a caller who cancelled the run:
    /// then nothing is changed.
    pub(crate) async fn end_run(&self, claim: &Claim, ended: &Ended) -> Result<bool, StoreError> {
        let now = time::now();
        let (status, error) = match ended {
            Ended::Completed => ("completed", None),
            Ended::Failed(error) => ("failed", Some(error.as_str())),
            Ended::Interrupted => ("failed", Some(INTERRUPTED)),
        };
        let mut change = self.change().await?;
        let end = "UPDATE runs SET status = ?3, error = ?4, completed_at = ?5
                   WHERE id = ?1 AND attempt = ?2 AND status = 'running'";
        let end = sqlx::query(end).bind(claim.run_id).bind(claim.attempt).bind(status).bind(error).bind(now);
        if end.execute(&mut *change).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let line = error.map_or_else(|| status.to_owned(), |error| format!("ERROR {error}"));
        log::append(&mut change, claim.run_id, now, &self.loggable(&line)).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Ends every run that a server left running when it was killed, and says how many.
    pub(crate) async fn end_interrupted_runs(&self) -> Result<u64, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let end =
            "UPDATE runs SET status = 'failed', error = ?1, completed_at = ?2 WHERE status = 'running' RETURNING id";
        let ended: Vec<i64> = sqlx::query_scalar(end).bind(INTERRUPTED).bind(now).fetch_all(&mut *change).await?;
        for run in &ended {
            log::append(&mut change, *run, now, &[format!("ERROR {INTERRUPTED}")]).await?;
        }
        change.commit().await?;
        Ok(ended.len() as u64)
    }

    /// Whether an attempt is still wanted: not when its run was cancelled.
    pub(crate) async fn is_wanted(&self, claim: &Claim) -> Result<bool, StoreError> {
        let wanted = "SELECT EXISTS (SELECT 1 FROM runs WHERE id = ?1 AND attempt = ?2 AND status = 'running')";
        Ok(sqlx::query_scalar(wanted).bind(claim.run_id).bind(claim.attempt).fetch_one(&self.pool).await?)
    }

    /// Keeps what the run's variables are, now that all are known.
    pub(crate) async fn keep_variables(
        &self,
        claim: &Claim,
        variables: &BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let mut change = self.change().await?;
        sqlx::query("UPDATE runs SET variables = ?3 WHERE id = ?1 AND attempt = ?2 AND status = 'running'")
            .bind(claim.run_id)
            .bind(claim.attempt)
            .bind(serde_json::to_string(variables)?)
            .execute(&mut *change)
            .await?;
        Ok(change.commit().await?)
    }

    /// Appends a text to the log of a run, also of one that was cancelled meanwhile.
    pub(crate) async fn log(&self, claim: &Claim, text: &str) -> Result<(), StoreError> {
        let lines = self.loggable(text);
        let mut change = self.change().await?;
        log::append(&mut change, claim.run_id, time::now(), &lines).await?;
        Ok(change.commit().await?)
    }

    /// A text as lines of a log. Its secrets go before it is cut anywhere.
    fn loggable(&self, text: &str) -> Vec<String> {
        log::lines_of(&self.secrets.redact_text(text))
    }

    /// Completes when there can be a run to start or to stop.
    pub(crate) async fn run_queued(&self) {
        self.wakes.runs.notified().await;
    }
}
