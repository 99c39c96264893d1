//! The command `connection`: where packages get data from and take it to. No tool adds or changes one.

use std::{
    io::{self, IsTerminal as _, Read as _},
    path::{self, Path},
    time::Instant,
};

use anyhow::{Context as _, anyhow, bail, ensure};
use integrate_io_tools::{ConnectionKind, ConnectionStatus, ConnectionType, TunnelType};
use jiff::Timestamp;
use secrecy::{SecretString, zeroize::Zeroizing};
use toolwright::Secrets;

use crate::{
    commands::{account, label, print, with, with_new},
    connections::{Credentials, Login},
    database::Tls,
    diagnostics,
    store::{
        Files, Stores,
        connections::{StoredConnection, all, find},
    },
};

/// The longest password, in bytes. Keys of cloud storage can be long.
const MAX_PASSWORD: usize = 8192;

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Store the connections of accounts to databases and cloud storage
    #[command(subcommand)]
    Connection(ConnectionCommand),
}

#[derive(clap::Subcommand, Debug)]
pub(crate) enum ConnectionCommand {
    /// Store a connection; its passwords are read from standard input
    ///
    /// Each has a line: that of --user first, then that of --writer. At a terminal they are asked for, and
    /// not shown. A server that runs can use the connection at once.
    Add(Box<AddOptions>),
    /// List the connections, without what lets one in
    List(ListOptions),
    /// Remove a connection and its credentials
    Remove(Chosen),
    /// See whether the system that a connection leads to can be reached
    Check(Chosen),
}

#[derive(clap::Args, Debug)]
pub(crate) struct AddOptions {
    /// Id of the account that it belongs to
    #[arg(long, value_name = "ID", value_parser = account)]
    account: String,
    /// The system that it leads to
    #[arg(long = "type", value_name = "TYPE", value_parser = system)]
    system: ConnectionType,
    /// What to call it
    #[arg(long, value_parser = label)]
    name: String,
    /// The system's host
    #[arg(long, value_parser = label)]
    host: Option<String>,
    /// The system's port, where it is not the usual one
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The database's name; its file, for a SQLite database
    #[arg(long, value_parser = label)]
    database: Option<String>,
    /// The bucket, container or folder, for cloud storage
    #[arg(long, value_parser = label)]
    bucket: Option<String>,
    /// Who signs in, to look: a role that can only read. For cloud storage the id of an access key
    #[arg(long, value_parser = label)]
    user: Option<String>,
    /// Who signs in to write what runs make; without it the connection is no destination
    #[arg(long, value_name = "USER", value_parser = label, requires = "user")]
    writer: Option<String>,
    /// How the way to a PostgreSQL server is encrypted; `verify-full` where nothing is said
    #[arg(long)]
    tls: Option<Tls>,
    #[command(flatten)]
    files: Files,
}

#[derive(clap::Args, Debug)]
pub(crate) struct ListOptions {
    /// Only those of the account with this id
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    #[command(flatten)]
    files: Files,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Chosen {
    /// Id of the connection
    id: i64,
    /// Id of the account that it belongs to
    #[arg(long, value_name = "ID", value_parser = account)]
    account: String,
    /// `database` or `cloud_storage`, where the account has one of each kind with this id
    #[arg(long, value_parser = kind)]
    kind: Option<ConnectionKind>,
    #[command(flatten)]
    files: Files,
}

fn system(word: &str) -> Result<ConnectionType, String> {
    ConnectionType::parse(word).ok_or_else(|| one_of(ConnectionType::ALL.iter().map(|system| system.as_str())))
}

fn kind(word: &str) -> Result<ConnectionKind, String> {
    ConnectionKind::parse(word).ok_or_else(|| one_of(ConnectionKind::ALL.iter().map(|kind| kind.as_str())))
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("write one of {}", words.collect::<Vec<_>>().join(", "))
}

pub(crate) async fn run(Command::Connection(command): Command) -> anyhow::Result<()> {
    match command {
        ConnectionCommand::Add(options) => {
            let new = options.connection()?;
            let credentials = options.credentials()?;
            with_new(&options.files, async |stores| add(stores, &options.account, new, credentials).await).await
        }
        ConnectionCommand::List(options) => {
            with(&options.files, async |stores| list(stores, options.account.as_deref()).await).await
        }
        ConnectionCommand::Remove(chosen) => with(&chosen.files, async |stores| remove(stores, &chosen).await).await,
        ConnectionCommand::Check(chosen) => with(&chosen.files, async |stores| check(stores, &chosen).await).await,
    }
}

/// Which options a system needs, and which others it takes.
fn options_of(system: ConnectionType) -> (&'static [&'static str], &'static [&'static str]) {
    match system {
        ConnectionType::Sqlite => (&["database"], &[]),
        ConnectionType::Postgres => (&["host", "database", "user"], &["port", "writer", "tls"]),
        ConnectionType::S3 | ConnectionType::GoogleCloudStorage => (&["bucket"], &["host", "port", "user"]),
        ConnectionType::AzureBlobStorage | ConnectionType::Sftp => (&["host", "bucket"], &["port", "user"]),
    }
}

impl AddOptions {
    /// The connection, whose id is still to be given.
    fn connection(&self) -> anyhow::Result<StoredConnection> {
        let Self { account: _, system, name, host, port, database, bucket, user, writer, tls, files } = self;
        let given = [
            ("host", host.is_some()),
            ("port", port.is_some()),
            ("database", database.is_some()),
            ("bucket", bucket.is_some()),
            ("user", user.is_some()),
            ("writer", writer.is_some()),
            ("tls", tls.is_some()),
        ];
        let (needed, taken) = options_of(*system);
        for (option, is_given) in given {
            ensure!(is_given || !needed.contains(&option), "a connection of the type {system} needs --{option}");
            let is_taken = needed.contains(&option) || taken.contains(&option);
            ensure!(is_taken || !is_given, "a connection of the type {system} has no --{option}");
        }
        let (usual_host, usual_port, kind) = match system {
            ConnectionType::Sqlite => (None, None, ConnectionKind::Database),
            ConnectionType::Postgres => (None, Some(5432), ConnectionKind::Database),
            ConnectionType::S3 => (Some("s3.amazonaws.com"), Some(443), ConnectionKind::CloudStorage),
            ConnectionType::GoogleCloudStorage => {
                (Some("storage.googleapis.com"), Some(443), ConnectionKind::CloudStorage)
            }
            ConnectionType::AzureBlobStorage => (None, Some(443), ConnectionKind::CloudStorage),
            ConnectionType::Sftp => (None, Some(22), ConnectionKind::CloudStorage),
        };
        let database = match (system, database) {
            (ConnectionType::Sqlite, Some(file)) => Some(sqlite_file(file, &files.store)?),
            (_, database) => database.clone(),
        };
        Ok(StoredConnection {
            id: 0,
            name: name.clone(),
            kind,
            system: *system,
            status: ConnectionStatus::Active,
            host: host.clone().or_else(|| usual_host.map(str::to_owned)),
            port: port.or(usual_port).map(i64::from),
            database,
            bucket: bucket.clone(),
            tunnel: TunnelType::Direct,
            tls: matches!(system, ConnectionType::Postgres).then(|| tls.unwrap_or_default()),
            credentials: None,
            created_at: Timestamp::now().as_microsecond(),
        })
    }

    /// What lets one in, from standard input.
    fn credentials(&self) -> anyhow::Result<Option<Credentials>> {
        let users: Vec<&String> = [&self.user, &self.writer].into_iter().flatten().collect();
        let passwords = passwords(&users)?;
        let mut logins =
            users.into_iter().zip(passwords).map(|(user, password)| Login { user: user.clone(), password });
        Ok(logins.next().map(|reader| Credentials { reader, writer: logins.next() }))
    }
}

/// The whole path of a SQLite database, which must be there.
fn sqlite_file(file: &str, store: &Path) -> anyhow::Result<String> {
    let path = path::absolute(file).with_context(|| format!("cannot use {file}"))?;
    ensure!(path.is_file(), "there is no file {}: a connection does not make its database", path.display());
    let is_store = store.canonicalize().is_ok_and(|store| path.canonicalize().is_ok_and(|path| path == store));
    ensure!(!is_store, "{file} is the server's own store, which has what all accounts have");
    path.into_os_string().into_string().map_err(|path| anyhow!("the path {} is not Unicode", path.display()))
}

/// The passwords of users: asked for at a terminal, or else the lines of standard input. An argument would be
/// seen by every process of the machine, and stay in the shell's history.
fn passwords(users: &[&String]) -> anyhow::Result<Vec<SecretString>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    if io::stdin().is_terminal() {
        let ask = |user: &&String| {
            let typed = rpassword::prompt_password(format!("Password of {user}: "));
            password(&Zeroizing::new(typed.context("cannot read from the terminal")?), user)
        };
        return users.iter().map(ask).collect();
    }
    // Room for all of it at once, so that no copy is left where it grew.
    let room = (MAX_PASSWORD + 2) * users.len() + 1;
    let mut text = Zeroizing::new(String::with_capacity(room));
    let read = io::stdin().take(room as u64).read_to_string(&mut text);
    let length = read.context("cannot read the passwords from standard input")?;
    let lines: Vec<&str> = text.lines().collect();
    ensure!(
        length < room && lines.len() == users.len(),
        "write {} to standard input: the password of {}",
        if users.len() == 1 { "one line".to_owned() } else { format!("{} lines", users.len()) },
        users.iter().map(|user| format!("`{user}`")).collect::<Vec<_>>().join(", then that of ")
    );
    lines.into_iter().zip(users).map(|(line, user)| password(line, user)).collect()
}

fn password(text: &str, user: &str) -> anyhow::Result<SecretString> {
    // What is shorter could not be kept back from results and logs.
    let fits = (Secrets::SHORTEST..=MAX_PASSWORD).contains(&text.len()) && !text.chars().any(char::is_control);
    if !fits {
        bail!("the password of `{user}` must have {} to {MAX_PASSWORD} bytes, on one line", Secrets::SHORTEST);
    }
    Ok(text.into())
}

async fn add(
    stores: &Stores,
    account: &str,
    new: StoredConnection,
    credentials: Option<Credentials>,
) -> anyhow::Result<()> {
    let connections = stores.read.connections();
    if credentials.is_some() {
        connections.prepare_vault().await?;
    }
    let (name, kind, tls) = (new.name.clone(), new.kind, new.tls);
    let seal = |new: &StoredConnection| credentials.map(|all| connections.seal(account, new, &all)).transpose();
    let id = stores.write.add_connection(account, new, seal).await?;
    eprintln!("stored `{name}` with the id {id}, of the kind {kind}, for the account `{account}`");
    if tls.is_some_and(|tls| tls != Tls::VerifyFull) {
        eprintln!(
            "note: whoever is on the way to it can read the passwords and the data; --tls verify-full keeps them secret"
        );
    }
    Ok(())
}

async fn list(stores: &Stores, account: Option<&str>) -> anyhow::Result<()> {
    let header = ["ID", "KIND", "ACCOUNT", "NAME", "TYPE", "STATUS", "HOST", "DATABASE OR BUCKET", "CREDENTIALS"];
    let mut rows = vec![header.map(str::to_owned)];
    for (account, connection) in all(&mut *stores.read.snapshot().await?, account).await? {
        let host = match (connection.host, connection.port) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_else(|| "-".to_owned()),
        };
        rows.push([
            connection.id.to_string(),
            connection.kind.to_string(),
            account,
            connection.name,
            connection.system.to_string(),
            connection.status.to_string(),
            host,
            connection.database.or(connection.bucket).unwrap_or_else(|| "-".to_owned()),
            if connection.credentials.is_some() { "sealed" } else { "none" }.to_owned(),
        ]);
    }
    print(&toolwright::aligned(&rows))
}

async fn remove(stores: &Stores, chosen: &Chosen) -> anyhow::Result<()> {
    let removed = stores.write.remove_connection(&chosen.account, chosen.kind, chosen.id).await?;
    eprintln!("removed `{}`, of the kind {}, with the id {}", removed.name, removed.kind, removed.id);
    Ok(())
}

async fn check(stores: &Stores, chosen: &Chosen) -> anyhow::Result<()> {
    let Chosen { id, account, kind, files: _ } = chosen;
    let connection = find(&mut *stores.read.snapshot().await?, account, *kind, *id).await?;
    let started = Instant::now();
    let opened = stores.read.connections().open(account, *kind, *id).await?;
    if let Err(why) = diagnostics::reach(opened).await {
        // A database can say anything, also what it was told.
        let why = format!("`{}`: {why}", connection.name);
        return Err(anyhow!(stores.read.connections().secrets().redact_text(&why).into_owned()));
    }
    let what = match connection.kind {
        ConnectionKind::Database => "signed in to",
        ConnectionKind::CloudStorage => "reached the host of",
    };
    print(&format!("{what} `{}` in {} ms\n", connection.name, started.elapsed().as_millis()))
}
