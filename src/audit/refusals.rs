//! Refusals that concern nobody: without a good credential, there is nobody to name, and whoever likes can cause any number.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use toolwright_core::ErrorCode;

use super::{Entry, Kind, Verdict, Via};

/// Counts them, to be written down as one entry for each of their causes: the first one, with how many they are.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashMap<(Via, ErrorCode), Entry>>);

impl Refusals {
    pub(super) fn count(&self, via: Via, code: ErrorCode, status: Option<u16>) {
        let mut counted = self.counted();
        let first = counted.entry((via, code)).or_insert_with(|| Entry {
            verdict: Verdict::Denied,
            outcome: code.entry().name.to_owned(),
            status: status.map(i64::from),
            count: 0,
            ..Entry::now(Kind::Request, via)
        });
        first.count = first.count.saturating_add(1);
    }

    /// What was counted since the last time.
    pub(super) fn take(&self) -> Vec<Entry> {
        self.counted().drain().map(|(_, first)| first).collect()
    }

    /// A panic while the lock was held leaves counts that are as good as before.
    fn counted(&self) -> MutexGuard<'_, HashMap<(Via, ErrorCode), Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
