//! Integrate.io MCP: pipelines over real databases.
//!
//! `tools.yaml` declares the tools in areas. Each area has a module of its name, as `inventory`, with a
//! function for each tool. Those go through `store` to the server's own database, and through
//! `database` to those of the account's connections.

use std::{num::NonZeroUsize, process::ExitCode};

use toolwright::{Context, Program};

mod account;
mod commands;
mod connections;
#[allow(dead_code, unused_imports, reason = "the runs that use it come next")]
mod database;
#[allow(dead_code, unused_imports, reason = "the handlers that use it come next")]
mod dataflow;
mod diagnostics;
mod failure;
mod inventory;
mod packages;
mod pending;
mod runs;
mod schedules;
mod store;

#[derive(clap::Args, Debug)]
struct Args {
    #[command(flatten)]
    files: store::Files,

    /// How many calls ask databases and cloud storage something at a time.
    #[arg(long, value_name = "CALLS", default_value_t = connections::CALLS)]
    connection_calls: NonZeroUsize,
}

fn main() -> ExitCode {
    let setup = async |context: Context<Args>| {
        let Args { files, connection_calls } = &context.args;
        let stores = store::open(files, &context.secrets).await?.asking(*connection_calls);
        Ok(integrate_io_tools::handlers(stores.read, stores.write))
    };
    Program::new(&integrate_io_tools::SERVER, setup).commands(packages::run).commands(commands::connection::run).run()
}
