//! What others change in a database that several instances share, and how long that can be relied on.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How long what is remembered is believed after the last proof that every change is heard. It bounds how long
/// another instance's revocation can go unnoticed, whatever becomes of the connection.
const LEASE: Duration = Duration::from_millis(500);

/// Tokens are told apart by this many counters. Two that share one are forgotten together.
const SHARDS: usize = 4096;

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

/// A state of what something follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

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
        let rest = self.of_accounts()?;
        Some(Stamp(rest.0 + self.shard(digest).load(Ordering::Acquire)))
    }

    /// The same of who may reach which account.
    pub(crate) fn of_accounts(&self) -> Option<Stamp> {
        let now = self.nanoseconds(Instant::now());
        // Counters only grow, so that no two states have one sum.
        (now < self.heard_until.load(Ordering::Acquire))
            .then(|| Stamp(self.everything.load(Ordering::Acquire) + self.accounts.load(Ordering::Acquire)))
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
        let byte = |at: usize| usize::from(digest.get(at).copied().unwrap_or_default());
        &self.tokens[(byte(0) << 8 | byte(1)) % SHARDS]
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
            let state = || [changes.of_token(&ONE), changes.of_token(&OTHER), changes.of_accounts()];
            let before = state();
            assert!(before.iter().all(Option::is_some));
            changes.count(change);
            let after = state();
            assert_eq!([0, 1, 2].map(|at| before[at] != after[at]), [token, other, accounts], "{change:?}");
        }
    }

    #[test]
    fn nothing_is_believed_without_a_fresh_proof() {
        let changes = Changes::default();
        assert_eq!(changes.of_token(&ONE), None, "nothing was heard yet");
        changes.heard(Instant::now());
        assert!(changes.of_token(&ONE).is_some());
        changes.unheard();
        assert_eq!(changes.of_accounts(), None);
        let Some(long_ago) = Instant::now().checked_sub(LEASE) else { return };
        changes.heard(long_ago);
        assert_eq!(changes.of_accounts(), None, "a proof is good from when it was asked for");
    }
}
