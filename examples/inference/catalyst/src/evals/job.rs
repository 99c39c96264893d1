//! How an eval is done: a few items at a time, in their order, so that one that was broken off goes on where it was.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use sqlx::{Row as _, Sqlite, Transaction};
use tokio::{
    sync::Notify,
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use super::results::{self, Failure, Scored};
use crate::{
    classifier::Classifier,
    datasets::{self, Item},
    error::ApiError,
    jobs::{Claim, Job},
    judge::Judge,
    models,
    rubrics::{Answer, Checks, Finding, Rubric},
    store::Store,
};

/// How many items are scored between two changes of the store.
const AT_A_TIME: i64 = 100;

/// How many are where a judge is asked, all at once.
const JUDGED_AT_A_TIME: i64 = 4;

/// How long the checks of an answer can take. Only a schema can be written to take longer.
const TIME: Duration = Duration::from_secs(10);

/// Evals, as the worker does them.
#[derive(Debug, Clone)]
pub(crate) struct Scoring {
    pub(crate) store: Store,
    pub(crate) judge: Option<Judge>,
}

/// What an eval needs.
struct Task {
    dataset: String,
    checks: Arc<Checks>,
    /// What answers in the place of the recorded answers.
    classifier: Option<Arc<Classifier>>,
    scored: i64,
}

impl Job for Scoring {
    const TABLE: &'static str = "evals";

    type Done = ();

    fn store(&self) -> &Store {
        &self.store
    }

    fn wake(&self) -> &Notify {
        &self.store.wakes().evals
    }

    async fn attempt(&self, claim: &Claim) -> Result<(), ApiError> {
        let Task { dataset, checks, classifier, mut scored } = self.load(claim).await?;
        let at_a_time = if checks.need_judge() { JUDGED_AT_A_TIME } else { AT_A_TIME };
        loop {
            let items = {
                let mut view = self.store.read().begin().await?;
                datasets::items(&mut view, &dataset, scored, at_a_time).await?
            };
            let Some(last) = items.last() else { return Ok(()) };
            let next = last.index + 1;
            let found = self.score(items, &checks, classifier.as_ref()).await?;
            let mut transaction = self.store.begin().await?;
            results::keep(&mut transaction, claim, &found).await?;
            transaction.commit().await?;
            scored = next;
        }
    }

    async fn keep(&self, _: &Claim, (): &(), _: &mut Transaction<'static, Sqlite>) -> Result<(), ApiError> {
        // All was kept as it was found.
        Ok(())
    }
}

impl Scoring {
    async fn load(&self, claim: &Claim) -> Result<Task, ApiError> {
        let mut view = self.store.read().begin().await?;
        let eval = sqlx::query("SELECT dataset, rubric, model, scored FROM evals WHERE id = ?1");
        let eval = eval.bind(&claim.id).fetch_one(&mut *view).await?;
        let rubric = Rubric::load(&mut view, &claim.project, eval.try_get("rubric")?).await?;
        let classifier = match eval.try_get::<Option<&str>, _>("model")? {
            None => None,
            Some(model) => Some(Arc::new(models::classifier(&mut view, model).await?)),
        };
        Ok(Task {
            dataset: eval.try_get("dataset")?,
            checks: Arc::new(rubric.compiled()?),
            classifier,
            scored: eval.try_get("scored")?,
        })
    }

    /// Scores items, all at once.
    async fn score(
        &self,
        items: Vec<Item>,
        checks: &Arc<Checks>,
        classifier: Option<&Arc<Classifier>>,
    ) -> Result<Vec<Scored>, ApiError> {
        let mut scoring = JoinSet::new();
        for item in items {
            let (judge, checks, classifier) = (self.judge.clone(), Arc::clone(checks), classifier.cloned());
            scoring.spawn(async move { score(item, checks, classifier, judge.as_ref()).await });
        }
        let mut scored = Vec::with_capacity(scoring.len());
        while let Some(one) = scoring.join_next().await {
            scored.push(one.context("the scoring of an item")??);
        }
        scored.sort_by_key(|scored: &Scored| scored.index);
        Ok(scored)
    }
}

/// What is found of an item.
async fn score(
    item: Item,
    checks: Arc<Checks>,
    classifier: Option<Arc<Classifier>>,
    judge: Option<&Judge>,
) -> Result<Scored, ApiError> {
    let index = item.index;
    // What is computed can take a while, and a task that waits for it must not hold up others.
    let computed = spawn_blocking(move || {
        let output = classifier.map_or_else(|| item.output.clone(), |it| it.predict(&item.input).label.to_owned());
        let answer = Answer { question: &item.input, answer: &output, expected: item.wanted() };
        let findings = checks.findings(&answer);
        (item, output, findings)
    });
    let too_long = |_| {
        let seconds = TIME.as_secs();
        ApiError::WrongState(format!(
            "the rubric's checks took more than {seconds} s on item {index}; simplify its schema"
        ))
    };
    let (item, output, findings) = timeout(TIME, computed).await.map_err(too_long)?.context("checks")?;
    let answer = Answer { question: &item.input, answer: &output, expected: item.wanted() };
    let mut failures = Vec::new();
    for (check, finding) in (0..).zip(findings) {
        match finding {
            Finding::Passed => {}
            Finding::Failed(reason) => failures.push(Failure { check, reason }),
            Finding::AskJudge(instructions) => {
                let judge = judge.ok_or_else(|| {
                    ApiError::WrongState("the service is set up without a judge, and the rubric needs one".to_owned())
                })?;
                let verdict = judge.verdict(&instructions, &answer).await;
                let verdict = verdict.map_err(|error| ApiError::WrongState(format!("item {index}: {error}")))?;
                if !verdict.passed {
                    failures.push(Failure { check, reason: verdict.reason });
                }
            }
        }
    }
    Ok(Scored { index, output, failures })
}
