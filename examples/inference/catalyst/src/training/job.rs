//! How a training job is done. One that was broken off begins at the first pass again, and comes to the same model: all
//! chance is made from its id.

use std::{hash::Hasher as _, ops::ControlFlow};

use anyhow::Context as _;
use siphasher::sip::SipHasher13;
use sqlx::{Row as _, Sqlite, Transaction};
use tokio::{
    sync::{Notify, mpsc},
    task::spawn_blocking,
};

use crate::{
    classifier::{self, Epoch, Example, Metrics, Settings, Trained},
    datasets,
    error::ApiError,
    jobs::{Claim, Job},
    models,
    store::Store,
    time,
};

/// Training jobs, as the worker does them.
#[derive(Debug, Clone)]
pub(crate) struct Training {
    pub(crate) store: Store,
}

/// What a job has made.
#[derive(Debug)]
pub(crate) struct Made {
    metrics: Metrics,
    /// The classifier, as it is stored.
    stored: Vec<u8>,
}

impl Job for Training {
    const TABLE: &'static str = "training_jobs";

    type Done = Made;

    fn store(&self) -> &Store {
        &self.store
    }

    fn wake(&self) -> &Notify {
        &self.store.wakes().training_jobs
    }

    async fn attempt(&self, claim: &Claim) -> Result<Made, ApiError> {
        let (examples, settings) = self.load(claim).await?;
        // The pass after the one that nobody has waited for is not made: so a job that is dropped ends.
        let (told, mut epochs) = mpsc::channel(1);
        let training = spawn_blocking(move || {
            let trained = classifier::train(&examples, &settings, |epoch| match told.blocking_send(epoch) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            });
            let Some(Trained { classifier, metrics }) = trained? else { return Ok(None) };
            Ok::<_, ApiError>(Some(Made { metrics, stored: serde_json::to_vec(&classifier)? }))
        });
        while let Some(epoch) = epochs.recv().await {
            self.keep_epoch(claim, &epoch).await?;
        }
        let made = training.await.context("the training")??;
        Ok(made.context("the training was broken off")?)
    }

    async fn keep(
        &self,
        claim: &Claim,
        Made { metrics, stored }: &Made,
        transaction: &mut Transaction<'static, Sqlite>,
    ) -> Result<(), ApiError> {
        sqlx::query("UPDATE training_jobs SET metrics = ?2 WHERE id = ?1")
            .bind(&claim.id)
            .bind(serde_json::to_string(metrics)?)
            .execute(&mut **transaction)
            .await?;
        sqlx::query("INSERT INTO models (id, project, job, classifier, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(models::id_of_job(&claim.id))
            .bind(&claim.project)
            .bind(&claim.id)
            .bind(stored)
            .bind(time::now())
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}

impl Training {
    /// What a job trains on, and how.
    async fn load(&self, claim: &Claim) -> Result<(Vec<Example>, Settings), ApiError> {
        let mut view = self.store.read().begin().await?;
        let job = sqlx::query("SELECT dataset, epochs, validation_share FROM training_jobs WHERE id = ?1");
        let job = job.bind(&claim.id).fetch_one(&mut *view).await?;
        let settings = Settings {
            epochs: job.try_get("epochs")?,
            validation_share: job.try_get("validation_share")?,
            seed: seed(&claim.id),
        };
        let items = datasets::items(&mut view, job.try_get("dataset")?, 0, i64::MAX).await?;
        let example = |item: datasets::Item| Example { label: item.wanted().to_owned(), text: item.input };
        Ok((items.into_iter().map(example).collect(), settings))
    }

    /// Keeps what was measured after a pass, unless the job was cancelled during it.
    async fn keep_epoch(&self, claim: &Claim, epoch: &Epoch) -> Result<(), ApiError> {
        let Epoch { epoch, training_loss, validation_loss, validation_accuracy } = epoch;
        let mut transaction = self.store.begin().await?;
        sqlx::query(
            "INSERT INTO training_epochs (job, epoch, training_loss, validation_loss, validation_accuracy)
             SELECT id, ?2, ?3, ?4, ?5 FROM training_jobs WHERE id = ?1 AND status = 'running'",
        )
        .bind(&claim.id)
        .bind(epoch)
        .bind(training_loss)
        .bind(validation_loss)
        .bind(validation_accuracy)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

/// What the chance of a job is made from.
fn seed(id: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(id.as_bytes());
    hasher.finish()
}
