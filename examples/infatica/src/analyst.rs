//! The analyst: reads what runs have collected, and finds out what is in it.

use std::time::Duration;

use infatica_tools::{AnalysisResult, AnalysisTemplate, ComparisonResult, ComparisonTemplate, Run};
use sqlx::SqliteConnection;
use tokio::{
    sync::mpsc,
    task::{JoinError, spawn_blocking},
};

use crate::{
    analysis::{self, Comparison, Survey},
    collect::Recovery,
    store::{
        ReadStore, StoreError,
        analyses::transitions::{Found, Task},
        runs::{self, RunKey, items},
    },
};

/// How many items are read at a time. Each can be large.
const ITEMS_AT_A_TIME: i64 = 4;

/// Finds out what callers want to know of runs.
#[derive(Debug, Clone)]
pub(crate) struct Analyst {
    store: ReadStore,
}

impl Analyst {
    pub(crate) fn new(store: ReadStore) -> Self {
        Self { store }
    }

    /// Does a task. What runs have collected is seen as it is at one moment.
    pub(crate) async fn find_out(&self, task: &Task) -> Result<Found, Fault> {
        let mut view = self.store.snapshot().await?;
        match task {
            Task::Analysis { run, template } => analyse(&mut view, *run, *template).await.map(Found::Analysis),
            Task::Comparison { runs, template } => compare(&mut view, runs, *template).await.map(Found::Comparison),
        }
    }
}

async fn analyse(
    view: &mut SqliteConnection,
    run: RunKey,
    template: AnalysisTemplate,
) -> Result<AnalysisResult, Fault> {
    let survey = survey(view, run).await?;
    Ok(spawn_blocking(move || analysis::run::analyse(&survey, template)).await??)
}

async fn compare(
    view: &mut SqliteConnection,
    runs: &[RunKey],
    template: ComparisonTemplate,
) -> Result<ComparisonResult, Fault> {
    let mut comparison = Comparison::default();
    for run in runs {
        let Run { id, name, .. } = runs::load(view, *run).await?;
        comparison.add(id, name, survey(view, *run).await?);
    }
    let result = match template {
        ComparisonTemplate::Differences => return differences(view, runs, comparison).await,
        ComparisonTemplate::Overlap => spawn_blocking(|| comparison.overlap()),
        ComparisonTemplate::Trends => spawn_blocking(|| comparison.trends()),
    };
    Ok(result.await??)
}

/// Reads once more what has changed, a page at a time.
async fn differences(
    view: &mut SqliteConnection,
    runs: &[RunKey],
    comparison: Comparison,
) -> Result<ComparisonResult, Fault> {
    let changes = comparison.changes();
    let mut told = Vec::with_capacity(changes.first.len());
    for change in changes.first.iter().cloned() {
        let old = items::content(view, runs[change.old.run], &change.old.item_id).await?;
        let new = items::content(view, runs[change.new.run], &change.new.item_id).await?;
        told.push(spawn_blocking(move || change.told(&old, &new)).await?);
    }
    Ok(spawn_blocking(move || comparison.differences(&changes, told)).await??)
}

/// Surveys a run. Its items are counted on a thread where that holds nobody up, while the next ones
/// are read.
async fn survey(view: &mut SqliteConnection, run: RunKey) -> Result<Survey, Fault> {
    let mut survey = Survey::new(runs::load(view, run).await?.engine);
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
}

impl Fault {
    /// The server's own fault; its log has the details.
    pub(crate) fn internal() -> Self {
        Self { message: "the results could not be processed".to_owned(), recovery: Recovery::Never }
    }

    /// What was to be found out takes longer than this.
    pub(crate) fn overdue(limit: Duration) -> Self {
        let seconds = limit.as_secs();
        let message =
            format!("it took longer than {seconds} s: analyse fewer or smaller pages, in runs of engine `text`");
        Self { message, recovery: Recovery::Never }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the results of a run could not be read");
        Self { message: "the results could not be read".to_owned(), recovery: Recovery::Later(None) }
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
