//! Integrate.io MCP: pipelines over real databases.
//!
//! `tools.yaml` declares the tools in areas. Each area has a module of its name, as `inventory`, with a
//! function for each tool; `schedules` has both areas about schedules, and `validation` the one tool that leaves
//! a record. Those go through `store` to the server's own database. `connections` opens what an account's
//! connections lead to, and `database` asks it. What is to be run, the tools and the schedules only put into the
//! store; `worker` takes it from there, in the `background`, and `dataflow` does it, with what `account` lets it
//! use. `failure` says of a run why it failed. Beside the calls there are `commands` for the operator, and
//! `samples` to try every tool on.

use std::{num::NonZeroUsize, process::ExitCode, time::Duration};

use background::Background;
use store::validations::RecordStore;
use toolwright::{Context, Program};
use toolwright_support::{Scheduler, StoreLock, SystemClock, Worker};
use worker::Runs;

mod account;
mod background;
mod commands;
mod connections;
mod database;
mod dataflow;
mod diagnostics;
mod execution;
mod failure;
mod inventory;
mod packages;
mod runs;
mod samples;
mod schedules;
mod store;
mod validation;
mod worker;

#[derive(clap::Args, Debug)]
struct Args {
    #[command(flatten)]
    files: store::Files,

    /// How many calls ask databases and cloud storage something at a time.
    #[arg(long, value_name = "CALLS", default_value_t = connections::CALLS)]
    connection_calls: NonZeroUsize,

    /// How many packages run at a time.
    #[arg(long, value_name = "RUNS", default_value = "4")]
    run_concurrency: NonZeroUsize,

    /// How many seconds a run can take.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    run_seconds: u64,
}

fn main() -> ExitCode {
    let setup = async |context: Context<Args>| {
        let Args { files, connection_calls, run_concurrency, run_seconds } = &context.args;
        let stores = store::open(files, &context.secrets).await?.asking(*connection_calls);
        if let Some(account) = &context.first_account
            && samples::load(&stores, files, account).await?
        {
            tracing::info!(account, "the account has samples to try every tool on");
        }
        let runs = Runs {
            stores: stores.clone(),
            accounts: context.accounts.clone(),
            limit: Duration::from_secs(*run_seconds),
        };
        let background = Background {
            stores: stores.clone(),
            lock: StoreLock::of(&files.store)?,
            runs: Worker::new(runs, *run_concurrency),
            scheduler: Scheduler::new(stores.write.clone(), SystemClock),
        };
        context.spawn(background.run(context.shutdown.clone()));
        let records = RecordStore::open(stores.read.clone(), &files.store).await?;
        Ok(integrate_io_tools::handlers(stores.read, records, stores.write))
    };
    Program::new(&integrate_io_tools::SERVER, setup)
        .commands(commands::connection::run)
        .commands(commands::package::run)
        .commands(commands::schedule::run)
        .commands(samples::run)
        .run()
}
