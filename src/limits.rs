//! How many calls a credential may make: in a minute, and at once. Each instance of a server counts for itself.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use crate::{changes::STREAMS, comparison::Comparison, spec::LimitsSpec};

/// After so many calls, credentials are forgotten that have their whole minute again.
const SWEEP: u32 = 1024;

/// When it is worth to ask again for a place among the calls in flight, in seconds: nobody knows when one of them ends.
const IN_FLIGHT_RETRY: u32 = 1;

/// Counts the calls of each credential.
///
/// Both bounds are for whoever keeps to them: a credential that has begun fewer calls in the last minute than it may is never
/// refused, however close together they come. One that has rested can begin all of a minute's calls at once; each comes back by itself,
/// evenly over the minute.
#[derive(Debug)]
pub(crate) struct Limits {
    minute: Option<Minute>,
    in_flight: Option<InFlight>,
}

/// Which limit a call would have gone past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exceeded {
    pub(crate) limit: Limit,
    /// How many calls it allows.
    pub(crate) allowed: NonZeroU32,
    /// After how many seconds it is worth to call again.
    pub(crate) retry_after: u32,
}

/// A limit of the manifest, or of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Minute,
    InFlight,
    /// Streams that tell of changes.
    Streams,
}

/// The place of one call among those in flight, which is free again once this is dropped. The request that a call came with
/// is cloned on its way, and its place is not.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    _place: Option<Arc<Place>>,
}

#[derive(Debug)]
struct Minute {
    allowed: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    begun: AtomicU32,
}

#[derive(Debug)]
struct InFlight {
    allowed: NonZeroU32,
    running: Arc<Running>,
}

/// How many calls run, of each credential that has any.
#[derive(Debug, Default)]
struct Running(Mutex<HashMap<String, u32>>);

#[derive(Debug)]
struct Place {
    credential: String,
    running: Arc<Running>,
}

impl Limits {
    pub(crate) fn new(declared: &LimitsSpec) -> Self {
        Self {
            minute: declared.calls_per_minute.map(Minute::new),
            in_flight: declared.calls_in_flight.map(InFlight::new),
        }
    }

    /// Counts a call of the credential with this id, which begins now.
    ///
    /// # Errors
    /// When it has to wait; then it was not counted.
    pub(crate) fn take(&self, credential: &str) -> Result<Slot, Exceeded> {
        let place = self.in_flight.as_ref().map(|in_flight| in_flight.take(credential)).transpose()?;
        self.minute.as_ref().map_or(Ok(()), |minute| minute.take(credential))?;
        Ok(Slot { _place: place.map(Arc::new) })
    }
}

impl Slot {
    /// A place that is not counted, for the command that compares who may call what.
    pub(crate) fn uncounted(_: &Comparison) -> Self {
        Self { _place: None }
    }
}

impl Minute {
    fn new(allowed: NonZeroU32) -> Self {
        Self {
            allowed,
            limiter: RateLimiter::keyed(Quota::per_minute(allowed)),
            clock: DefaultClock::default(),
            begun: AtomicU32::new(0),
        }
    }

    fn take(&self, credential: &str) -> Result<(), Exceeded> {
        if self.begun.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP) {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(&credential.to_owned()).map_err(|until| Exceeded {
            limit: Limit::Minute,
            allowed: self.allowed,
            retry_after: whole_seconds(until.wait_time_from(self.clock.now())),
        })
    }
}

impl InFlight {
    fn new(allowed: NonZeroU32) -> Self {
        Self { allowed, running: Arc::default() }
    }

    fn take(&self, credential: &str) -> Result<Place, Exceeded> {
        let mut running = self.running.counts();
        let count = running.entry(credential.to_owned()).or_default();
        if *count >= self.allowed.get() {
            return Err(Exceeded { limit: Limit::InFlight, allowed: self.allowed, retry_after: IN_FLIGHT_RETRY });
        }
        *count += 1;
        Ok(Place { credential: credential.to_owned(), running: Arc::clone(&self.running) })
    }
}

impl Running {
    /// A panic while the lock was held leaves counts that are as good as before.
    fn counts(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.running.counts();
        if let Some(count) = running.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.credential);
            }
        }
    }
}

impl Exceeded {
    /// A credential has as many streams open as it may.
    pub(crate) fn streams() -> Self {
        Self { limit: Limit::Streams, allowed: STREAMS, retry_after: IN_FLIGHT_RETRY }
    }

    /// What the refusal says, for people and models; `credential` is what the manifest calls one.
    pub(crate) fn message(&self, credential: &str) -> String {
        let Self { limit, allowed, retry_after } = self;
        let calls = if allowed.get() == 1 { "call" } else { "calls" };
        let when = if *retry_after == 1 { "1 second".to_owned() } else { format!("{retry_after} seconds") };
        match limit {
            Limit::Minute => format!(
                "This {credential} has begun as many calls as it may: {allowed} {calls} a minute. The next one can begin in {when}."
            ),
            Limit::InFlight => {
                format!(
                    "This {credential} has as many calls running as it may: {allowed} at once. Try again in {when}."
                )
            }
            Limit::Streams => format!(
                "This {credential} listens on as many streams as it may: {allowed} at once. End one of them and try again in {when}."
            ),
        }
    }
}

impl Limit {
    /// Name in the manifest, where it is one of that.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Minute => "calls_per_minute",
            Self::InFlight => "calls_in_flight",
            Self::Streams => "streams",
        }
    }
}

/// A time in seconds for `Retry-After`: never too short, and never none.
fn whole_seconds(wait: Duration) -> u32 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u32::MAX).max(1)
}
