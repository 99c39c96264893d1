//! What is made of the agents' traces: datasets, a rubric, an eval, a trained model and its deployment, and a report of
//! HALO with a schedule. All of it goes the way that a caller's requests go, and nothing of it is charged.

use serde_json::json;

use crate::{
    Project, Service,
    access::Writing,
    datasets::{self, NewDataset},
    deployments::{self, NewDeployment},
    error::ApiError,
    evals::{self, HasJudge, NewEval, Scoring},
    halo, id, jobs, models,
    rubrics::{self, NewRubric},
    store::Change,
    training::{self, NewTrainingJob, Training},
};

/// The name of the dataset that tells whether a project has these samples.
const INTENTS: &str = "Ticket intents";

/// The ids that the manifest's examples name.
struct Ids {
    intents: String,
    answers: String,
    rubric: String,
    eval: String,
    job: String,
    deployment: String,
    halo: halo::sample::Ids,
}

impl Ids {
    /// Those ids, for the first project that has samples; others for every other.
    async fn free(change: &mut Change) -> Result<Self, ApiError> {
        let taken = "SELECT EXISTS (SELECT 1 FROM datasets WHERE id = 'ds_intents00001')";
        let is_taken: bool = sqlx::query_scalar(taken).fetch_one(&mut *change.transaction).await?;
        let id = |kind: &str, name: &str| if is_taken { id::new(kind) } else { format!("{kind}_{name}") };
        Ok(Self {
            intents: id("ds", "intents00001"),
            answers: id("ds", "support00001"),
            rubric: id("rub", "politeness01"),
            eval: id("eval", "support0001"),
            job: id("job", "intents00001"),
            deployment: id("dep", "intents00001"),
            halo: halo::sample::Ids {
                conversation: id("conv", "support0001"),
                run: id("run", "support00001"),
                schedule: id("sched", "support001"),
            },
        })
    }
}

/// Makes all of it, unless the project has it.
pub(super) async fn make(service: &Service, project: &Project) -> Result<(), ApiError> {
    let writing = Writing::of_operator(&service.store, project);
    let mut change = writing.change().await?;
    let made = "SELECT EXISTS (SELECT 1 FROM datasets WHERE project = ?1 AND name = ?2)";
    if sqlx::query_scalar(made).bind(&project.id).bind(INTENTS).fetch_one(&mut *change.transaction).await? {
        return Ok(());
    }
    let ids = Ids::free(&mut change).await?;
    collect(&mut change, &ids).await?;
    let training = NewTrainingJob { dataset_id: ids.intents.clone(), epochs: Some(20), ..NewTrainingJob::default() };
    training::insert(&mut change, &ids.job, training).await?;
    let eval = NewEval { dataset_id: ids.answers, rubric_id: ids.rubric, ..NewEval::default() };
    evals::insert(&mut change, &ids.eval, eval, HasJudge(false)).await?;
    let training = jobs::begin::<Training>(&mut change, &ids.job).await?;
    let eval = jobs::begin::<Scoring>(&mut change, &ids.eval).await?;
    let run = halo::sample::begin(&mut change, &ids.halo, "customer-support-agent", "support-api").await?;
    change.commit().await?;

    jobs::finish(Training { store: service.store.clone() }, &training).await?;
    jobs::finish(Scoring { store: service.store.clone(), judge: None }, &eval).await?;
    halo::sample::finish(&service.store, &run).await?;

    let mut change = writing.change().await?;
    let deployment = NewDeployment { name: "support-intents".to_owned(), model_id: models::id_of_job(&ids.job) };
    deployments::insert(&mut change, &ids.deployment, deployment).await?;
    change.commit().await
}

/// The datasets, and the rubric.
async fn collect(change: &mut Change, ids: &Ids) -> Result<(), ApiError> {
    let intents = NewDataset {
        name: INTENTS.to_owned(),
        description: Some("What customers ask, and the team that has solved it in the end.".to_owned()),
        agent: Some("ticket-triage".to_owned()),
        expected_from: Some("ticket.resolved_as".to_owned()),
        ..NewDataset::default()
    };
    datasets::collect(change, &ids.intents, intents).await?;
    let answers = NewDataset {
        name: "Support answers".to_owned(),
        description: Some("What customers were answered lately.".to_owned()),
        agent: Some("customer-support-agent".to_owned()),
        ..NewDataset::default()
    };
    datasets::collect(change, &ids.answers, answers).await?;
    let checks = json!([
        {"type": "regex", "pattern": "(?i)\\b(please|thank you|thanks|sorry|gladly|of course)\\b"},
        {"type": "regex", "pattern": "(?s)^.{1,400}$"},
        {"type": "regex", "pattern": "[.!?]\\s*$"},
    ]);
    let rubric = NewRubric {
        name: "Politeness".to_owned(),
        description: Some("An answer is courteous, short, and ends as a sentence does.".to_owned()),
        checks: serde_json::from_value(checks)?,
    };
    rubrics::insert(change, &ids.rubric, rubric).await?;
    Ok(())
}
