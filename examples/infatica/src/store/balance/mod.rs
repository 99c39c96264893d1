//! Balances: what an account has, by the ledger or by the billing system. What changes them is in
//! `transitions`.

use infatica_tools::{AccountStatus, Balance, BalanceSource};
use sqlx::{Row as _, SqliteConnection};

use super::{StoreError, ledger, time, word};

mod transitions;

/// An account with fewer credits is low. The manifest says the same to customers.
const LOW: i64 = 500;

/// What balances are counted in.
const UNIT: &str = "credits";

/// A moment of the ledger: what is true then knows all entries up to the last one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    at: i64,
    last_entry: i64,
}

/// This moment.
async fn moment(connection: &mut SqliteConnection) -> Result<Moment, StoreError> {
    Ok(Moment { at: time::now(), last_entry: ledger::last_entry(connection).await? })
}

/// A balance, and who said when that it was so.
struct Known {
    credits: i64,
    source: BalanceSource,
    moment: Moment,
}

/// The balance that is kept for the account; that of the ledger if none is.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    account: &str,
    opening_credits: i64,
) -> Result<Balance, StoreError> {
    let known = match kept(connection, account).await? {
        Some(known) => known,
        None => by_ledger(connection, account, opening_credits).await?,
    };
    let change_since = ledger::sum_after(connection, account, known.moment.last_entry).await?;
    Ok(Balance {
        account: account.to_owned(),
        balance: known.credits,
        unit: UNIT.to_owned(),
        as_of: time::rfc3339(known.moment.at)?,
        source: known.source,
        change_since,
        status: status(known.credits.saturating_add(change_since)),
    })
}

async fn kept(connection: &mut SqliteConnection, account: &str) -> Result<Option<Known>, StoreError> {
    let row = sqlx::query("SELECT credits, source, as_of, last_entry FROM balances WHERE account = ?1")
        .bind(account)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Known {
        credits: row.try_get("credits")?,
        source: word(row.try_get("source")?)?,
        moment: Moment { at: row.try_get("as_of")?, last_entry: row.try_get("last_entry")? },
    }))
}

async fn by_ledger(
    connection: &mut SqliteConnection,
    account: &str,
    opening_credits: i64,
) -> Result<Known, StoreError> {
    let moment = moment(connection).await?;
    let credits = opening_credits.saturating_add(ledger::sum_after(connection, account, 0).await?);
    Ok(Known { credits, source: BalanceSource::Ledger, moment })
}

const fn status(credits: i64) -> AccountStatus {
    match credits {
        ..=0 => AccountStatus::Exhausted,
        1..LOW => AccountStatus::Low,
        LOW.. => AccountStatus::Active,
    }
}
