//! Runs as work: what the worker of `toolwright-support` does with each.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use toolwright_support::worker::Work;

use crate::{
    database::Target,
    dataflow::{self, Failure, Given, Package, Values},
    store::{
        StoreError, Stores,
        packages::{self, Definition},
        runs::{
            self,
            transitions::{Claim, Ended},
        },
    },
};

/// How long a run that is out of time may take to undo what it did.
const UNDOING: Duration = Duration::from_secs(10);

/// What callers and schedules want run.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    pub(crate) stores: Stores,
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

/// An attempt at a run, which is what the data flow knows of the server.
struct Attempt {
    runs: Runs,
    claim: Claim,
    stop: CancellationToken,
}

impl Attempt {
    async fn ended(&self) -> Ended {
        let claim = &self.claim;
        let package = match self.version(claim.package_id, Some(claim.package_version)).await {
            Ok(package) => package,
            Err(error) => return Ended::Failed(error),
        };
        let given = Given { variables: claim.variables.clone(), dynamic_variables: claim.dynamic_variables.clone() };
        let execution = Box::pin(dataflow::execute(&package, &given, self, self, self, &self.stop));
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

    async fn append(&self, text: &str) -> Result<(), String> {
        self.runs.stores.write.log(&self.claim, text).await.map_err(in_words)
    }

    /// A package of the account, in a version or as it is now.
    async fn version(&self, id: i64, version: Option<i64>) -> Result<Package, String> {
        let mut view = self.runs.stores.read.snapshot().await.map_err(in_words)?;
        let Definition { package, .. } = packages::load(&mut view, &self.claim.account, id).await.map_err(in_words)?;
        let version = version.unwrap_or(package.version);
        let found = runs::version(&mut view, id, version).await.map_err(in_words)?;
        let (data_flow, variables) = found.ok_or_else(|| format!("package {id} has no version {version}"))?;
        Ok(Package { id, name: package.name, flow_type: package.flow_type, version, data_flow, variables })
    }
}

/// What a caller is told of a fault of the store, which can be the server's alone.
fn in_words(error: StoreError) -> String {
    toolwright::ToolError::from(error).message().to_owned()
}

impl dataflow::Connections for Attempt {
    async fn target(&self, connection_id: i64) -> Result<Target, String> {
        let target = self.runs.stores.read.connections().database(&self.claim.account, connection_id).await;
        target.map_err(|error| toolwright::ToolError::from(error).message().to_owned())
    }
}

impl dataflow::Packages for Attempt {
    async fn package(&self, id: i64) -> Result<Package, String> {
        self.version(id, None).await
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
