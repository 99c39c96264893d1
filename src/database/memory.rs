//! What is remembered of the database, so that it is not asked on every call.

use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

use super::changes::Stamp;

/// How much of one kind is remembered; beyond, what is asked for least is forgotten first.
const REMEMBERED: usize = 20_000;

/// For how long at most, also while no change is heard of.
const LONGEST: Duration = Duration::from_mins(1);

/// What was read, by what it was asked for. Clones share it.
///
/// A value is copied out of it, and stands where it is found: each step to another place costs as much as the rest where memory is
/// asked for it for the first time in a while.
pub(crate) struct Memory<K, V>(Arc<Cache<K, Remembered<V>>>);

/// What was read.
#[derive(Clone)]
struct Remembered<V> {
    before: Stamp,
    value: V,
}

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What is remembered is printed nowhere.
impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl<K: Hash + Eq, V: Clone> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED)))
    }
}

impl<K: Hash + Eq, V: Clone> Memory<K, V> {
    /// What is known, if nothing has changed since that it follows from.
    pub(crate) fn recall(&self, key: &K, now: Option<Stamp>) -> Option<V> {
        let now = now?;
        let known = self.0.get(key)?;
        known.before.still_holds(now, LONGEST).then_some(known.value)
    }

    /// Remembers what was read after `before`. While changes may go unheard there is nothing to rely on.
    pub(crate) fn remember(&self, key: K, before: Option<Stamp>, value: V) {
        if let Some(before) = before {
            self.0.insert(key, Remembered { before, value });
        }
    }
}
