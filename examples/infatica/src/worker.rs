//! The worker: does what is queued, so many tasks at a time, until the server stops.
//!
//! It sleeps until a caller queues something, a postponed task is due or a task ends. All that it
//! knows is in the store, so that a killed server goes on where it was.

use std::{collections::HashMap, num::NonZeroUsize, time::Duration};

use tokio::{
    task::{AbortHandle, Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    background::{LOOK_ROUND, pause_for_store},
    collect::{Collector, Fault, Recovery},
    store::{
        StoreError, WriteStore,
        runs::transitions::{Claim, Outcome, Role},
    },
};

/// How long to wait after the first fault that may pass, and after the second. A third is one too many.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];

/// The longest pause that the other side can ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How long tasks may go on when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// Works through what is queued in a store.
#[derive(Debug)]
pub(crate) struct Worker {
    store: WriteStore,
    collector: Collector,
    concurrency: NonZeroUsize,
}

impl Worker {
    /// A worker for a store; `concurrency` is how many tasks it does at a time.
    pub(crate) fn new(store: WriteStore, collector: Collector, concurrency: NonZeroUsize) -> Self {
        Self { store, collector, concurrency }
    }

    /// Works until the server stops.
    pub(crate) async fn run(&self, shutdown: &CancellationToken) {
        if shutdown.run_until_cancelled(self.recover()).await.is_some() {
            let mut flights = Flights::default();
            while !shutdown.is_cancelled() {
                if let Err(error) = self.step(&mut flights, shutdown).await {
                    pause_for_store(&error).await;
                }
            }
            self.land(flights).await;
        }
    }

    /// Puts back what a killed server left running.
    async fn recover(&self) {
        loop {
            match self.store.recover().await {
                Ok(0) => return,
                Ok(tasks) => return tracing::info!(tasks, "going on with what a killed server left"),
                Err(error) => pause_for_store(&error).await,
            }
        }
    }

    /// Starts what is due, and waits until there can be something to do.
    async fn step(&self, flights: &mut Flights, shutdown: &CancellationToken) -> Result<(), StoreError> {
        let store = &self.store;
        let mut pause = LOOK_ROUND;
        while flights.tasks.len() < self.concurrency.get() {
            if let Some(claim) = store.claim().await? {
                flights.start(store.clone(), self.collector.clone(), claim);
            } else {
                pause = store.next_due().await?.map_or(pause, |due| due.min(pause));
                break;
            }
        }
        tokio::select! {
            Some(landed) = flights.tasks.join_next_with_id() => {
                flights.landed(store, landed);
                Ok(())
            }
            () = store.task_queued() => flights.drop_unwanted(store).await,
            () = sleep(pause) => flights.drop_unwanted(store).await,
            () = shutdown.cancelled() => Ok(()),
        }
    }

    /// Lets tasks end that are about to, and puts the others back.
    async fn land(&self, mut flights: Flights) {
        let store = &self.store;
        let all = async {
            while let Some(landed) = flights.tasks.join_next_with_id().await {
                flights.landed(store, landed);
            }
        };
        // What is left is put back below.
        let _ = timeout(GRACE, all).await;
        flights.tasks.shutdown().await;
        for (claim, _) in flights.claims.into_values() {
            if let Err(error) = store.conclude(&claim, &Outcome::Interrupted).await {
                tracing::error!(%error, "a task is put back at the next start only");
            }
        }
    }
}

/// The tasks that are being done.
#[derive(Default)]
struct Flights {
    tasks: JoinSet<()>,
    claims: HashMap<Id, (Claim, AbortHandle)>,
}

impl Flights {
    fn start(&mut self, store: WriteStore, collector: Collector, claim: Claim) {
        let attempted = claim.clone();
        self.conclude(store, claim, async move { attempt(&collector, &attempted).await });
    }

    /// Tells the store of an outcome, as soon as there is one and the store takes it.
    fn conclude(&mut self, store: WriteStore, claim: Claim, outcome: impl Future<Output = Outcome> + Send + 'static) {
        let work = {
            let claim = claim.clone();
            async move {
                let outcome = outcome.await;
                while let Err(error) = store.conclude(&claim, &outcome).await {
                    pause_for_store(&error).await;
                }
            }
        };
        let handle = self.tasks.spawn(work);
        self.claims.insert(handle.id(), (claim, handle));
    }

    /// Forgets a task that has ended. One that panicked has not told the store, which is made up for.
    fn landed(&mut self, store: &WriteStore, landed: Result<(Id, ()), JoinError>) {
        let (id, panic) = match landed {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error).filter(JoinError::is_panic)),
        };
        if let (Some((claim, _)), Some(panic)) = (self.claims.remove(&id), panic) {
            tracing::error!(error = %panic, "a task failed");
            self.conclude(store.clone(), claim, async { Outcome::Failed(Fault::internal()) });
        }
    }

    /// Stops the tasks whose run was cancelled.
    async fn drop_unwanted(&mut self, store: &WriteStore) -> Result<(), StoreError> {
        for (claim, handle) in self.claims.values() {
            if !store.is_wanted(claim).await? {
                handle.abort();
            }
        }
        Ok(())
    }
}

/// One attempt at a task, and what is to become of it.
async fn attempt(collector: &Collector, claim: &Claim) -> Outcome {
    let outcome = match claim.role {
        Role::Source => collector.links(&claim.url, claim.max_items).await.map(Outcome::Expanded),
        Role::Page => collector.page(&claim.url, claim.engine).await.map(Outcome::Collected),
    };
    outcome.unwrap_or_else(|fault| {
        let earlier = usize::try_from(claim.faults).unwrap_or(usize::MAX);
        match (fault.recovery, PAUSES.get(earlier)) {
            (Recovery::Later(wish), Some(pause)) => {
                Outcome::Postponed(fault, wish.map_or(*pause, |wish| wish.clamp(*pause, LONGEST_PAUSE)))
            }
            (Recovery::Later(_), None) | (Recovery::Never, _) => Outcome::Failed(fault),
        }
    })
}
