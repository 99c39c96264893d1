//! Commands of the server's own.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, ensure};

/// What stands beside the runtime's commands.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Look at notes without a server.
    #[command(subcommand)]
    Notes(NotesCommand),
}

/// What can be done with a file of notes.
#[derive(clap::Subcommand, Debug)]
pub(crate) enum NotesCommand {
    /// Count the notes of a file.
    Count {
        /// A file with a note a line
        // The runtime has an option of this name, which is another one.
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Notes(NotesCommand::Count { database: file }) = command;
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let count = text.lines().filter(|line| !line.trim().is_empty()).count();
    ensure!(count > 0, "{} has no note", file.display());
    println!("{count}");
    Ok(())
}
