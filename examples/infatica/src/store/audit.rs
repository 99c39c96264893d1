//! The audit log: who changed what, and on what grounds.

use sqlx::SqliteConnection;

use super::{
    StoreError,
    actor::{Actor, By},
};

/// Records a change in the transaction that makes it. `action` is the thing, a dot, and what became
/// of it, as `run.created`; `object` is its id.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    now: i64,
    actor: Actor<'_>,
    action: &str,
    object: &str,
) -> Result<(), StoreError> {
    let (via, credential) = match actor.by {
        By::Token { id, .. } => ("token", Some(id)),
    };
    sqlx::query(
        "INSERT INTO audit (account, at, via, credential, actor, action, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(actor.account)
    .bind(now)
    .bind(via)
    .bind(credential)
    .bind(actor.name())
    .bind(action)
    .bind(object)
    .execute(connection)
    .await?;
    Ok(())
}
