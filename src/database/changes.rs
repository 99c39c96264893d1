//! What others change in a database that several instances share, and how long that can be relied on.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long what is remembered is believed after the last proof that every change is heard. It bounds how long
/// another instance's revocation can go unnoticed, whatever becomes of the connection.
const LEASE: Duration = Duration::from_millis(500);

/// Tokens are told apart by this many counters. Those that share one are forgotten together, and few counters are at hand.
const SHARDS: usize = 256;

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// The token with this digest.
    Token(&'a [u8]),
    /// Somebody's user, account, membership or flag.
    Accounts,
    /// Anything.
    Everything,
}

/// Counts what changes. What is remembered bears the count from before it was read ([`Stamp`]), and is nothing any
/// more when the count is another one: so nobody has to find it to forget it, and what was read while it
/// changed was never good.
#[derive(Debug)]
pub(crate) struct Changes {
    begun: Instant,
    /// Until when every change that there was is counted here, in nanoseconds since `begun`.
    heard_until: AtomicU64,
    everything: AtomicU64,
    accounts: AtomicU64,
    tokens: [AtomicU64; SHARDS],
}

/// A state of what something follows from, and when it was that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    count: u64,
    at: Instant,
}

impl Stamp {
    /// Whether nothing has changed until `now`, and that is not longer ago than `longest`.
    pub(super) fn still_holds(self, now: Self, longest: Duration) -> bool {
        self.count == now.count && now.at.saturating_duration_since(self.at) < longest
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            heard_until: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            accounts: AtomicU64::new(0),
            tokens: array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Changes {
    /// The present state of what a token follows from, its user among it; nothing while changes may go unheard.
    pub(crate) fn of_token(&self, digest: &[u8]) -> Option<Stamp> {
        let Stamp { count, at } = self.of_accounts()?;
        Some(Stamp { count: count + self.shard(digest).load(Ordering::Acquire), at })
    }

    /// The same of who may reach which account.
    pub(crate) fn of_accounts(&self) -> Option<Stamp> {
        let at = Instant::now();
        if self.nanoseconds(at) >= self.heard_until.load(Ordering::Acquire) {
            return None;
        }
        // Counters only grow, so that no two states have one sum.
        let count = self.everything.load(Ordering::Acquire) + self.accounts.load(Ordering::Acquire);
        Some(Stamp { count, at })
    }

    /// Forgets what follows from something.
    pub(crate) fn count(&self, change: Change<'_>) {
        let counter = match change {
            Change::Token(digest) => self.shard(digest),
            Change::Accounts => &self.accounts,
            Change::Everything => &self.everything,
        };
        counter.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that every change from before this moment is counted.
    pub(super) fn heard(&self, at: Instant) {
        self.heard_until.store(self.nanoseconds(at + LEASE), Ordering::Release);
    }

    /// Notes that changes may go unheard from now on.
    pub(super) fn unheard(&self) {
        self.heard_until.store(0, Ordering::Release);
    }

    fn nanoseconds(&self, at: Instant) -> u64 {
        // 584 years.
        u64::try_from(at.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
    }

    /// A digest's bytes are random.
    fn shard(&self, digest: &[u8]) -> &AtomicU64 {
        &self.tokens[usize::from(digest.first().copied().unwrap_or_default()) % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [u8; 32] = [1; 32];
    const OTHER: [u8; 32] = [2; 32];

    #[test]
    fn what_changed_is_another_state_and_nothing_else_is() {
        for (change, token, other, accounts) in [
            (Change::Token(&ONE), true, false, false),
            (Change::Token(&OTHER), false, true, false),
            (Change::Accounts, true, true, true),
            (Change::Everything, true, true, true),
        ] {
            let changes = Changes::default();
            changes.heard(Instant::now() + Duration::from_hours(1));
            let state = || {
                [changes.of_token(&ONE), changes.of_token(&OTHER), changes.of_accounts()]
                    .map(|stamp| stamp.expect("a state"))
            };
            let before = state();
            changes.count(change);
            let after = state();
            let has_changed = |at: usize| !before[at].still_holds(after[at], Duration::MAX);
            assert_eq!([0, 1, 2].map(has_changed), [token, other, accounts], "{change:?}");
        }
    }

    #[test]
    fn no_state_holds_for_longer_than_it_may() {
        let at = Instant::now();
        let stamp = |seconds| Stamp { count: 7, at: at + Duration::from_secs(seconds) };
        for (seconds, holds) in [(0, true), (59, true), (60, false), (61, false)] {
            assert_eq!(stamp(0).still_holds(stamp(seconds), Duration::from_mins(1)), holds, "{seconds}");
        }
        assert!(stamp(1).still_holds(stamp(0), Duration::from_mins(1)), "somebody else was faster");
    }

    #[test]
    fn nothing_is_believed_without_a_fresh_proof() {
        let changes = Changes::default();
        assert!(changes.of_token(&ONE).is_none(), "nothing was heard yet");
        changes.heard(Instant::now());
        assert!(changes.of_token(&ONE).is_some());
        changes.unheard();
        assert!(changes.of_accounts().is_none());
        let Some(long_ago) = Instant::now().checked_sub(LEASE) else { return };
        changes.heard(long_ago);
        assert!(changes.of_accounts().is_none(), "a proof is good from when it was asked for");
    }
}
