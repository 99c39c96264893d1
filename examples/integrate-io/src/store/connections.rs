//! Connections: reading them. Secrets come here sealed and leave sealed: [`crate::connections`] opens them.

use std::path::Path;

use integrate_io_tools::{
    Connection, ConnectionDetails, ConnectionFilter, ConnectionKind, ConnectionStatus, ConnectionType, TunnelType,
};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright::Redacted;

use super::{StoreError, time, word};

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
    /// Whether anything is sealed for it.
    pub(crate) has_secret: bool,
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
    let total = select("count(*)", account, filter).build_query_scalar().fetch_one(&mut *connection).await?;
    let mut page = select("id, name, type, status", account, filter);
    page.push(" ORDER BY name COLLATE NOCASE, kind, id LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
    let listed = |row: &SqliteRow| {
        Ok(Connection {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            r#type: word(row.try_get("type")?)?,
            status: word(row.try_get("status")?)?,
        })
    };
    let connections: Result<_, sqlx::Error> = page.build().fetch_all(connection).await?.iter().map(listed).collect();
    Ok((connections?, total))
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
        has_secret: row.try_get::<Option<Vec<u8>>, _>("ciphertext")?.is_some(),
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
            password: self.has_secret.then_some(Redacted),
            created_at: time::rfc3339(self.created_at)?,
        })
    }
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}
