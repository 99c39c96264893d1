//! Collecting as work: the pages of runs, and the sitemaps and feeds that list them.

use std::time::Duration;

use toolwright_support::worker::Work;

use super::pause;
use crate::{
    collect::{Collector, Fault},
    store::{
        StoreError, WriteStore,
        runs::transitions::{Claim, Outcome, Role},
    },
};

/// What callers want collected.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    pub(crate) store: WriteStore,
    pub(crate) collector: Collector,
}

impl Work for Pages {
    type Claim = Claim;
    type Outcome = Outcome;
    type Error = StoreError;

    const INTERRUPTED: Outcome = Outcome::Interrupted;

    fn panicked() -> Outcome {
        Outcome::Failed(Fault::internal())
    }

    async fn recover(&self) -> Result<u64, StoreError> {
        self.store.recover().await
    }

    async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        self.store.claim().await
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        self.store.next_due().await
    }

    async fn queued(&self) {
        self.store.task_queued().await;
    }

    async fn is_wanted(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.store.is_wanted(claim).await
    }

    async fn attempt(&self, claim: &Claim) -> Outcome {
        let collector = &self.collector;
        let outcome = match claim.role {
            Role::Source => collector.links(&claim.url, claim.max_items).await.map(Outcome::Expanded),
            Role::Page => collector.page(&claim.url, claim.engine).await.map(Outcome::Collected),
        };
        outcome.unwrap_or_else(|fault| match pause(fault.recovery, claim.faults) {
            Some(pause) => Outcome::Postponed(fault, pause),
            None => Outcome::Failed(fault),
        })
    }

    async fn conclude(&self, claim: &Claim, outcome: &Outcome) -> Result<bool, StoreError> {
        self.store.conclude(claim, outcome).await
    }
}
