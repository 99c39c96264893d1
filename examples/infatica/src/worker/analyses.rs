//! Analysing as work: analyses of a run, and comparisons of several.

use std::time::Duration;

use toolwright_support::worker::Work;

use super::pause;
use crate::{
    analyst::{Analyst, Fault},
    store::{
        StoreError, WriteStore,
        analyses::transitions::{Claim, Outcome},
    },
};

/// What callers want to know of runs.
#[derive(Debug, Clone)]
pub(crate) struct Analyses {
    pub(crate) store: WriteStore,
    pub(crate) analyst: Analyst,
}

impl Work for Analyses {
    type Claim = Claim;
    type Outcome = Outcome;
    type Error = StoreError;

    const INTERRUPTED: Outcome = Outcome::Interrupted;

    fn panicked() -> Outcome {
        Outcome::Failed(Fault::internal().message, None)
    }

    async fn recover(&self) -> Result<u64, StoreError> {
        self.store.recover_analyses().await
    }

    async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        self.store.claim_analysis().await
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        self.store.next_analysis_due().await
    }

    async fn queued(&self) {
        self.store.analysis_queued().await;
    }

    /// Nobody can cancel an analysis.
    async fn is_wanted(&self, _: &Claim) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn attempt(&self, claim: &Claim) -> Outcome {
        match self.analyst.find_out(claim).await {
            Ok((found, asked)) => Outcome::Completed(Box::new(found), asked),
            Err(Fault { message, recovery, asked }) => match pause(recovery, claim.faults) {
                Some(pause) => Outcome::Postponed(message, pause, asked),
                None => Outcome::Failed(message, asked),
            },
        }
    }

    async fn conclude(&self, claim: &Claim, outcome: &Outcome) -> Result<bool, StoreError> {
        self.store.conclude_analysis(claim, outcome).await
    }
}
