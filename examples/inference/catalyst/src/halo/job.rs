//! How a run is done.

use anyhow::Context as _;
use sqlx::{Row as _, Sqlite, Transaction};
use tokio::{sync::Notify, task::spawn_blocking};

use super::{
    analysis::{self, Analysis},
    reading::{self, Scope},
};
use crate::{
    error::ApiError,
    jobs::{Claim, Job},
    store::Store,
    time,
};

/// Runs, as the worker does them.
#[derive(Debug, Clone)]
pub(super) struct Runs(pub(super) Store);

impl Job for Runs {
    const TABLE: &'static str = "halo_runs";

    type Done = Analysis;

    fn store(&self) -> &Store {
        &self.0
    }

    fn wake(&self) -> &Notify {
        &self.0.wakes().halo_runs
    }

    async fn attempt(&self, claim: &Claim) -> Result<Analysis, ApiError> {
        let mut view = self.0.read().begin().await?;
        let run = sqlx::query(
            "SELECT halo_conversations.agent, halo_runs.prompt, halo_runs.window_start, halo_runs.window_end
             FROM halo_runs JOIN halo_conversations ON halo_conversations.id = halo_runs.conversation
             WHERE halo_runs.id = ?1",
        );
        let run = run.bind(&claim.id).fetch_one(&mut *view).await?;
        let scope = Scope {
            project: claim.project.clone(),
            agent: run.try_get("agent")?,
            window_start: run.try_get("window_start")?,
            window_end: run.try_get("window_end")?,
        };
        let prompt: String = run.try_get("prompt")?;
        let (spans, left_out) = reading::spans(&mut view, &scope).await?;
        drop(view);
        let analysis = spawn_blocking(move || analysis::analyse(&spans, &prompt)).await;
        let mut analysis = analysis.context("the analysis of traces")?;
        if left_out > 0 {
            let note =
                format!(" The {left_out} oldest traces were left out: choose a shorter window to have all read.");
            analysis.summary.push_str(&note);
        }
        Ok(analysis)
    }

    async fn keep(
        &self,
        claim: &Claim,
        Analysis { traces, spans, summary, findings }: &Analysis,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(), ApiError> {
        let number = |number: &usize| i64::try_from(*number).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO halo_reports (run, conversation, traces, spans, summary, number, findings, created_at)
             SELECT id, conversation, ?2, ?3, ?4, ?5, ?6, ?7 FROM halo_runs WHERE id = ?1",
        )
        .bind(&claim.id)
        .bind(number(traces))
        .bind(number(spans))
        .bind(summary)
        .bind(number(&findings.len()))
        .bind(serde_json::to_string(findings)?)
        .bind(time::now())
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}
