//! The audit log: who changed what, and on what grounds.

use infatica_tools::{AuditEntry, Via};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use super::{
    StoreError,
    actor::{Actor, By},
    time, word,
};

/// Records a change in the transaction that makes it, once for each call. `action` is the thing, a
/// dot, and what became of it, as `run.created`; `object` is its id.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    now: i64,
    actor: Actor<'_>,
    action: &str,
    object: &str,
) -> Result<(), StoreError> {
    let (via, credential) = match actor.by {
        By::Token { id, .. } => (Via::Token, Some(id)),
        By::Session { .. } => (Via::Session, None),
        By::Schedule { .. } => (Via::Schedule, None),
    };
    sqlx::query(
        "INSERT INTO audit (account, at, via, credential, actor, action, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(actor.account)
    .bind(now)
    .bind(via.as_str())
    .bind(credential)
    .bind(actor.name())
    .bind(action)
    .bind(object)
    .execute(connection)
    .await?;
    Ok(())
}

/// Which entries to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// An action, or the thing that actions are about.
    pub(crate) action: Option<String>,
    pub(crate) object_id: Option<String>,
    pub(crate) via: Option<Via>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Filter {
    /// A query over the account's entries that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { action, object_id, via, since, until } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(" FROM audit WHERE account = ").push_bind(account.to_owned());
        if let Some(action) = action {
            select.push(" AND (action = ").push_bind(action.clone());
            select.push(" OR substr(action, 1, instr(action, '.') - 1) = ").push_bind(action.clone()).push(")");
        }
        if let Some(object_id) = object_id {
            select.push(" AND object = ").push_bind(object_id.clone());
        }
        if let Some(via) = via {
            select.push(" AND via = ").push_bind(via.as_str());
        }
        if let Some(instant) = since {
            select.push(" AND at >= ").push_bind(time::not_before(*instant));
        }
        if let Some(instant) = until {
            select.push(" AND at < ").push_bind(time::not_before(*instant));
        }
        select
    }
}

/// The account's entries that a filter matches, newest first, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<AuditEntry>, i64), StoreError> {
    let select = |columns: &str| filter.select(columns, account);
    Ok(page(connection, select, "*", "seq DESC", (limit, offset), from_row).await?)
}

fn from_row(row: &SqliteRow) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        at: time::rfc3339(row.try_get("at")?)?,
        action: row.try_get("action")?,
        object_id: row.try_get("object")?,
        via: word(row.try_get("via")?)?,
        by: row.try_get("actor")?,
        token_id: row.try_get("credential")?,
    })
}
