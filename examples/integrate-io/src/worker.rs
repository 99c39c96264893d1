//! Runs as work: what the worker of `toolwright-support` does with each.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use toolwright::ServedAccounts;
use toolwright_support::worker::Work;

use crate::{
    account::{Account, in_words},
    dataflow::{self, Failure, Given, Values},
    store::{
        StoreError, Stores,
        runs::transitions::{Claim, Ended},
    },
};

/// How long a run that is out of time may take to undo what it did.
const UNDOING: Duration = Duration::from_secs(10);

/// What callers and schedules want run.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    pub(crate) stores: Stores,
    pub(crate) accounts: ServedAccounts,
    /// How long a run may take.
    pub(crate) limit: Duration,
}

impl Work for Runs {
    type Claim = Claim;
    type Outcome = Ended;
    type Error = StoreError;

    const INTERRUPTED: Ended = Ended::Interrupted;

    fn panicked() -> Ended {
        Ended::Failed("the server met a fault of its own; its log has the details".to_owned())
    }

    async fn recover(&self) -> Result<u64, StoreError> {
        self.stores.write.end_interrupted_runs().await
    }

    async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        self.stores.write.claim_run().await
    }

    /// Nothing is postponed: what is pending is due.
    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }

    async fn queued(&self) {
        self.stores.write.run_queued().await;
    }

    async fn is_wanted(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.stores.write.is_wanted(claim).await
    }

    async fn attempt(&self, claim: &Claim) -> Ended {
        let stop = CancellationToken::new();
        // This attempt is dropped when its run is cancelled, and with it the guard. The task goes on until the
        // database has undone what it did: dropped as well, it could leave a statement running there.
        let _guard = stop.clone().drop_guard();
        let attempt = Attempt { runs: self.clone(), claim: claim.clone(), stop: stop.clone() };
        let mut task = tokio::spawn(async move { Box::pin(attempt.ended()).await });
        let Ok(ended) = timeout(self.limit, &mut task).await else {
            stop.cancel();
            // What was kept before the time was up is kept.
            if let Ok(Ok(Ended::Completed)) = timeout(UNDOING, task).await {
                return Ended::Completed;
            }
            let limit = self.limit.as_secs();
            return Ended::Failed(format!("it took longer than {limit} s, which is all that a run may take"));
        };
        ended.unwrap_or_else(|error| {
            tracing::error!(run = claim.run_id, %error, "a run failed by a fault of the server's own");
            Self::panicked()
        })
    }

    async fn conclude(&self, claim: &Claim, outcome: &Ended) -> Result<bool, StoreError> {
        self.stores.write.end_run(claim, outcome).await
    }
}

/// An attempt at a run, which tells how it goes.
struct Attempt {
    runs: Runs,
    claim: Claim,
    stop: CancellationToken,
}

impl Attempt {
    async fn ended(&self) -> Ended {
        let claim = &self.claim;
        if let Err(why) = self.is_served().await {
            return Ended::Failed(why);
        }
        let account = Account { store: &self.runs.stores.read, id: &claim.account };
        let package = match account.version(claim.package_id, claim.package_version).await {
            Ok(package) => package,
            Err(error) => return Ended::Failed(in_words(error)),
        };
        let given = Given { variables: claim.variables.clone(), dynamic_variables: claim.dynamic_variables.clone() };
        let execution = Box::pin(dataflow::execute(&package, &given, &account, &account, self, &self.stop));
        match execution.await {
            Ok(outcome) => {
                let late = if self.stop.is_cancelled() { "; it was too late to stop it" } else { "" };
                let written = format!("{} rows written{late}", outcome.rows);
                // The rows are there, whether the log says so or not.
                if let Err(error) = self.append(&written).await {
                    tracing::error!(run = claim.run_id, error, "a line is missing in the log of a run");
                }
                Ended::Completed
            }
            Err(Failure::Cancelled) => {
                // A log that cannot be written is no reason to do anything else.
                let _ = self.append("stopped, and undone").await;
                Ended::Failed("cancelled".to_owned())
            }
            Err(Failure::Failed(message)) => Ended::Failed(message),
        }
    }

    /// A run can wait, and a schedule fire, when nobody may call for the account any more.
    async fn is_served(&self) -> Result<(), String> {
        match self.runs.accounts.contains(&self.claim.account).await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the account is not there any more, or not enabled: nothing runs for it".to_owned()),
            Err(error) => {
                tracing::error!(run = self.claim.run_id, error = format!("{error:#}"), "a run did not start");
                Err("the server could not find out whether the account is enabled; its log has the details".to_owned())
            }
        }
    }

    async fn append(&self, text: &str) -> Result<(), String> {
        self.runs.stores.write.log(&self.claim, text).await.map_err(in_words)
    }
}

impl dataflow::Log for Attempt {
    async fn line(&self, text: &str) -> Result<(), String> {
        self.append(text).await
    }

    async fn variables(&self, values: &Values) -> Result<(), String> {
        self.runs.stores.write.keep_variables(&self.claim, values).await.map_err(in_words)
    }
}
