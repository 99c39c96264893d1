//! Connections. Credentials come here sealed and leave sealed: [`crate::connections`] opens them.

use std::path::Path;

use anyhow::ensure;
use clap::ValueEnum as _;
use integrate_io_tools::{
    Connection, ConnectionDetails, ConnectionFilter, ConnectionKind, ConnectionStatus, ConnectionType, TunnelType,
};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright::Redacted;
use toolwright_support::sqlite::page;
use toolwright_support::{
    sqlite::{time, word},
    vault::Sealed,
};

use super::{StoreError, WriteStore};
use crate::database::Tls;

/// A connection as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredConnection {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: ConnectionKind,
    pub(crate) system: ConnectionType,
    pub(crate) status: ConnectionStatus,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<i64>,
    /// A database's name, or the path of its file.
    pub(crate) database: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) tunnel: TunnelType,
    /// How the way to a PostgreSQL server is encrypted.
    pub(crate) tls: Option<Tls>,
    /// What lets one in, sealed for this connection.
    pub(crate) credentials: Option<Sealed>,
    pub(crate) created_at: i64,
}

/// The account's connection with this id. Where both kinds have one, the kind must be given.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    account: &str,
    kind: Option<ConnectionKind>,
    id: i64,
) -> Result<StoredConnection, StoreError> {
    let rows = sqlx::query("SELECT * FROM connections WHERE account = ?1 AND id = ?2 AND kind = coalesce(?3, kind)")
        .bind(account)
        .bind(id)
        .bind(kind.map(ConnectionKind::as_str))
        .fetch_all(connection)
        .await?;
    match rows.as_slice() {
        [] => Err(StoreError::NotFound { what: "connection", id }),
        [row] => Ok(stored(row)?),
        _ => Err(StoreError::Ambiguous { id }),
    }
}

/// Every connection of an account, or of all, by account and name, each with its account.
pub(crate) async fn all(
    connection: &mut SqliteConnection,
    account: Option<&str>,
) -> Result<Vec<(String, StoredConnection)>, StoreError> {
    let select = "SELECT * FROM connections WHERE account = coalesce(?1, account) ORDER BY account, name COLLATE NOCASE, kind, id";
    let rows = sqlx::query(select).bind(account).fetch_all(connection).await?;
    let stored = |row: &SqliteRow| Ok((row.try_get("account")?, stored(row)?));
    Ok(rows.iter().map(stored).collect::<Result<_, sqlx::Error>>()?)
}

fn select(columns: &str, account: &str, filter: Option<ConnectionFilter>) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new("SELECT ");
    select.push(columns).push(" FROM connections WHERE account = ").push_bind(account.to_owned());
    if let Some(filter) = filter {
        // No kind has the name of a system.
        select.push(" AND ").push_bind(filter.as_str()).push(" IN (kind, type)");
    }
    select
}

/// The account's connections that a filter matches, by name, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: Option<ConnectionFilter>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Connection>, i64), StoreError> {
    let listed = |row: &SqliteRow| {
        Ok(Connection {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            r#type: word(row.try_get("type")?)?,
            status: word(row.try_get("status")?)?,
        })
    };
    let select = |columns: &str| select(columns, account, filter);
    let order = "name COLLATE NOCASE, kind, id";
    Ok(page(connection, select, "id, name, type, status", order, (limit, offset), listed).await?)
}

fn stored(row: &SqliteRow) -> Result<StoredConnection, sqlx::Error> {
    Ok(StoredConnection {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        kind: word(row.try_get("kind")?)?,
        system: word(row.try_get("type")?)?,
        status: word(row.try_get("status")?)?,
        host: row.try_get("host")?,
        port: row.try_get("port")?,
        database: row.try_get("database")?,
        bucket: row.try_get("bucket")?,
        tunnel: word(row.try_get("tunnel_type")?)?,
        tls: row.try_get::<Option<&str>, _>("tls")?.map(tls).transpose()?,
        credentials: match (row.try_get("nonce")?, row.try_get("ciphertext")?) {
            (Some(nonce), Some(ciphertext)) => Some(Sealed { nonce, ciphertext }),
            _ => None,
        },
        created_at: row.try_get("created_at")?,
    })
}

impl StoredConnection {
    /// What a caller is told of it.
    pub(crate) fn details(self) -> Result<ConnectionDetails, StoreError> {
        let database = match self.system {
            // Where the file is on the server is nobody's business.
            ConnectionType::Sqlite => self.database.as_deref().map(file_name),
            _ => self.database,
        };
        Ok(ConnectionDetails {
            id: self.id,
            name: self.name,
            connection_type: self.kind,
            r#type: self.system,
            status: self.status,
            host: self.host,
            port: self.port,
            database,
            bucket: self.bucket,
            tunnel_type: self.tunnel,
            password: self.credentials.map(|_| Redacted),
            created_at: time::rfc3339(self.created_at)?,
        })
    }
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn tls(word: &str) -> Result<Tls, sqlx::Error> {
    Tls::from_str(word, false).map_err(|error| sqlx::Error::Decode(error.into()))
}

impl WriteStore {
    /// Stores an account's connection under a new id, which it answers with. `seal` is given the connection
    /// with that id, and seals what lets one in.
    pub(crate) async fn add_connection(
        &self,
        account: &str,
        new: StoredConnection,
        seal: impl FnOnce(&StoredConnection) -> anyhow::Result<Option<Sealed>>,
    ) -> anyhow::Result<i64> {
        let mut change = self.change().await?;
        let taken = "SELECT count(*) FROM connections WHERE account = ?1 AND name = ?2";
        let taken: i64 = sqlx::query_scalar(taken).bind(account).bind(&new.name).fetch_one(&mut *change).await?;
        ensure!(taken == 0, "the account has a connection `{}` already: choose another name", new.name);
        let id = next_id(&mut change, new.kind).await?;
        let new = StoredConnection { id, ..new };
        let credentials = seal(&new)?;
        insert(&mut change, account, &StoredConnection { credentials, ..new }).await?;
        change.commit().await?;
        Ok(id)
    }

    /// Removes an account's connection, and answers with what it was. Its id is not given out again.
    pub(crate) async fn remove_connection(
        &self,
        account: &str,
        kind: Option<ConnectionKind>,
        id: i64,
    ) -> Result<StoredConnection, StoreError> {
        let mut change = self.change().await?;
        let connection = find(&mut change, account, kind, id).await?;
        sqlx::query("DELETE FROM connections WHERE kind = ?1 AND id = ?2")
            .bind(connection.kind.as_str())
            .bind(id)
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        Ok(connection)
    }
}

/// The next id of a kind. None was ever that of another connection.
pub(super) async fn next_id(change: &mut SqliteConnection, kind: ConnectionKind) -> Result<i64, StoreError> {
    let last = "SELECT coalesce(max(last), 0) FROM connection_ids WHERE kind = ?1";
    let last: i64 = sqlx::query_scalar(last).bind(kind.as_str()).fetch_one(change).await?;
    Ok(last + 1)
}

/// Stores an account's connection, whose id is free.
pub(super) async fn insert(
    change: &mut SqliteConnection,
    account: &str,
    connection: &StoredConnection,
) -> Result<(), StoreError> {
    let sealed = connection.credentials.as_ref();
    sqlx::query(
        "INSERT INTO connections (kind, id, account, name, type, status, host, port, database, bucket, tunnel_type,
                                  tls, nonce, ciphertext, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
    .bind(connection.kind.as_str())
    .bind(connection.id)
    .bind(account)
    .bind(&connection.name)
    .bind(connection.system.as_str())
    .bind(connection.status.as_str())
    .bind(&connection.host)
    .bind(connection.port)
    .bind(&connection.database)
    .bind(&connection.bucket)
    .bind(connection.tunnel.as_str())
    .bind(connection.tls.map(tls_word))
    .bind(sealed.map(|sealed| &sealed.nonce))
    .bind(sealed.map(|sealed| &sealed.ciphertext))
    .bind(connection.created_at)
    .execute(change)
    .await?;
    Ok(())
}

/// How the database and the command line call it.
pub(crate) fn tls_word(tls: Tls) -> String {
    tls.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
