//! The worker: does what is queued, so many tasks at a time, until the server stops.
//!
//! It sleeps until a caller queues something, a postponed task is due or a task ends. All that it
//! knows is in the store, so that a killed server goes on where it was. What a task is, and how it
//! is done, is a [`Work`].

use std::{collections::HashMap, fmt::Display, num::NonZeroUsize, time::Duration};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::background::{LOOK_ROUND, pause_for_store};

#[cfg(test)]
mod tests;

/// How long tasks may go on when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// A kind of tasks: its queue in the store, and how one is done.
pub trait Work: Clone + Send + Sync + 'static {
    /// An attempt at a task. Whoever has one works on it alone.
    type Claim: Clone + Send + Sync + 'static;

    /// How an attempt ended.
    type Outcome: Send + Sync + 'static;

    /// Why the store did not do what it was asked. It is logged, and the store is asked again.
    type Error: Display + Send + Sync + 'static;

    /// The outcome of an attempt that the server's stop broke off: the task is as good as not started.
    const INTERRUPTED: Self::Outcome;

    /// The outcome of an attempt that panicked.
    fn panicked() -> Self::Outcome;

    /// Puts back every task that a server left running when it was killed, and says how many.
    fn recover(&self) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Starts an attempt at a task that is due, if there is one.
    fn claim(&self) -> impl Future<Output = Result<Option<Self::Claim>, Self::Error>> + Send;

    /// How long it takes until a queued task is due, if there is one.
    fn next_due(&self) -> impl Future<Output = Result<Option<Duration>, Self::Error>> + Send;

    /// Completes when there can be a task to start or to stop.
    fn queued(&self) -> impl Future<Output = ()> + Send;

    /// Whether an attempt is still wanted.
    fn is_wanted(&self, claim: &Self::Claim) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Makes the attempt.
    fn attempt(&self, claim: &Self::Claim) -> impl Future<Output = Self::Outcome> + Send;

    /// Ends an attempt. Answers with `false` when it had been ended already: then nothing is changed.
    fn conclude(
        &self,
        claim: &Self::Claim,
        outcome: &Self::Outcome,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Works through what is queued.
#[derive(Debug)]
pub struct Worker<W> {
    work: W,
    concurrency: NonZeroUsize,
}

impl<W: Work> Worker<W> {
    /// A worker for a kind of tasks; `concurrency` is how many it does at a time.
    pub fn new(work: W, concurrency: NonZeroUsize) -> Self {
        Self { work, concurrency }
    }

    /// Works until the server stops.
    pub async fn run(&self, shutdown: &CancellationToken) {
        if shutdown.run_until_cancelled(self.recover()).await.is_some() {
            let mut flights = Flights::new(self.work.clone());
            while !shutdown.is_cancelled() {
                if let Err(error) = self.step(&mut flights, shutdown).await {
                    pause_for_store(&error).await;
                }
            }
            flights.land().await;
        }
    }

    /// Puts back what a killed server left running.
    async fn recover(&self) {
        loop {
            match self.work.recover().await {
                Ok(0) => return,
                Ok(tasks) => return tracing::info!(tasks, "going on with what a killed server left"),
                Err(error) => pause_for_store(&error).await,
            }
        }
    }

    /// Starts what is due, and waits until there can be something to do.
    async fn step(&self, flights: &mut Flights<W>, shutdown: &CancellationToken) -> Result<(), W::Error> {
        let mut pause = LOOK_ROUND;
        while flights.tasks.len() < self.concurrency.get() {
            if let Some(claim) = self.work.claim().await? {
                flights.start(claim);
            } else {
                pause = self.work.next_due().await?.map_or(pause, |due| due.min(pause));
                break;
            }
        }
        tokio::select! {
            Some(landed) = flights.tasks.join_next_with_id() => {
                flights.landed(landed);
                Ok(())
            }
            () = self.work.queued() => flights.drop_unwanted().await,
            () = sleep(pause) => flights.drop_unwanted().await,
            () = shutdown.cancelled() => Ok(()),
        }
    }
}

/// The tasks that are being done.
struct Flights<W: Work> {
    work: W,
    tasks: JoinSet<()>,
    claims: HashMap<Id, (W::Claim, AbortHandle)>,
}

impl<W: Work> Flights<W> {
    fn new(work: W) -> Self {
        Self { work, tasks: JoinSet::new(), claims: HashMap::new() }
    }

    fn start(&mut self, claim: W::Claim) {
        let (work, attempted) = (self.work.clone(), claim.clone());
        self.conclude(claim, async move { work.attempt(&attempted).await });
    }

    /// Tells the store of an outcome, as soon as there is one and the store takes it.
    fn conclude(&mut self, claim: W::Claim, outcome: impl Future<Output = W::Outcome> + Send + 'static) {
        let (work, concluded) = (self.work.clone(), claim.clone());
        let handle = self.tasks.spawn(async move {
            let outcome = outcome.await;
            while let Err(error) = work.conclude(&concluded, &outcome).await {
                pause_for_store(&error).await;
            }
        });
        self.claims.insert(handle.id(), (claim, handle));
    }

    /// Forgets a task that has ended. One that panicked has not told the store, which is made up for.
    fn landed(&mut self, landed: Result<(Id, ()), JoinError>) {
        let (id, panic) = match landed {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error).filter(JoinError::is_panic)),
        };
        if let (Some((claim, _)), Some(panic)) = (self.claims.remove(&id), panic) {
            tracing::error!(error = %panic, "a task failed");
            self.conclude(claim, async { W::panicked() });
        }
    }

    /// Stops the tasks that are not wanted any more.
    async fn drop_unwanted(&mut self) -> Result<(), W::Error> {
        for (claim, handle) in self.claims.values() {
            if !self.work.is_wanted(claim).await? {
                handle.abort();
            }
        }
        Ok(())
    }

    /// Lets tasks end that are about to, and puts the others back.
    async fn land(mut self) {
        let all = async {
            while let Some(landed) = self.tasks.join_next_with_id().await {
                self.landed(landed);
            }
        };
        // What is left is put back below.
        let _ = timeout(GRACE, all).await;
        self.tasks.shutdown().await;
        for (claim, _) in self.claims.into_values() {
            if let Err(error) = self.work.conclude(&claim, &W::INTERRUPTED).await {
                tracing::error!(%error, "a task is put back at the next start only");
            }
        }
    }
}
