//! What changes a balance, beside requests: those who run the server, and asking for it anew.

use infatica_tools::{Balance, BalanceSource};
use sqlx::SqliteConnection;

use super::{Known, Moment, by_ledger, load, moment};
use crate::store::{
    StoreError, WriteStore,
    actor::Actor,
    audit,
    ledger::{self, Entry},
    time,
};

impl WriteStore {
    /// Gives the account credits.
    pub(crate) async fn grant_credits(&self, actor: Actor<'_>, credits: i64, reason: &str) -> Result<(), StoreError> {
        self.change_credits(actor, Entry::Grant { credits, reason }, "credits.granted").await
    }

    /// Corrects the account's credits.
    pub(crate) async fn adjust_credits(&self, actor: Actor<'_>, credits: i64, reason: &str) -> Result<(), StoreError> {
        self.change_credits(actor, Entry::Adjustment { credits, reason }, "credits.adjusted").await
    }

    async fn change_credits(&self, actor: Actor<'_>, entry: Entry<'_>, action: &str) -> Result<(), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        ledger::add(&mut change, now, actor.account, entry).await?;
        audit::record(&mut change, now, actor, action, actor.account).await?;
        change.commit().await?;
        Ok(())
    }

    /// The moment before a billing system is asked: the earliest one that its answer is about.
    pub(crate) async fn moment(&self) -> Result<Moment, StoreError> {
        moment(&mut *self.pool.acquire().await?).await
    }

    /// Keeps what the billing system said of the account, unless something newer is kept. Answers
    /// with what is kept then.
    pub(crate) async fn keep_balance(
        &self,
        actor: Actor<'_>,
        asked: Moment,
        credits: i64,
    ) -> Result<Balance, StoreError> {
        let mut change = self.change().await?;
        keep(&mut change, actor, &Known { credits, source: BalanceSource::Upstream, moment: asked }).await?;
        let balance = load(&mut change, actor.account, self.billing.opening_credits).await?;
        change.commit().await?;
        Ok(balance)
    }

    /// Keeps what the account has by the ledger.
    pub(crate) async fn keep_balance_of_ledger(&self, actor: Actor<'_>) -> Result<Balance, StoreError> {
        let mut change = self.change().await?;
        let opening_credits = self.billing.opening_credits;
        let known = by_ledger(&mut change, actor.account, opening_credits).await?;
        keep(&mut change, actor, &known).await?;
        let balance = load(&mut change, actor.account, opening_credits).await?;
        change.commit().await?;
        Ok(balance)
    }
}

/// Of answers that come out of turn, the one to the latest question stays.
async fn keep(connection: &mut SqliteConnection, actor: Actor<'_>, known: &Known) -> Result<(), StoreError> {
    let Known { credits, source, moment } = known;
    let kept = sqlx::query(
        "INSERT INTO balances (account, credits, source, as_of, last_entry) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (account) DO UPDATE SET credits = ?2, source = ?3, as_of = ?4, last_entry = ?5 WHERE as_of <= ?4",
    )
    .bind(actor.account)
    .bind(credits)
    .bind(source.as_str())
    .bind(moment.at)
    .bind(moment.last_entry)
    .execute(&mut *connection)
    .await?;
    if kept.rows_affected() > 0 {
        audit::record(connection, time::now(), actor, "balance.refreshed", actor.account).await?;
    }
    Ok(())
}
