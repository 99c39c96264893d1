//! The samples: an account to try every tool on. What it has is in `samples/`.

use std::{collections::BTreeMap, io, path::Path};

use anyhow::Context as _;
use integrate_io_tools::{
    ClusterStatus, ClusterType, ConnectionKind, ConnectionType, FlowType, PackageStatus, RunStatus, TunnelType,
};
use rand::distr::{Alphanumeric, SampleString as _};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::NamedTempFile;
use toolwright::Secrets;

use crate::{
    commands,
    connections::{Credentials, Login},
    store::{self, Files, Stores},
};

/// What an account is given. Ids are those that it gets where nobody has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Samples {
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) packages: Vec<Package>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workspace {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) r#type: ClusterType,
    pub(crate) status: ClusterStatus,
    pub(crate) nodes: i64,
    pub(crate) region: String,
    pub(crate) terminate_on_idle: bool,
    pub(crate) created_minutes_ago: i64,
    pub(crate) available_minutes_ago: Option<i64>,
    pub(crate) terminated_minutes_ago: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    pub(crate) kind: ConnectionKind,
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) r#type: ConnectionType,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<i64>,
    /// Of a SQLite database the file is that of the demo database.
    pub(crate) database: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) tunnel_type: TunnelType,
    /// Signs in with a password that nobody knows.
    pub(crate) user: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    pub(crate) id: i64,
    pub(crate) workspace: i64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) flow_type: FlowType,
    pub(crate) status: PackageStatus,
    pub(crate) data_flow: Value,
    pub(crate) variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    pub(crate) id: i64,
    pub(crate) package: i64,
    pub(crate) cluster: Option<i64>,
    pub(crate) name: String,
    pub(crate) cron: String,
    pub(crate) time_zone: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) enabled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) package: i64,
    pub(crate) cluster: Option<i64>,
    pub(crate) schedule: Option<i64>,
    pub(crate) retry_of: Option<i64>,
    pub(crate) status: RunStatus,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) error: Option<String>,
    /// When it started.
    pub(crate) minutes_ago: i64,
    /// How long it worked.
    pub(crate) seconds: i64,
    pub(crate) log: Vec<String>,
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Fill an account that has nothing with samples: packages, runs, schedules, and a demo database
    Samples {
        /// Id of the account
        #[arg(value_name = "ID", value_parser = commands::account)]
        account: String,
        #[command(flatten)]
        files: Files,
    },
}

pub(crate) async fn run(Command::Samples { account, files }: Command) -> anyhow::Result<()> {
    let stores = store::open(&files, &Secrets::default()).await?;
    let loaded = load(&stores, &files, &account).await;
    stores.close().await;
    anyhow::ensure!(loaded?, "the account `{account}` has something already: samples are for one that has nothing");
    eprintln!("the account `{account}` has the samples now");
    Ok(())
}

/// Gives an account the samples, all of them or none. Whether it has them now: one that has anything is left as
/// it is.
pub(crate) async fn load(stores: &Stores, files: &Files, account: &str) -> anyhow::Result<bool> {
    if !store::samples::is_empty(&mut *stores.read.snapshot().await?, account).await? {
        return Ok(false);
    }
    let samples: Samples = serde_json::from_str(include_str!("../samples/account.json")).context("the samples")?;
    let connections = stores.read.connections();
    connections.prepare_vault().await?;
    let folder = files.store.parent().unwrap_or(Path::new(""));
    let demo = async |is_first: bool| {
        // Accounts share no data.
        let name = if is_first { "integrate-io-demo.db".to_owned() } else { format!("integrate-io-demo-{account}.db") };
        make_demo(folder, &name).await.with_context(|| format!("cannot make {}", folder.join(&name).display()))?;
        Ok(name)
    };
    let seal = |connection: &store::connections::StoredConnection, user: &str| {
        let password = SecretString::from(Alphanumeric.sample_string(&mut rand::rng(), 24));
        let reader = Login { user: user.to_owned(), password };
        connections.seal(account, connection, &Credentials { reader, writer: None })
    };
    stores.write.load_samples(account, &samples, demo, seal).await
}

/// Makes the demo database, which appears whole or not at all. One that is there stays as it is.
async fn make_demo(folder: &Path, name: &str) -> anyhow::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let file = NamedTempFile::new_in(folder)?;
    let mut database = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file.path())).await?;
    sqlx::raw_sql(include_str!("../samples/demo.sql")).execute(&mut database).await?;
    database.close().await?;
    match file.persist_noclobber(folder.join(name)) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => Ok(other.map(drop)?),
    }
}
