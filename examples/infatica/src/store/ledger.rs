//! The ledger: what makes an account's credits more or less. Entries are added, and stay.

use sqlx::SqliteConnection;

use super::StoreError;

/// Charges an account for a request, in the transaction that records it.
pub(super) async fn charge(
    connection: &mut SqliteConnection,
    now: i64,
    account: &str,
    usage: i64,
    credits: i64,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO ledger (account, at, kind, credits, usage) VALUES (?1, ?2, 'charge', ?3, ?4)")
        .bind(account)
        .bind(now)
        .bind(-credits)
        .bind(usage)
        .execute(connection)
        .await?;
    Ok(())
}
