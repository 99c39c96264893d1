//! Inference.net Catalyst MCP: a server that keeps nothing, and forwards the caller's key to the vendor's own API.
//!
//! `tools.yaml` declares the tools in areas. Each area has a module of its name with a function for each tool, which says where the API
//! has the answer; `api` is the two doors to it, one that can only read. What the API answers has the types that the
//! manifest declares.
//!
//! The API itself is another package, `catalyst`, which knows nothing of MCP. So that there is one to try, the server is
//! `embedded` here, unless `CATALYST_BASE_URL` says where another one is; its operator's commands are commands of this
//! program.

use std::process::ExitCode;

use api::{ReadStore, WriteStore};
use toolwright::{Context, Program};

mod account;
mod api;
mod datasets;
mod embedded;
mod evals;
mod halo;
mod inferences;
mod traces;
mod training;

#[derive(clap::Args, Debug)]
struct Args {
    #[command(flatten)]
    embedded: embedded::EmbeddedOptions,
}

fn main() -> ExitCode {
    let setup = async |context: Context<Args>| {
        let upstream = context.upstream()?;
        if !upstream.is_elsewhere() {
            embedded::serve(&context, &context.args.embedded, &upstream).await?;
        }
        Ok(inference_tools::handlers(ReadStore::new(&upstream), WriteStore::new(&upstream)))
    };
    Program::new(&inference_tools::SERVER, setup).commands(catalyst::run).run()
}
