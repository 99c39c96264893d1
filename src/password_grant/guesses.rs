//! The limit against guessing: how long somebody has to wait until the next password is looked at.
//!
//! Failures are counted for an email address at one place, for an email address wherever it is tried,
//! and for a place whatever is tried there. Past a few, each one makes the next wait longer, so that
//! nobody is locked out for good. Who guesses elsewhere makes nobody wait at a place where they have
//! signed in before.

use std::net::{IpAddr, Ipv6Addr};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::FromRow;

use crate::database::{Database, Exclusive as _, either};

/// How many failures cost nothing: of a user at one place, of a user anywhere, at a place.
const FREE_PAIR: i64 = 5;
const FREE_USER: i64 = 50;
const FREE_PLACE: i64 = 50;

/// The longest that a failure makes anybody wait, in seconds; the first that counts is one second,
/// and each one after it twice as long as the one before.
const LONGEST_WAIT: i64 = 15 * 60;

/// How long failures are remembered after the last one, in seconds.
const FAILURES_KEPT: i64 = 60 * 60;

/// How long a place is remembered where a user signed in, in seconds.
const SUCCESS_KEPT: i64 = 30 * 24 * 60 * 60;

/// The store of what failed. It is in the database, so that a restart forgives nothing and all
/// processes count together. A row is the work of a whole check of a password, and lives for an hour,
/// which bounds how many there can be.
#[derive(Debug, Clone)]
pub(super) struct Guesses {
    database: Database,
}

/// Who is tried, and from where, as it is stored.
#[derive(Debug)]
pub(super) struct Attempt {
    pair: Vec<u8>,
    user: Vec<u8>,
    place: Option<Vec<u8>>,
}

#[derive(Debug, Clone, FromRow)]
struct Row {
    key: Vec<u8>,
    failures: i64,
    failed_at: i64,
    succeeded_at: Option<i64>,
}

impl Attempt {
    /// Without a place where all clients come from one, as behind a proxy.
    pub(super) fn new(email: &str, place: Option<IpAddr>) -> Self {
        let email = email.trim().to_ascii_lowercase();
        let place = place.map(network);
        let key = |kind: &str, email: &str, place: Option<IpAddr>| {
            let place = place.map(|place| place.to_string()).unwrap_or_default();
            // A zero byte is in neither of the two around it.
            Sha256::digest(format!("{kind}\0{place}\0{email}").as_bytes()).to_vec()
        };
        Self {
            pair: key("pair", &email, place),
            user: key("user", &email, None),
            place: place.map(|place| key("place", "", Some(place))),
        }
    }
}

/// Where a client is: whoever has an address of IPv6 has all of its network (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Guesses {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// How many seconds are left until the attempt can be made; none when it can be.
    pub(super) async fn wait(&self, attempt: &Attempt) -> sqlx::Result<Option<u64>> {
        let rows: Vec<Row> = either!(&self.database, connection => {
            let query = sqlx::query_as("SELECT * FROM sign_ins WHERE key IN ($1, $2, $3)");
            query.bind(&attempt.pair).bind(&attempt.user).bind(&attempt.place).fetch_all(connection).await
        })?;
        let now = Timestamp::now().as_second();
        let row = |key: &[u8]| rows.iter().find(|row| row.key == key);
        let pair = row(&attempt.pair);
        let is_known = pair.and_then(|row| row.succeeded_at).is_some_and(|at| at + SUCCESS_KEPT > now);
        let user = row(&attempt.user).filter(|_| !is_known);
        let place = attempt.place.as_deref().and_then(row);
        let waits = [(pair, FREE_PAIR), (user, FREE_USER), (place, FREE_PLACE)]
            .into_iter()
            .filter_map(|(row, free)| row.map(|row| row.wait(free, now)));
        Ok(waits.max().and_then(|wait| u64::try_from(wait).ok()).filter(|wait| *wait > 0))
    }

    /// Counts a failure.
    pub(super) async fn failed(&self, attempt: &Attempt) -> sqlx::Result<()> {
        let now = Timestamp::now().as_second();
        let keys = [Some(&attempt.pair), Some(&attempt.user), attempt.place.as_ref()];
        either!(&self.database, connection => {
            // The rows of two attempts can overlap in any order.
            let mut transaction = connection.begin_exclusive("sign_ins").await?;
            sqlx::query("DELETE FROM sign_ins WHERE forget_at <= $1").bind(now).execute(&mut *transaction).await?;
            for key in keys.into_iter().flatten() {
                sqlx::query(
                    "INSERT INTO sign_ins (key, failures, failed_at, forget_at) VALUES ($1, 1, $2, $2 + $3)
                     ON CONFLICT (key) DO UPDATE SET
                         failures = CASE WHEN sign_ins.failed_at + $3 <= $2 THEN 1 ELSE sign_ins.failures + 1 END,
                         failed_at = $2,
                         forget_at = CASE WHEN sign_ins.forget_at > $2 + $3 THEN sign_ins.forget_at ELSE $2 + $3 END",
                )
                .bind(key)
                .bind(now)
                .bind(FAILURES_KEPT)
                .execute(&mut *transaction)
                .await?;
            }
            transaction.commit().await
        })
    }

    /// Forgives what failed for this user at this place, and remembers the place. What failed
    /// elsewhere stays counted: somebody else may have tried it.
    pub(super) async fn succeeded(&self, attempt: &Attempt) -> sqlx::Result<()> {
        let now = Timestamp::now().as_second();
        either!(&self.database, connection => {
            let query = sqlx::query(
                "INSERT INTO sign_ins (key, failures, failed_at, succeeded_at, forget_at)
                 VALUES ($1, 0, 0, $2, $2 + $3)
                 ON CONFLICT (key) DO UPDATE SET failures = 0, succeeded_at = $2, forget_at = $2 + $3",
            );
            query.bind(&attempt.pair).bind(now).bind(SUCCESS_KEPT).execute(connection).await.map(drop)
        })
    }
}

impl Row {
    fn wait(&self, free: i64, now: i64) -> i64 {
        let since = now - self.failed_at;
        // Of a failure in the far future a clock knew that has been set back since.
        if self.failures < free || !(-LONGEST_WAIT..FAILURES_KEPT).contains(&since) {
            return 0;
        }
        // 2 to the power of 10 is longer than the longest.
        let doubled = 1 << (self.failures - free).min(10);
        (LONGEST_WAIT.min(doubled) - since).clamp(0, LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Attempt, Row};

    #[test]
    fn each_failure_past_the_free_ones_doubles_the_wait() {
        let wait = |failures, since: i64| {
            let row = Row { key: Vec::new(), failures, failed_at: 1_000_000, succeeded_at: None };
            row.wait(5, 1_000_000 + since)
        };
        for (failures, since, expected) in [
            (0, 0, 0),
            (4, 0, 0),
            (5, 0, 1),
            (5, 1, 0),
            (6, 0, 2),
            (10, 0, 32),
            (10, 30, 2),
            (14, 0, 512),
            (15, 0, 900),
            (1_000_000, 0, 900),
            (1_000_000, 899, 1),
            (1_000_000, 900, 0),
            // The clock was set back, by a little and by much.
            (5, -10, 11),
            (1_000_000, -10, 900),
            (1_000_000, -5_000, 0),
            (i64::MAX, 3600, 0),
        ] {
            assert_eq!(wait(failures, since), expected, "{failures} failures, {since} s ago");
        }
    }

    #[test]
    fn an_attempt_is_told_by_its_user_and_its_network() {
        let at = |email: &str, place: &str| Attempt::new(email, Some(place.parse::<IpAddr>().expect("an address")));
        let attempt = at("ada@example.com", "192.0.2.1");
        for (email, place, same_user, same_place) in [
            (" Ada@Example.COM ", "192.0.2.1", true, true),
            ("ada@example.com", "::ffff:192.0.2.1", true, true),
            ("ada@example.com", "192.0.2.2", true, false),
            ("bob@example.com", "192.0.2.1", false, true),
        ] {
            let other = at(email, place);
            assert_eq!(other.user == attempt.user, same_user, "{email}");
            assert_eq!(other.place == attempt.place, same_place, "{place}");
            assert_eq!(other.pair == attempt.pair, same_user && same_place, "{email} {place}");
        }
        assert_eq!(at("a", "2001:db8:1:2::1").place, at("a", "2001:db8:1:2:ffff::").place);
        assert_ne!(at("a", "2001:db8:1:2::1").place, at("a", "2001:db8:1:3::1").place);
        let nowhere = Attempt::new("ada@example.com", None);
        assert!(nowhere.place.is_none() && nowhere.pair != attempt.pair && nowhere.user == attempt.user);
    }
}
