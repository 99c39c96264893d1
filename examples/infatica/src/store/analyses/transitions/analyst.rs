//! The transitions that the analyst makes.

use std::{borrow::Cow, time::Duration};

use infatica_tools::{
    AnalysisResult, AnalysisStatus, AnalysisTemplate, AttemptOutcome, ComparisonResult, ComparisonTemplate,
    UsageOutcome,
};
use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

use crate::store::{StoreError, WriteStore, analyses::AnalysisKey, runs::RunKey, time, usage, word};

/// An attempt at an analysis. Whoever has one works on it alone.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    analysis: AnalysisKey,
    attempt: i64,
    id: String,
    pub(crate) account: String,
    pub(crate) task: Task,
    /// What a language model is to mind.
    pub(crate) instructions: Option<String>,
    /// How many faults it has met before.
    pub(crate) faults: i64,
}

/// What is to be found out.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    Analysis { run: RunKey, template: AnalysisTemplate },
    Comparison { runs: Vec<RunKey>, template: ComparisonTemplate },
}

/// What was found out, as callers get it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Found {
    Analysis(AnalysisResult),
    Comparison(ComparisonResult),
}

/// What came of a question to a language model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) outcome: UsageOutcome,
    /// Size of the answer that was used; 0 without one.
    pub(crate) bytes: i64,
}

/// How an attempt ended. It has asked a language model, or not.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The result, to be kept.
    Completed(Box<Found>, Option<Asked>),
    /// It is given up, for this reason.
    Failed(String, Option<Asked>),
    /// It is tried again, after a while.
    Postponed(String, Duration, Option<Asked>),
    /// The server stopped; it is as good as not started.
    Interrupted,
}

impl WriteStore {
    /// Starts an attempt at an analysis that is due, if there is one. Accounts take turns.
    pub(crate) async fn claim_analysis(&self) -> Result<Option<Claim>, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let row = sqlx::query(
            "UPDATE analyses SET status = 'running', attempts = attempts + 1, served_at = ?1,
                                 started_at = ifnull(started_at, ?1)
             WHERE seq = (
                 SELECT seq FROM analyses WHERE status = 'queued' AND due_at <= ?1
                 ORDER BY (
                     SELECT max(served_at) FROM analyses AS others WHERE others.account = analyses.account
                 ), seq LIMIT 1)
             RETURNING seq, id, account, kind, template, instructions, attempts, faults",
        );
        let Some(row) = row.bind(now).fetch_optional(&mut *change).await? else { return Ok(None) };
        let analysis = AnalysisKey(row.try_get("seq")?);
        let attempt = row.try_get("attempts")?;
        sqlx::query("INSERT INTO analysis_attempts (analysis, number, started_at) VALUES (?1, ?2, ?3)")
            .bind(analysis.0)
            .bind(attempt)
            .bind(now)
            .execute(&mut *change)
            .await?;
        let runs = sqlx::query_scalar("SELECT run FROM analysis_runs WHERE analysis = ?1 ORDER BY position");
        let runs: Vec<i64> = runs.bind(analysis.0).fetch_all(&mut *change).await?;
        let task = Task::of(row.try_get("kind")?, row.try_get("template")?, &runs)?;
        let claim = Claim {
            analysis,
            attempt,
            id: row.try_get("id")?,
            account: row.try_get("account")?,
            task,
            instructions: row.try_get("instructions")?,
            faults: row.try_get("faults")?,
        };
        change.commit().await?;
        Ok(Some(claim))
    }

    /// Ends an attempt. Answers with `false` when it had been ended already: then nothing is changed
    /// or kept.
    pub(crate) async fn conclude_analysis(&self, claim: &Claim, outcome: &Outcome) -> Result<bool, StoreError> {
        let now = time::now();
        let end = End::of(outcome, &claim.task, now)?;
        let mut change = self.change().await?;
        let ended = sqlx::query(
            "UPDATE analyses SET status = ?3, error = ?4, result = ?5, faults = faults + ?6, due_at = ?7,
                                 finished_at = iif(?3 = 'queued', NULL, ?8)
             WHERE seq = ?1 AND attempts = ?2 AND status = 'running'",
        )
        .bind(claim.analysis.0)
        .bind(claim.attempt)
        .bind(end.status.as_str())
        .bind(end.error)
        .bind(end.result)
        .bind(end.faults)
        .bind(end.due_at)
        .bind(now)
        .execute(&mut *change)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        let attempts = [(claim.analysis, claim.attempt)];
        end_attempts(&mut change, now, &attempts, end.outcome, &end.detail).await?;
        if let Some(asked) = outcome.asked() {
            usage::record(&mut change, now, &claim.usage(asked)).await?;
        }
        change.commit().await?;
        Ok(true)
    }

    /// Puts back every analysis that a server left running when it was killed.
    pub(crate) async fn recover_analyses(&self) -> Result<u64, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let running: Vec<(i64, i64)> = sqlx::query_as(
            "UPDATE analyses SET status = 'queued', due_at = ?1 WHERE status = 'running' RETURNING seq, attempts",
        )
        .bind(now)
        .fetch_all(&mut *change)
        .await?;
        let attempts: Vec<_> = running.iter().map(|(seq, attempt)| (AnalysisKey(*seq), *attempt)).collect();
        end_attempts(&mut change, now, &attempts, AttemptOutcome::Interrupted, "the server was killed").await?;
        change.commit().await?;
        Ok(running.len() as u64)
    }

    /// How long it takes until a queued analysis is due, if there is one.
    pub(crate) async fn next_analysis_due(&self) -> Result<Option<Duration>, StoreError> {
        let due = "SELECT min(due_at) FROM analyses WHERE status = 'queued'";
        let due: Option<i64> = sqlx::query_scalar(due).fetch_one(&self.pool).await?;
        Ok(due.map(|due| Duration::from_micros((due - time::now()).try_into().unwrap_or(0))))
    }
}

impl Outcome {
    fn asked(&self) -> Option<Asked> {
        match self {
            Self::Completed(_, asked) | Self::Failed(_, asked) | Self::Postponed(.., asked) => *asked,
            Self::Interrupted => None,
        }
    }
}

impl Claim {
    fn usage(&self, asked: Asked) -> usage::Event<'_> {
        let run = match &self.task {
            Task::Analysis { run, .. } => Some(*run),
            Task::Comparison { .. } => None,
        };
        let request = usage::Request::Analysis { id: &self.id, run };
        usage::Event { account: &self.account, request, outcome: asked.outcome, bytes: asked.bytes }
    }
}

impl Found {
    /// Who has made it, for the log.
    fn by(&self) -> String {
        match self {
            Self::Analysis(AnalysisResult::Model { model, .. })
            | Self::Comparison(ComparisonResult::Model { model, .. }) => format!("by the language model `{model}`"),
            Self::Analysis(AnalysisResult::Builtin { .. }) | Self::Comparison(ComparisonResult::Builtin { .. }) => {
                "by the built-in analyser".to_owned()
            }
        }
    }
}

impl Task {
    /// What somebody can do when it has failed.
    const fn remedy(&self) -> &'static str {
        match self {
            Self::Analysis { .. } => "create_analysis makes another",
            Self::Comparison { .. } => "retry_comparison tries again",
        }
    }

    fn of(kind: &str, template: &str, runs: &[i64]) -> Result<Self, StoreError> {
        match (kind, runs) {
            ("analysis", [run]) => Ok(Self::Analysis { run: RunKey(*run), template: word(template)? }),
            ("comparison", runs) => {
                let runs = runs.iter().copied().map(RunKey).collect();
                Ok(Self::Comparison { runs, template: word(template)? })
            }
            _ => Err(StoreError::Database(sqlx::Error::Decode(format!("no `{kind}` of {} runs", runs.len()).into()))),
        }
    }
}

/// Writes into the log how attempts ended.
async fn end_attempts(
    connection: &mut SqliteConnection,
    now: i64,
    attempts: &[(AnalysisKey, i64)],
    outcome: AttemptOutcome,
    detail: &str,
) -> Result<(), StoreError> {
    for (analysis, number) in attempts {
        sqlx::query(
            "UPDATE analysis_attempts SET ended_at = ?3, outcome = ?4, detail = ?5 WHERE analysis = ?1 AND number = ?2",
        )
        .bind(analysis.0)
        .bind(number)
        .bind(now)
        .bind(outcome.as_str())
        .bind(detail)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// What the end of an attempt leaves in its analysis and in the log.
struct End<'a> {
    status: AnalysisStatus,
    outcome: AttemptOutcome,
    detail: String,
    error: Option<Cow<'a, str>>,
    result: Option<String>,
    faults: i64,
    due_at: i64,
}

impl<'a> End<'a> {
    fn of(outcome: &'a Outcome, task: &Task, now: i64) -> Result<Self, StoreError> {
        let end = |status, outcome, detail| Self {
            status,
            outcome,
            detail,
            error: None,
            result: None,
            faults: 0,
            due_at: now,
        };
        Ok(match outcome {
            Outcome::Completed(found, _) => {
                let result = serde_json::to_string(found).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
                let completed = end(AnalysisStatus::Completed, AttemptOutcome::Completed, found.by());
                Self { result: Some(result), ..completed }
            }
            Outcome::Failed(error, _) => {
                let told = format!("{error}; {}", task.remedy());
                let failed = end(AnalysisStatus::Failed, AttemptOutcome::Failed, error.clone());
                Self { error: Some(told.into()), faults: 1, ..failed }
            }
            Outcome::Postponed(error, pause, _) => {
                let detail = format!("{error}; again in {:.1} s", pause.as_secs_f64());
                let pause = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
                let due_at = now.saturating_add(pause);
                let queued = end(AnalysisStatus::Queued, AttemptOutcome::Postponed, detail);
                Self { error: Some(error.into()), faults: 1, due_at, ..queued }
            }
            Outcome::Interrupted => {
                end(AnalysisStatus::Queued, AttemptOutcome::Interrupted, "the server stopped".to_owned())
            }
        })
    }
}
