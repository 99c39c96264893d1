//! The service: the API over HTTP, and the work beside it.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;
use toolwright_support::StoreLock;

use crate::{
    background,
    evals::HasJudge,
    judge::{Judge, JudgeOptions},
    router::router,
    store::Store,
};

/// How long requests may go on when the service stops.
const GRACE: Duration = Duration::from_secs(5);

/// Where the service keeps what it knows.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// The database of the API; it is made where there is none
    #[arg(long, value_name = "FILE", env = "CATALYST_STORE", default_value = "data/catalyst.db")]
    pub store: PathBuf,
}

/// The API, on a store that is open.
#[derive(Debug, Clone)]
pub struct Service {
    pub(crate) store: Store,
    path: PathBuf,
    judge: Option<Judge>,
}

impl Service {
    /// Opens the store, and makes it first where there is none.
    ///
    /// # Errors
    /// When the file cannot be made or opened, or is no store.
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        Ok(Self { store: Store::open(&options.store).await?, path: options.store.clone(), judge: None })
    }

    /// Has a language model judge answers, where the options name one.
    ///
    /// # Errors
    /// When it cannot be asked as it is named.
    pub fn judged_by(self, options: &JudgeOptions) -> anyhow::Result<Self> {
        Ok(Self { judge: options.judge()?, ..self })
    }

    /// Answers requests, and works beside them, until `shutdown`; then closes the store.
    ///
    /// # Errors
    /// When the store's lock cannot be made.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) -> anyhow::Result<()> {
        let lock = StoreLock::of(&self.path)?;
        let has_judge = HasJudge(self.judge.is_some());
        let background = tokio::spawn(background::run(self.store.clone(), self.judge, lock, shutdown.clone()));
        let stop = shutdown.clone().cancelled_owned();
        let serving = axum::serve(listener, router(&self.store, has_judge)).with_graceful_shutdown(stop);
        tokio::select! {
            served = serving => served?,
            () = async { shutdown.cancelled().await; sleep(GRACE).await } => {
                tracing::warn!("requests were broken off: the service stops");
            }
        }
        shutdown.cancel();
        background.await.context("the work in the background")?;
        self.store.close().await;
        Ok(())
    }

    /// Closes the store, where it was not served.
    pub async fn close(&self) {
        self.store.close().await;
    }
}
