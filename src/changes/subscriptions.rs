//! Which resources a credential has subscribed to, in the revisions before 2026-07-28: it says so in a request of its own, and
//! hears of it on another one.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use moka::sync::Cache;

/// How many resources a credential subscribes to.
pub(crate) const RESOURCES: usize = 100;

/// How many credentials are remembered; of more, those are forgotten that were not heard of for longest.
const CREDENTIALS: u64 = 10_000;

/// For how long a credential is remembered that nothing is heard of.
const IDLE: Duration = Duration::from_hours(24);

/// The subscriptions of each credential.
#[derive(Debug)]
pub(crate) struct Subscriptions(Cache<String, Arc<Mutex<BTreeSet<String>>>>);

impl Default for Subscriptions {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CREDENTIALS).time_to_idle(IDLE).build())
    }
}

impl Subscriptions {
    /// Whether the credential is subscribed to the resource now; it is not where it has as many as it may.
    pub(crate) fn add(&self, credential: &str, uri: &str) -> bool {
        let uris = self.0.get_with_by_ref(credential, Arc::default);
        let mut uris = lock(&uris);
        if uris.len() >= RESOURCES && !uris.contains(uri) {
            return false;
        }
        uris.insert(uri.to_owned());
        true
    }

    pub(crate) fn remove(&self, credential: &str, uri: &str) {
        if let Some(uris) = self.0.get(credential) {
            lock(&uris).remove(uri);
        }
    }

    /// Everything that a credential is subscribed to.
    pub(crate) fn of(&self, credential: &str) -> Vec<String> {
        self.0.get(credential).map(|uris| lock(&uris).iter().cloned().collect()).unwrap_or_default()
    }
}

/// A panic while the lock was held leaves a set that is as good as before.
fn lock(uris: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    uris.lock().unwrap_or_else(PoisonError::into_inner)
}
