//! Integrate.io MCP: pipelines over real databases.
//!
//! `tools.yaml` declares the tools in areas. Each area has a module of its name, as `inventory`, with a
//! function for each tool. Those go through `store` to the server's own database, and through
//! `database` to those of the account's connections.

use std::process::ExitCode;

use toolwright::{Context, Program};

mod account;
#[expect(dead_code, unused_imports, reason = "the handlers that use it come next")]
mod database;
#[allow(dead_code, unused_imports, reason = "the handlers that use it come next")]
mod dataflow;
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
    store: store::StoreOption,
}

fn main() -> ExitCode {
    let setup = async |context: Context<Args>| {
        let stores = store::open(&context.args.store.store, &context.secrets).await?;
        Ok(integrate_io_tools::handlers(stores.read, stores.write))
    };
    Program::new(&integrate_io_tools::SERVER, setup).commands(packages::run).run()
}
