//! The small server that the runtime is tested with: notes in memory, and tools that misbehave.

mod checks;
mod commands;
mod notes;
mod testing;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use toolwright::{Context, Handlers, Program, ServerSpec};

pub use checks::CheckNotes;
pub use notes::{ReadNotes, WriteNotes};

/// Options of the server's own.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A file that says, from start to shutdown, that the background work runs
    #[arg(long, env = "ACME_ALIVE", value_name = "FILE")]
    alive: Option<PathBuf>,

    /// A file that has background work panic once it is there
    #[arg(long, env = "ACME_FRAIL", value_name = "FILE")]
    frail: Option<PathBuf>,

    /// The database of the checks; it is made where there is none
    #[arg(long, env = "ACME_CHECKS", value_name = "FILE", default_value = "data/acme-checks.db")]
    checks: PathBuf,

    /// A secret that the server knows
    #[arg(long, env = "ACME_SECRET", value_name = "TEXT", hide_env_values = true)]
    secret: Option<String>,
}

/// Runs the server as one declaration or another has it.
pub fn run(spec: &'static ServerSpec) -> ExitCode {
    let setup = async |context: Context<Args>| -> anyhow::Result<Handlers> {
        if let Some(file) = context.args.alive.clone() {
            std::fs::write(&file, "")?;
            let shutdown = context.shutdown.clone();
            context.spawn(async move {
                shutdown.cancelled().await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                if let Err(error) = std::fs::remove_file(&file) {
                    eprintln!("cannot remove {}: {error}", file.display());
                }
            });
        }
        if let Some(file) = context.args.frail.clone() {
            context.spawn(testing::panic_after(file));
        }
        if let Some(secret) = &context.args.secret {
            context.secrets.learn(secret);
        }
        let (read, write) = notes::stores();
        let record = CheckNotes::open(read.clone(), &context.args.checks).await?;
        Ok(acme_tools::handlers(read, record, write))
    };
    Program::new(spec, setup).commands(commands::run).run()
}
