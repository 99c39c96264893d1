//! Opening connections. Credentials leave the vault here and nowhere else, and what is secret of them is
//! told to the server's redaction before anything else sees it.

use std::{
    collections::HashSet,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use integrate_io_tools::{ConnectionKind, ConnectionStatus, ConnectionType, TunnelType};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use toolwright::{Secrets, ToolError};
use toolwright_support::vault::{Sealed, Vault};

use crate::{
    database::{self, PostgresTarget, Target},
    store::{
        Files, StoreError,
        connections::{self, StoredConnection, tls_word},
    },
};

/// What lets one into a system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credentials {
    /// For all that only looks.
    pub(crate) reader: Login,
    /// For runs.
    pub(crate) writer: Option<Login>,
}

/// A user and a password, or what a system has in their place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) user: String,
    #[serde(with = "exposed")]
    pub(crate) password: SecretString,
}

/// A secret in the JSON that is sealed.
mod exposed {
    use secrecy::{ExposeSecret as _, SecretString};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose_secret())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
        String::deserialize(deserializer).map(SecretString::from)
    }
}

impl From<Login> for database::Login {
    fn from(Login { user, password }: Login) -> Self {
        Self { user, password }
    }
}

/// What a connection's credentials are sealed for: whose they are, and where they may be sent. None of it can
/// be another when they are opened.
fn purpose(account: &str, connection: &StoredConnection) -> Vec<u8> {
    let StoredConnection { id, kind, system, host, port, database, bucket, tls, .. } = connection;
    let [id, port] = [Some(*id), *port].map(|number| number.map(|number| number.to_string()).unwrap_or_default());
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    let parts = [
        account,
        kind.as_str(),
        &id,
        system.as_str(),
        &or_nothing(host),
        &port,
        &or_nothing(database),
        &or_nothing(bucket),
        &tls.map(tls_word).unwrap_or_default(),
    ];
    parts.iter().flat_map(|part| [part.as_bytes(), b"\0"].concat()).collect()
}

/// Where a connection leads, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) enum Opened {
    Database(Target),
    /// The host and port of cloud storage.
    CloudStorage {
        host: String,
        port: u16,
    },
}

/// Why a connection was not opened, in words for whoever asked for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The vendor's words.
    #[error("connection not found, or not a database connection")]
    NotADatabase,
    #[error("the connection `{0}` is disabled: enable it before it is used")]
    Disabled(i64),
    #[error("the connection `{0}` goes through an SSH tunnel, which this server does not open")]
    Tunnel(i64),
    #[error("the connection `{id}` is incomplete: it has no {what}")]
    Incomplete { id: i64, what: &'static str },
    #[error("the credentials of the connection `{id}` do not open: the server's operator finds the reason in its log")]
    Sealed { id: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OpenError> for ToolError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            OpenError::NotADatabase => Self::invalid_argument("connection_id", error),
            OpenError::Disabled(_) | OpenError::Tunnel(_) | OpenError::Incomplete { .. } => {
                Self::wrong_state(error.to_string())
            }
            OpenError::Sealed { .. } => Self::unavailable(error.to_string()),
        }
    }
}

/// Opens the connections of accounts.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    store: SqlitePool,
    /// Where relative paths of SQLite files start: beside the store.
    folder: PathBuf,
    vault: Vault,
    secrets: Secrets,
    /// The nonces of what was opened, and so told to the redaction.
    learned: Arc<Mutex<HashSet<Vec<u8>>>>,
    /// One permit for each call that may ask what a connection leads to at the same time.
    calls: Arc<Semaphore>,
}

/// How many calls ask at a time, where nobody says.
pub(crate) const CALLS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

impl Connections {
    /// Over the connections of a store, by its door that only reads.
    pub(crate) fn new(store: SqlitePool, files: &Files, secrets: Secrets) -> Self {
        let folder = files.store.parent().map(PathBuf::from).unwrap_or_default();
        let calls = Arc::new(Semaphore::new(CALLS.get()));
        Self { store, folder, vault: files.vault(), secrets, learned: Arc::default(), calls }
    }

    /// The same, for this many calls at a time.
    pub(crate) fn asking(self, calls: NonZeroUsize) -> Self {
        Self { calls: Arc::new(Semaphore::new(calls.get())), ..self }
    }

    /// What is kept back: the secrets of connections, and others.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Leave to ask what a connection leads to, as long as it is held. Systems that are slow to answer must not
    /// hold up the whole server.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, ToolError> {
        Arc::clone(&self.calls).try_acquire_owned().map_err(|_| {
            ToolError::unavailable(
                "as many calls look at connections as the server allows: call again in a few seconds",
            )
        })
    }

    /// The database that an account's connection leads to.
    pub(crate) async fn database(&self, account: &str, id: i64) -> Result<Target, OpenError> {
        match self.open(account, Some(ConnectionKind::Database), id).await {
            Ok(Opened::Database(target)) => Ok(target),
            Ok(Opened::CloudStorage { .. }) | Err(OpenError::Store(StoreError::NotFound { .. })) => {
                Err(OpenError::NotADatabase)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens an account's connection. Where both kinds have one with this id, the kind must be given.
    pub(crate) async fn open(&self, account: &str, kind: Option<ConnectionKind>, id: i64) -> Result<Opened, OpenError> {
        let mut view = self.store.acquire().await.map_err(StoreError::from)?;
        let connection = connections::find(&mut view, account, kind, id).await?;
        drop(view);
        if connection.status == ConnectionStatus::Disabled {
            return Err(OpenError::Disabled(id));
        }
        if connection.tunnel != TunnelType::Direct {
            return Err(OpenError::Tunnel(id));
        }
        match connection.system {
            ConnectionType::Sqlite => self.sqlite(&connection),
            ConnectionType::Postgres => self.postgres(account, connection),
            _ => {
                let port = port(&connection)?;
                let host = connection.host.ok_or(OpenError::Incomplete { id, what: "host" })?;
                Ok(Opened::CloudStorage { host, port })
            }
        }
    }

    fn sqlite(&self, connection: &StoredConnection) -> Result<Opened, OpenError> {
        let file = connection.database.as_ref().ok_or(OpenError::Incomplete { id: connection.id, what: "file" })?;
        Ok(Opened::Database(Target::Sqlite { path: self.folder.join(file) }))
    }

    fn postgres(&self, account: &str, connection: StoredConnection) -> Result<Opened, OpenError> {
        let id = connection.id;
        let credentials = self.credentials(account, &connection).inspect_err(|error| {
            tracing::error!(account, connection = id, error = format!("{error:#}"), "credentials do not open");
        });
        let credentials = credentials.map_err(|_| OpenError::Sealed { id })?;
        let Credentials { reader, writer } = credentials.ok_or(OpenError::Incomplete { id, what: "credentials" })?;
        Ok(Opened::Database(Target::Postgres(PostgresTarget {
            port: port(&connection)?,
            host: connection.host.ok_or(OpenError::Incomplete { id, what: "host" })?,
            database: connection.database.ok_or(OpenError::Incomplete { id, what: "database" })?,
            reader: reader.into(),
            writer: writer.map(Into::into),
            tls: connection.tls.unwrap_or_default(),
        })))
    }

    /// What is sealed for a connection, told to the redaction before it is given out.
    fn credentials(&self, account: &str, connection: &StoredConnection) -> anyhow::Result<Option<Credentials>> {
        let Some(sealed) = &connection.credentials else { return Ok(None) };
        let opened = self.vault.open(sealed, &purpose(account, connection))?;
        let credentials: Credentials = serde_json::from_str(opened.expose_secret())?;
        for login in [Some(&credentials.reader), credentials.writer.as_ref()].into_iter().flatten() {
            self.secrets.learn(login.password.expose_secret());
        }
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.insert(sealed.nonce.clone());
        Ok(Some(credentials))
    }

    /// Seals the credentials of an account's connection.
    pub(crate) fn seal(
        &self,
        account: &str,
        connection: &StoredConnection,
        credentials: &Credentials,
    ) -> anyhow::Result<Sealed> {
        let json = SecretString::from(serde_json::to_string(credentials)?);
        Ok(self.vault.seal(&json, &purpose(account, connection))?)
    }

    /// Makes the vault's key file for the first credentials. Later ones need the file of those that are there.
    pub(crate) async fn prepare_vault(&self) -> anyhow::Result<()> {
        let mut fault = None;
        for (account, connection) in connections::all(&mut *self.store.acquire().await?, None).await? {
            match self.credentials(&account, &connection) {
                Ok(None) => {}
                Ok(Some(_)) => return Ok(()),
                Err(error) => {
                    fault =
                        Some(error.context(format!("the connection `{}` of the account `{account}`", connection.name)));
                }
            }
        }
        let Some(error) = fault else { return Ok(self.vault.create()?) };
        let hint =
            "the credentials that are stored do not open; if their key file is lost, remove their connections first";
        Err(error.context(hint))
    }

    /// Tells the redaction the secrets of every connection, so that they are kept back wherever they turn up,
    /// also from what was logged before anybody opened them. Those that it was told cost no more than a query.
    /// One that does not open is passed over: nobody can show it either.
    pub(crate) async fn learn_secrets(&self) -> Result<(), StoreError> {
        let mut view = self.store.acquire().await?;
        for (account, connection) in connections::all(&mut view, None).await? {
            let nonce = connection.credentials.as_ref().map(|sealed| &sealed.nonce);
            let learned = |nonce| self.learned.lock().unwrap_or_else(PoisonError::into_inner).contains(nonce);
            if nonce.is_some_and(learned) {
                continue;
            }
            if let Err(error) = self.credentials(&account, &connection) {
                let (id, error) = (connection.id, format!("{error:#}"));
                tracing::error!(account, connection = id, error, "credentials do not open, and are not kept back");
            }
        }
        Ok(())
    }
}

fn port(connection: &StoredConnection) -> Result<u16, OpenError> {
    let port = connection.port.and_then(|port| u16::try_from(port).ok());
    port.ok_or(OpenError::Incomplete { id: connection.id, what: "port" })
}
