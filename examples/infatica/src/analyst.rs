//! The analyst: reads what runs have collected, and finds out what is in it; by itself, or by asking
//! a language model.

use std::time::Duration;

use infatica_tools::{
    AnalysisTemplate, ComparedRun, ComparisonFindings, ComparisonTemplate, Run, RunCounts, RunFindings, UsageOutcome,
};
use serde::Serialize;
use sqlx::SqliteConnection;
use tokio::{
    sync::mpsc,
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use crate::{
    analysis::{self, Comparison, Question, Report, Share, Survey, Written},
    collect::Recovery,
    llm::{self, Completion, Message, Models},
    store::{
        ReadStore, StoreError,
        analyses::transitions::{Asked, Claim, Found, Task},
        runs::{self, RunKey, items},
    },
};

/// How many items are read at a time. Each can be large.
const ITEMS_AT_A_TIME: i64 = 4;

/// Finds out what callers want to know of runs.
#[derive(Debug, Clone)]
pub(crate) struct Analyst {
    store: ReadStore,
    models: Models,
    limit: Duration,
}

impl Analyst {
    /// An analyst who reads and counts for so long at most: pages can be made to take long, and nobody
    /// is to wait for them for hours. Models have a limit of their own.
    pub(crate) fn new(store: ReadStore, models: Models, limit: Duration) -> Self {
        Self { store, models, limit }
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        timeout(self.limit, work).await.unwrap_or_else(|_| Err(Fault::overdue(self.limit)))
    }

    /// Does a task, and says what came of asking a model, if it has asked one. What runs have
    /// collected is seen as it is at one moment.
    pub(crate) async fn find_out(&self, claim: &Claim) -> Result<(Found, Option<Asked>), Fault> {
        let asks = self.models.are_there(&claim.account).await?;
        let mut view = self.store.snapshot().await?;
        match &claim.task {
            Task::Analysis { run, template } => {
                let report = self.in_time(analyse(&mut view, asks, *run, *template)).await?;
                drop(view);
                let (report, written, asked) = self.put_into_words(claim, asks, report).await?;
                Ok((Found::Analysis(report.told(written)?), asked))
            }
            Task::Comparison { runs, template } => {
                let report = self.in_time(compare(&mut view, asks, runs, *template)).await?;
                drop(view);
                let (report, written, asked) = self.put_into_words(claim, asks, report).await?;
                Ok((Found::Comparison(report.told(written)?), asked))
            }
        }
    }

    /// Has a model write what there is to say, if there is one to ask.
    async fn put_into_words<Figures: Serialize, Findings: Serialize>(
        &self,
        claim: &Claim,
        asks: bool,
        mut report: Report<Figures, Findings>,
    ) -> Result<(Report<Figures, Findings>, Option<Written>, Option<Asked>), Fault> {
        let instructions = claim.instructions.as_deref();
        if asks {
            let Question { system, user } = report.question(instructions)?;
            let messages = [Message::system(system), Message::user(user)];
            // The key can have been deleted in the meantime.
            if let Some(Completion { text, model, bytes, .. }) = self.models.complete(&claim.account, &messages).await?
            {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                let asked = Asked { outcome: UsageOutcome::Completed, bytes };
                return Ok((report, Some(Written { model, text }), Some(asked)));
            }
        }
        if instructions.is_some() {
            report.remark_on_instructions();
        }
        Ok((report, None, None))
    }
}

async fn analyse(
    view: &mut SqliteConnection,
    asks: bool,
    run: RunKey,
    template: AnalysisTemplate,
) -> Result<Report<RunCounts, RunFindings>, Fault> {
    let share = share(view, asks, &[run]).await?;
    let survey = survey(view, run, share).await?;
    Ok(spawn_blocking(move || analysis::run::analyse(survey, template)).await?)
}

async fn compare(
    view: &mut SqliteConnection,
    asks: bool,
    runs: &[RunKey],
    template: ComparisonTemplate,
) -> Result<Report<Vec<ComparedRun>, ComparisonFindings>, Fault> {
    let share = share(view, asks, runs).await?;
    let mut comparison = Comparison::default();
    for run in runs {
        let Run { id, name, .. } = runs::load(view, *run).await?;
        comparison.add(&id, name, survey(view, *run, share).await?);
    }
    let report = match template {
        ComparisonTemplate::Differences => return differences(view, runs, comparison).await,
        ComparisonTemplate::Overlap => spawn_blocking(|| comparison.overlap()),
        ComparisonTemplate::Trends => spawn_blocking(|| comparison.trends()),
    };
    Ok(report.await?)
}

/// Reads once more what has changed, a page at a time.
async fn differences(
    view: &mut SqliteConnection,
    runs: &[RunKey],
    comparison: Comparison,
) -> Result<Report<Vec<ComparedRun>, ComparisonFindings>, Fault> {
    let changes = comparison.changes();
    let mut told = Vec::with_capacity(changes.first.len());
    for change in changes.first.iter().cloned() {
        let old = items::content(view, runs[change.old.run], &change.old.item_id).await?;
        let new = items::content(view, runs[change.new.run], &change.new.item_id).await?;
        told.push(spawn_blocking(move || change.told(&old, &new)).await?);
    }
    Ok(spawn_blocking(move || comparison.differences(&changes, told)).await?)
}

/// How much of each page a model is to be shown, if one is asked.
async fn share(view: &mut SqliteConnection, asks: bool, runs: &[RunKey]) -> Result<Option<Share>, StoreError> {
    if !asks {
        return Ok(None);
    }
    let mut sizes = Vec::new();
    for run in runs {
        sizes.extend(items::sizes(view, *run).await?);
    }
    Ok(Some(Share::of(&sizes)))
}

/// Surveys a run. Its items are counted on a thread where that holds nobody up, while the next ones
/// are read.
async fn survey(view: &mut SqliteConnection, run: RunKey, share: Option<Share>) -> Result<Survey, Fault> {
    let mut survey = Survey::new(runs::load(view, run).await?.engine, share);
    let (sender, mut receiver) = mpsc::channel(1);
    let surveying = spawn_blocking(move || {
        while let Some(item) = receiver.blocking_recv() {
            survey.add(item);
        }
        survey
    });
    let mut offset = 0;
    'reading: loop {
        let items = items::collected(view, run, ITEMS_AT_A_TIME, offset).await?;
        if items.is_empty() {
            break;
        }
        offset += ITEMS_AT_A_TIME;
        for item in items {
            // A survey that panicked takes no more, and says so below.
            if sender.send(item).await.is_err() {
                break 'reading;
            }
        }
    }
    drop(sender);
    Ok(surveying.await?)
}

/// Why nothing was found out.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) recovery: Recovery,
    /// What came of asking a model, if one was asked.
    pub(crate) asked: Option<Asked>,
}

impl Fault {
    /// The server's own fault; its log has the details.
    pub(crate) fn internal() -> Self {
        let message = "the results could not be processed".to_owned();
        Self { message, recovery: Recovery::Never, asked: None }
    }

    /// What was to be found out takes longer than this.
    fn overdue(limit: Duration) -> Self {
        let seconds = limit.as_secs();
        let message =
            format!("it took longer than {seconds} s: analyse fewer or smaller pages, in runs of engine `text`");
        Self { message, recovery: Recovery::Never, asked: None }
    }
}

impl From<llm::Fault> for Fault {
    fn from(fault: llm::Fault) -> Self {
        let asked = fault.usage().map(|outcome| Asked { outcome, bytes: 0 });
        Self { message: fault.to_string(), recovery: fault.recovery(), asked }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the results of a run could not be read");
        let message = "the results could not be read".to_owned();
        Self { message, recovery: Recovery::Later(None), asked: None }
    }
}

impl From<JoinError> for Fault {
    fn from(error: JoinError) -> Self {
        tracing::error!(%error, "an analysis panicked");
        Self::internal()
    }
}

impl From<minijinja::Error> for Fault {
    fn from(error: minijinja::Error) -> Self {
        tracing::error!(%error, "a summary could not be written");
        Self::internal()
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "a question could not be written");
        Self::internal()
    }
}
