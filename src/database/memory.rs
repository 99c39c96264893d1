//! What is remembered of the database, so that it is not asked on every call.

use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use moka::sync::Cache;

use super::changes::Stamp;

/// How much of one kind is remembered; beyond, what is asked for least is forgotten first.
const REMEMBERED: u64 = 20_000;

/// For how long at most, also while no change is heard of.
const LONGEST: Duration = Duration::from_mins(1);

/// What was read, by what it was asked for. Clones share it.
pub(crate) struct Memory<K, V>(Cache<K, (Stamp, Arc<V>)>);

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// What is remembered is printed nowhere.
impl<K, V> fmt::Debug for Memory<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl<K, V> Default for Memory<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(LONGEST).build())
    }
}

impl<K, V> Memory<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// What is known, if nothing has changed since that it follows from.
    pub(crate) fn recall(&self, key: &K, now: Option<Stamp>) -> Option<Arc<V>> {
        let (stamp, value) = self.0.get(key)?;
        (Some(stamp) == now).then_some(value)
    }

    /// Remembers what was read after `before`. While changes may go unheard there is nothing to rely on.
    pub(crate) fn remember(&self, key: K, before: Option<Stamp>, value: Arc<V>) {
        if let Some(stamp) = before {
            self.0.insert(key, (stamp, value));
        }
    }
}
