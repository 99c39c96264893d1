//! The audit log in the database.

use serde::Serialize;
use sqlx::{FromRow, QueryBuilder};

use super::{Entry, Verdict};
use crate::database::{Database, either};

/// How many old rows are deleted at a time, so that nobody waits for long.
pub(super) const FORGOTTEN_AT_ONCE: u64 = 1_000;

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// The entries, to be written and read.
#[derive(Debug, Clone)]
pub(crate) struct AuditStore {
    database: Database,
}

/// Which entries are asked for. Every condition narrows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted<'a> {
    /// Whose data.
    pub(crate) subject: Option<&'a str>,
    /// A credential by its id or its name.
    pub(crate) credential: Option<&'a str>,
    /// Refusals only.
    pub(crate) denied: bool,
    /// Not before this time, in microseconds.
    pub(crate) since: Option<i64>,
    /// Older than this one: for the next page.
    pub(crate) before: Option<Before<'a>>,
}

/// The last entry of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) at: i64,
    pub(crate) id: &'a str,
}

/// How much happened on one day, by UTC.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
pub(crate) struct Day {
    /// In days since 1970.
    pub(crate) number: i64,
    /// Calls of tools that were allowed.
    pub(crate) calls: i64,
    /// Everything that was denied.
    pub(crate) denied: i64,
}

impl AuditStore {
    pub(crate) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// Writes entries, all or none. One that is there already is left as it is: whoever did not hear that it
    /// was written can write it again.
    pub(crate) async fn insert(&self, entries: &[Entry]) -> sqlx::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        either!(&self.database, connection => {
            let mut query = QueryBuilder::new(
                "INSERT INTO audit (id, at, kind, operation, via, credential_id, credential_name, session, operator, subject, \
                 account, verdict, outcome, status, duration, request_bytes, response_bytes, arguments, count) ",
            );
            query.push_values(entries, |mut row, entry| {
                row.push_bind(&entry.id)
                    .push_bind(entry.at)
                    .push_bind(entry.kind.as_str())
                    .push_bind(&entry.operation)
                    .push_bind(entry.via.as_str())
                    .push_bind(&entry.credential_id)
                    .push_bind(&entry.credential_name)
                    .push_bind(&entry.session)
                    .push_bind(&entry.operator)
                    .push_bind(&entry.subject)
                    .push_bind(&entry.account)
                    .push_bind(entry.verdict.as_str())
                    .push_bind(&entry.outcome)
                    .push_bind(entry.status)
                    .push_bind(entry.duration)
                    .push_bind(entry.request_bytes)
                    .push_bind(entry.response_bytes)
                    .push_bind(&entry.arguments)
                    .push_bind(entry.count);
            });
            query.push(" ON CONFLICT (id) DO NOTHING");
            // A connection would keep a statement for each number of entries, and one of many takes much memory.
            query.build().persistent(false).execute(connection).await.map(drop)
        })
    }

    /// The newest entries of those that are wanted, the newest first.
    pub(crate) async fn recent(&self, wanted: &Wanted<'_>, limit: u32) -> sqlx::Result<Vec<Entry>> {
        let Wanted { subject, credential, denied, since, before } = wanted;
        either!(&self.database, connection => {
            let mut query = QueryBuilder::new("SELECT * FROM audit WHERE count > 0");
            if let Some(subject) = subject {
                query.push(" AND subject = ").push_bind(*subject);
            }
            if let Some(credential) = credential {
                query.push(" AND (credential_id = ").push_bind(*credential);
                query.push(" OR credential_name = ").push_bind(*credential).push(")");
            }
            if *denied {
                query.push(" AND verdict = ").push_bind(Verdict::Denied.as_str());
            }
            if let Some(since) = since {
                query.push(" AND at >= ").push_bind(*since);
            }
            if let Some(Before { at, id }) = before {
                query.push(" AND (at, id) < (").push_bind(*at).push(", ").push_bind(*id).push(")");
            }
            query.push(" ORDER BY at DESC, id DESC LIMIT ").push_bind(i64::from(limit));
            query.build_query_as().fetch_all(connection).await
        })
    }

    /// How much happened to somebody's data on each of the last days, the oldest first: with all credentials, or with
    /// one. A day on which nothing did is left out.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "for the pages in a browser"))]
    pub(crate) async fn per_day(
        &self,
        subject: &str,
        credential: Option<&str>,
        days: u32,
        now: i64,
    ) -> sqlx::Result<Vec<Day>> {
        let since = (now.div_euclid(DAY) + 1 - i64::from(days)) * DAY;
        either!(&self.database, connection => {
            let mut query = QueryBuilder::new(
                "SELECT at / 86400000000 AS number,
                     CAST(SUM(CASE WHEN kind = 'call' AND verdict = 'allowed' THEN count ELSE 0 END) AS BIGINT) AS calls,
                     CAST(SUM(CASE WHEN verdict = 'denied' THEN count ELSE 0 END) AS BIGINT) AS denied
                 FROM audit WHERE subject = ",
            );
            query.push_bind(subject).push(" AND at >= ").push_bind(since);
            if let Some(credential) = credential {
                query.push(" AND credential_id = ").push_bind(credential);
            }
            query.push(" GROUP BY at / 86400000000 ORDER BY number");
            query.build_query_as().fetch_all(connection).await
        })
    }

    /// When the newest entry began of those not after a time, both in microseconds.
    pub(super) async fn newest(&self, until: i64) -> sqlx::Result<Option<i64>> {
        let statement = "SELECT MAX(at) FROM audit WHERE at <= $1";
        either!(&self.database, connection => sqlx::query_scalar(statement).bind(until).fetch_one(connection).await)
    }

    /// Deletes some of what is older than a time in microseconds, and tells how many. Several instances can do so at the
    /// same time: none waits for another.
    pub(super) async fn forget(&self, before: i64) -> sqlx::Result<u64> {
        let statement = self.database.sql(
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2)",
            "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        );
        let limit = i64::try_from(FORGOTTEN_AT_ONCE).unwrap_or(i64::MAX);
        either!(&self.database, connection => {
            let deleted = sqlx::query(statement).bind(before).bind(limit).execute(connection).await?;
            Ok(deleted.rows_affected())
        })
    }
}
