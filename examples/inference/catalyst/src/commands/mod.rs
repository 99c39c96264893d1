//! What the service's operator does at its machine, beside running it with the program that mounts these commands.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
};

use anyhow::{Context as _, ensure};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;

use crate::{Access, JudgeOptions, NewKey, Options, Project, Service};

/// The operator's commands.
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    /// Make, list and revoke project API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Make and list teams
    #[command(subcommand)]
    Team(TeamCommand),
    /// Make and list projects
    #[command(subcommand)]
    Project(ProjectCommand),
    /// Give teams credits
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Take in traces from a file, as `POST /v1/traces` would
    Import {
        /// OTLP as JSON
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The project that they are of; needs not be named where there is one only
        #[arg(long, value_name = "NAME-OR-ID")]
        project: Option<String>,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// Give a project traces of a few agents to try everything on, as if they had run for the last days
    Samples {
        /// The project; needs not be named where there is one only
        #[arg(value_name = "NAME-OR-ID")]
        project: Option<String>,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// Serve the Catalyst API alone
    Catalyst {
        /// The address to serve on
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
        /// Who judges answers.
        #[command(flatten)]
        judge: JudgeOptions,
    },
}

/// Commands about keys.
#[derive(clap::Subcommand, Debug)]
pub enum KeyCommand {
    /// Make a key, and print it once
    Create {
        /// What it is called
        #[arg(long, value_name = "NAME", value_parser = label)]
        name: String,
        /// The team that it belongs to; needs not be named where there is one only
        #[arg(long, value_name = "NAME-OR-ID")]
        team: Option<String>,
        /// A project that it may read
        #[arg(long, value_name = "NAME-OR-ID")]
        read: Vec<String>,
        /// A project that it may read and change
        #[arg(long, value_name = "NAME-OR-ID")]
        write: Vec<String>,
        /// The project that a request is about when it names none
        #[arg(long, value_name = "NAME-OR-ID")]
        default: Option<String>,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// List the keys, the newest first
    List {
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// Revoke a key
    Revoke {
        /// Id of the key, as `key list` shows it
        id: String,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
}

/// Commands about teams.
#[derive(clap::Subcommand, Debug)]
pub enum TeamCommand {
    /// Make a team
    Create {
        /// What it is called
        #[arg(value_parser = label)]
        name: String,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// List the teams, and what they can spend
    List {
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
}

/// Commands about projects.
#[derive(clap::Subcommand, Debug)]
pub enum ProjectCommand {
    /// Make a project
    Create {
        /// What it is called
        #[arg(value_parser = label)]
        name: String,
        /// The team that it belongs to; needs not be named where there is one only
        #[arg(long, value_name = "NAME-OR-ID")]
        team: Option<String>,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
    /// List the projects
    List {
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
}

/// Commands about credits.
#[derive(clap::Subcommand, Debug)]
pub enum CreditsCommand {
    /// Add to what a team can spend
    Add {
        /// How many
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        credits: i64,
        /// The team; needs not be named where there is one only
        #[arg(long, value_name = "NAME-OR-ID")]
        team: Option<String>,
        /// Where the store is.
        #[command(flatten)]
        options: Options,
    },
}

/// Does what a command says: prints what is asked for on standard output, all else on standard error.
///
/// # Errors
/// When it cannot be done; says why.
pub async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Key(command) => key(command).await,
        Command::Team(command) => team(command).await,
        Command::Project(command) => project(command).await,
        Command::Credits(CreditsCommand::Add { credits, team, options }) => {
            with(&options, async |service| {
                let team = team_or_only(service, team).await?;
                let credits = service.add_credits(&team, credits).await?;
                eprintln!("the team has {credits} credits now");
                Ok(())
            })
            .await
        }
        Command::Import { file, project, options } => {
            let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            with(&options, async |service| {
                let project = project_or_only(service, project).await?;
                let taken = service.import(&project, text).await?;
                eprintln!("{} spans are in `{}` now, {} were rejected", taken.accepted, project.name, taken.rejected);
                taken.rejection.map_or(Ok(()), |first| anyhow::bail!("{first}"))
            })
            .await
        }
        Command::Samples { project, options } => {
            with(&options, async |service| {
                let project = project_or_only(service, project).await?;
                service.load_samples(&project).await?;
                eprintln!("the project `{}` has the samples", project.name);
                Ok(())
            })
            .await
        }
        Command::Catalyst { listen, options, judge } => serve(listen, &options, &judge).await,
    }
}

async fn serve(listen: SocketAddr, options: &Options, judge: &JudgeOptions) -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::INFO).init();
    let service = Service::open(options).await?.judged_by(judge)?;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    eprintln!("Catalyst serves on http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let serving = service.serve(listener, shutdown.clone());
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return served,
        asked = asked_to_stop() => asked.context("cannot wait for signals")?,
    }
    shutdown.cancel();
    serving.await
}

/// Completes when a person or a service manager wants the program to stop.
async fn asked_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await
}

async fn key(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { name, team, read, write, default, options } => {
            with(&options, async |service| {
                let team = team_or_only(service, team).await?;
                let reading = read.iter().map(|project| (project.as_str(), Access::Read));
                let writing = write.iter().map(|project| (project.as_str(), Access::Write));
                let grants: Vec<_> = reading.chain(writing).collect();
                ensure!(!grants.is_empty(), "say which projects the key may --read or --write");
                let new = NewKey { name: &name, team: &team, grants: &grants, default: default.as_deref() };
                let key = service.create_key(new).await?;
                eprintln!("the key `{name}`; it is shown only now:");
                print(&format!("{}\n", key.expose_secret()))
            })
            .await
        }
        KeyCommand::List { options } => {
            with(&options, async |service| {
                for key in service.keys().await? {
                    let grants = key.grants.iter().map(|(project, access)| format!("{project}:{}", access.as_str()));
                    let grants = grants.collect::<Vec<_>>().join(",");
                    let state = key.revoked_at.map_or_else(|| "works".to_owned(), |at| format!("revoked {at}"));
                    print(&format!("{}\t{}\t{}\t{grants}\t{}\t{state}\n", key.id, key.name, key.team, key.created_at))?;
                }
                Ok(())
            })
            .await
        }
        KeyCommand::Revoke { id, options } => {
            with(&options, async |service| {
                service.revoke_key(&id).await?;
                eprintln!("the key `{id}` is revoked");
                Ok(())
            })
            .await
        }
    }
}

async fn team(command: TeamCommand) -> anyhow::Result<()> {
    match command {
        TeamCommand::Create { name, options } => {
            with_new(&options, async |service| print(&format!("{}\n", service.create_team(&name).await?.id))).await
        }
        TeamCommand::List { options } => {
            with(&options, async |service| {
                for team in service.teams().await? {
                    print(&format!("{}\t{}\t{}\n", team.id, team.name, team.credits))?;
                }
                Ok(())
            })
            .await
        }
    }
}

async fn project(command: ProjectCommand) -> anyhow::Result<()> {
    match command {
        ProjectCommand::Create { name, team, options } => {
            with(&options, async |service| {
                let team = team_or_only(service, team).await?;
                print(&format!("{}\n", service.create_project(&team, &name).await?.id))
            })
            .await
        }
        ProjectCommand::List { options } => {
            with(&options, async |service| {
                for project in service.projects().await? {
                    print(&format!("{}\t{}\t{}\n", project.id, project.name, project.team))?;
                }
                Ok(())
            })
            .await
        }
    }
}

/// The team that was named, or the only one.
async fn team_or_only(service: &Service, named: Option<String>) -> anyhow::Result<String> {
    if let Some(named) = named {
        return Ok(named);
    }
    let teams = service.teams().await?;
    let [only] = &teams[..] else { anyhow::bail!("there are {} teams: name one with --team", teams.len()) };
    Ok(only.id.clone())
}

/// The project that was named, or the only one.
async fn project_or_only(service: &Service, named: Option<String>) -> anyhow::Result<Project> {
    if let Some(named) = named {
        return Ok(service.project(&named).await?);
    }
    let projects = service.projects().await?;
    match <[Project; 1]>::try_from(projects) {
        Ok([only]) => Ok(only),
        Err(projects) => anyhow::bail!("there are {} projects: name one with --project", projects.len()),
    }
}

/// Works on the store that is there: a command makes none by mistake.
async fn with(options: &Options, work: impl AsyncFnOnce(&Service) -> anyhow::Result<()>) -> anyhow::Result<()> {
    ensure!(options.store.is_file(), "there is no store {}: name it with --store", options.store.display());
    with_new(options, work).await
}

/// Works on a store, and makes it first where there is none.
async fn with_new(options: &Options, work: impl AsyncFnOnce(&Service) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let service = Service::open(options).await?;
    let done = work(&service).await;
    service.close().await;
    done
}

fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

/// What can stand in a table and in a log.
fn label(text: &str) -> Result<String, String> {
    let printable = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    if text.trim() == text && (1..=120).contains(&text.chars().count()) && text.chars().all(printable) {
        Ok(text.to_owned())
    } else {
        Err("write 1 to 120 printable characters".to_owned())
    }
}
