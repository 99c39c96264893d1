//! Attempts that panic. What the workers do with a page or a run is caught where it is done, so that nothing a caller can ask for makes one of their own
//! attempts panic: here a wrapper of the real work does, and all else is real.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use infatica_tools::{AnalysisStatus, AnalysisTemplate, Engine, ItemStatus, RunStatus};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use toolwright::Secrets;
use toolwright_support::{Worker, vault::VaultOption, worker::Work};
use toolwright_tests::fake::{Fake, http};

use super::{analyses::Analyses, pages::Pages};
use crate::{
    analyst::Analyst,
    collect::{Collector, Limits},
    llm::{LlmOptions, Models},
    store::{
        self, Stores,
        actor::{Actor, By},
        analyses::{
            self, Kind,
            transitions::{Task, Wish},
        },
        runs::{
            self, events, items,
            transitions::{NewRun, Origin},
        },
    },
};

const OWNER: Actor<'_> = Actor { account: "owner", by: By::Token { id: "id", name: "name" } };

/// How long something may take that has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The options as an operator writes them.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    llm: LlmOptions,
    #[command(flatten)]
    vault: VaultOption,
}

/// Work of which some attempts panic, until it is mended.
#[derive(Clone)]
struct Frail<W: Work> {
    work: W,
    breaks: fn(&W::Claim) -> bool,
    is_mended: Arc<AtomicBool>,
}

impl<W: Work> Work for Frail<W> {
    type Claim = W::Claim;
    type Outcome = W::Outcome;
    type Error = W::Error;

    const INTERRUPTED: W::Outcome = W::INTERRUPTED;

    fn panicked() -> W::Outcome {
        W::panicked()
    }

    async fn recover(&self) -> Result<u64, W::Error> {
        self.work.recover().await
    }

    async fn claim(&self) -> Result<Option<W::Claim>, W::Error> {
        self.work.claim().await
    }

    async fn next_due(&self) -> Result<Option<Duration>, W::Error> {
        self.work.next_due().await
    }

    async fn queued(&self) {
        self.work.queued().await;
    }

    async fn is_wanted(&self, claim: &W::Claim) -> Result<bool, W::Error> {
        self.work.is_wanted(claim).await
    }

    async fn attempt(&self, claim: &W::Claim) -> W::Outcome {
        let is_sound = self.is_mended.load(Ordering::Relaxed) || !(self.breaks)(claim);
        assert!(is_sound, "an attempt that panics");
        self.work.attempt(claim).await
    }

    async fn conclude(&self, claim: &W::Claim, outcome: &W::Outcome) -> Result<bool, W::Error> {
        self.work.conclude(claim, outcome).await
    }
}

/// The workers at work on a store.
struct World {
    stores: Stores,
    is_mended: Arc<AtomicBool>,
    shutdown: CancellationToken,
    working: JoinHandle<()>,
}

impl World {
    async fn start(path: &Path) -> Self {
        let Options { limits, llm, vault } = Options::parse_from(["test", "--allow-private-targets=127.0.0.1"]);
        let stores = store::open(path).await.unwrap();
        let models = Models::new(&llm, &limits.targets, stores.clone(), vault.vault(path), Secrets::default()).unwrap();
        let (is_mended, shutdown) = (Arc::<AtomicBool>::default(), CancellationToken::new());
        let pages = Frail {
            work: Pages { store: stores.write.clone(), collector: Collector::new(&limits).unwrap() },
            breaks: |claim| claim.url.ends_with("/breaks"),
            is_mended: Arc::clone(&is_mended),
        };
        let analyses = Frail {
            work: Analyses {
                store: stores.write.clone(),
                analyst: Analyst::new(stores.read.clone(), models, Duration::from_mins(1)),
            },
            breaks: |claim| matches!(claim.task, Task::Analysis { template: AnalysisTemplate::KeyTerms, .. }),
            is_mended: Arc::clone(&is_mended),
        };
        let working = tokio::spawn({
            let shutdown = shutdown.clone();
            let at_a_time = 2.try_into().unwrap();
            let (pages, analyses) = (Worker::new(pages, at_a_time), Worker::new(analyses, at_a_time));
            async move {
                tokio::join!(pages.run(&shutdown), analyses.run(&shutdown));
            }
        });
        Self { stores, is_mended, shutdown, working }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.working.await.expect("no panic reaches the workers themselves");
        self.stores.close().await;
    }

    /// The status of a run once it is over, and what became of its items: status and error.
    async fn run(&self, id: &str) -> (RunStatus, Vec<(ItemStatus, Option<String>)>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut view = self.stores.read.snapshot().await.unwrap();
            let key = runs::find(&mut view, OWNER.account, id).await.unwrap();
            let run = runs::load(&mut view, key).await.unwrap();
            if !matches!(run.status, RunStatus::Queued | RunStatus::Running) {
                let items = items::list(&mut view, key, 10, 0).await.unwrap();
                return (run.status, items.into_iter().map(|item| (item.status, item.error)).collect());
            }
            drop(view);
            assert!(Instant::now() < deadline, "{run:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes an analysis of a run, and tells what became of it: status, error and whether there is a result.
    async fn analyse(&self, run: &str, template: AnalysisTemplate) -> (AnalysisStatus, Option<String>, bool) {
        let wish = Wish { template, instructions: None };
        let made = self.stores.write.create_analysis(OWNER, run, wish).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut view = self.stores.read.snapshot().await.unwrap();
            let key = analyses::find(&mut view, OWNER.account, Kind::Analysis, &made.id).await.unwrap();
            let analysis = analyses::load(&mut view, key).await.unwrap();
            if !matches!(analysis.status, AnalysisStatus::Queued | AnalysisStatus::Running) {
                return (analysis.status, analysis.error, analysis.result.is_some());
            }
            drop(view);
            assert!(Instant::now() < deadline, "{analysis:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_panics_has_failed_and_all_others_go_on() {
    const PAGE: &str = "its content could not be processed";
    const ANALYSIS: &str = "the results could not be processed; create_analysis makes another";
    let folder = tempfile::tempdir().unwrap();
    let site = Fake::saying(http("200 OK", "text/html", "<p>Words about a thing</p>")).await;
    let world = World::start(&folder.path().join("store.db")).await;
    let pages = ["/first", "/breaks", "/last"].map(|page| format!("{}{page}", site.address()));
    let new = NewRun { name: "a run", engine: Engine::Text, origin: &Origin::Urls(pages.to_vec()) };
    let run = world.stores.write.create_run(OWNER, new).await.unwrap().id;

    let whole = (ItemStatus::Completed, None);
    let broken = (ItemStatus::Failed, Some(PAGE.to_owned()));
    assert_eq!(world.run(&run).await, (RunStatus::Completed, vec![whole.clone(), broken.clone(), whole.clone()]));
    let failed = (AnalysisStatus::Failed, Some(ANALYSIS.to_owned()), false);
    assert_eq!(world.analyse(&run, AnalysisTemplate::KeyTerms).await, failed);
    assert_eq!(world.analyse(&run, AnalysisTemplate::Quality).await, (AnalysisStatus::Completed, None, true));
    let mut view = world.stores.read.snapshot().await.unwrap();
    let key = runs::find(&mut view, OWNER.account, &run).await.unwrap();
    let (told, _) = events::list(&mut view, key, 100, 0).await.unwrap();
    drop(view);
    let told: Vec<_> = told.iter().filter(|told| told.event == "item.failed").map(|told| &told.detail).collect();
    assert_eq!(told, [&Some(PAGE.to_owned())]);

    // It is there after another start, and can be done again.
    world.stop().await;
    let world = World::start(&folder.path().join("store.db")).await;
    assert_eq!(world.run(&run).await.1[1], broken);
    world.is_mended.store(true, Ordering::Relaxed);
    world.stores.write.retry_run(OWNER, &run).await.unwrap();
    assert_eq!(world.run(&run).await, (RunStatus::Completed, vec![whole; 3]));
    assert_eq!(world.analyse(&run, AnalysisTemplate::KeyTerms).await, (AnalysisStatus::Completed, None, true));
    world.stop().await;
}
