//! The ledger: what makes an account's credits more or less. Entries are added, and stay.

use sqlx::SqliteConnection;

use super::StoreError;

/// Why an account's credits change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    /// A request is paid for; one has a single charge.
    Charge { usage: i64, credits: i64 },
    /// The operator of the server gives credits.
    Grant { credits: i64, reason: &'a str },
    /// The operator corrects what was wrong, by credits more or less.
    Adjustment { credits: i64, reason: &'a str },
}

/// Adds an entry, in the transaction of what it is for.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    now: i64,
    account: &str,
    entry: Entry<'_>,
) -> Result<(), StoreError> {
    let (kind, credits, usage, reason) = match entry {
        Entry::Charge { usage, credits } => ("charge", -credits, Some(usage), None),
        Entry::Grant { credits, reason } => ("grant", credits, None, Some(reason)),
        Entry::Adjustment { credits, reason } => ("adjustment", credits, None, Some(reason)),
    };
    sqlx::query("INSERT INTO ledger (account, at, kind, credits, usage, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .bind(account)
        .bind(now)
        .bind(kind)
        .bind(credits)
        .bind(usage)
        .bind(reason)
        .execute(connection)
        .await?;
    Ok(())
}

/// The last entry of all accounts; 0 before there is one.
pub(super) async fn last_entry(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let last = "SELECT ifnull(max(seq), 0) FROM ledger";
    Ok(sqlx::query_scalar(last).fetch_one(connection).await?)
}

/// What the account's entries after this one come to.
pub(super) async fn sum_after(connection: &mut SqliteConnection, account: &str, entry: i64) -> Result<i64, StoreError> {
    let sum = "SELECT ifnull(sum(credits), 0) FROM ledger WHERE account = ?1 AND seq > ?2";
    Ok(sqlx::query_scalar(sum).bind(account).bind(entry).fetch_one(connection).await?)
}
