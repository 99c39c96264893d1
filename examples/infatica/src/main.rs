//! Infatica MCP: collects web pages as runs, and exports what was collected.
//!
//! `tools.yaml` declares the tools in areas. Each area has a module of its name, as `runs`, with a
//! function for each tool. Those go through `store` to a database, from which `worker` takes what is
//! to be done: it has `collect` collect pages, and `analyst` find out what is in them. `background`
//! has it go on beside the calls, and the schedules fire that are due; `timing` says when that is.

use std::{num::NonZeroUsize, process::ExitCode, time::Duration};

use analyst::Analyst;
use background::Background;
use collect::{Collector, Limits};
use llm::{LlmOptions, Models};
use toolwright::{Context, Program};
use toolwright_support::{Scheduler, StoreLock, SystemClock, Worker};
use worker::{analyses::Analyses, pages::Pages};

mod analyses;
mod analysis;
mod analyst;
mod arguments;
mod audit;
mod background;
mod balance;
mod billing;
mod bulk_runs;
mod collect;
mod comparisons;
mod credits;
mod export;
mod keys;
mod llm;
mod markdown;
mod operator;
mod runs;
mod schedules;
mod store;
mod timing;
mod upstream;
mod usage;
mod worker;

#[derive(clap::Args, Debug)]
struct Args {
    #[command(flatten)]
    files: keys::Files,

    /// How many pages are collected at a time.
    #[arg(long, value_name = "PAGES", default_value = "8")]
    concurrency: NonZeroUsize,

    /// How many analyses and comparisons are made at a time.
    #[arg(long, value_name = "ANALYSES", default_value = "4")]
    analysis_concurrency: NonZeroUsize,

    /// How many seconds one attempt at an analysis or comparison can take, without the language model.
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    analysis_seconds: u64,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    llm: LlmOptions,

    #[command(flatten)]
    billing: billing::Options,
}

fn main() -> ExitCode {
    let setup = async |context: Context<Args>| {
        let args = &context.args;
        let path = &args.files.store.store;
        let stores = store::open(path).await?.billed(args.billing.billing(&context.secrets)?);
        let pages = Pages { store: stores.write.clone(), collector: Collector::new(&args.limits)? };
        let (vault, secrets) = (args.files.vault.vault(path), context.secrets.clone());
        let models = Models::new(&args.llm, &args.limits.targets, stores.clone(), vault, secrets)?;
        let limit = Duration::from_secs(args.analysis_seconds);
        let analyst = Analyst::new(stores.read.clone(), models, limit);
        let analyses = Analyses { store: stores.write.clone(), analyst };
        let background = Background {
            stores: stores.clone(),
            lock: StoreLock::of(path)?,
            collecting: Worker::new(pages, args.concurrency),
            analysing: Worker::new(analyses, args.analysis_concurrency),
            scheduler: Scheduler::new(stores.write.clone(), SystemClock),
        };
        context.store_keys(args.files.kept(stores.clone()));
        context.spawn(background.run(context.shutdown.clone()));
        Ok(infatica_tools::handlers(stores.read, stores.write))
    };
    Program::new(&infatica_tools::SERVER, setup).commands(keys::run).commands(credits::run).run()
}
