//! The scheduler: fires what is due, until the server stops.
//!
//! It sleeps until the next thing is due or one is changed. When each is due is in the store, so that
//! nothing is lost while no server runs. What there is to fire is a [`Due`].

use std::fmt::Display;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    background::{LOOK_ROUND, pause_for_store},
    clock::Clock,
};

/// What is due at times of its own, as the schedules of a store.
pub trait Due: Send + Sync {
    /// Why the store did not do what it was asked. It is logged, and the store is asked again.
    type Error: Display + Send + Sync + 'static;

    /// When the first of them is due, if there is one.
    fn next_firing(&self) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send;

    /// Does for one that is due what there is to do then, and sets when it is due again, or neither. That
    /// is computed from `now`, so that what was missed is one firing, and a clock that is set back fires
    /// nothing twice. Where none is due any more, another process was faster.
    fn fire(&self, now: Timestamp) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Completes when one can be due earlier than it was.
    fn changed(&self) -> impl Future<Output = ()> + Send;
}

/// Fires what is due.
#[derive(Debug)]
pub struct Scheduler<D, C> {
    due: D,
    clock: C,
}

impl<D: Due, C: Clock> Scheduler<D, C> {
    /// A scheduler that goes by a clock.
    pub fn new(due: D, clock: C) -> Self {
        Self { due, clock }
    }

    /// Fires what is due until the server stops.
    pub async fn run(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.step(shutdown).await {
                pause_for_store(&error).await;
            }
        }
    }

    /// Fires one that is due, or waits until there can be one.
    async fn step(&self, shutdown: &CancellationToken) -> Result<(), D::Error> {
        let now = self.clock.now();
        let due = self.due.next_firing().await?;
        if due.is_some_and(|due| due <= now) {
            return self.due.fire(now).await;
        }
        // Another process can change what is due, and the machine's clock can be set.
        let look_round = now.saturating_add(LOOK_ROUND).unwrap_or(now);
        tokio::select! {
            () = self.clock.sleep_until(due.map_or(look_round, |due| due.min(look_round))) => {}
            () = self.due.changed() => {}
            () = shutdown.cancelled() => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Notify;

    use super::*;
    use crate::clock::held::HeldClock;

    /// Instants that are due, and those at which they were.
    #[derive(Debug, Clone, Default)]
    struct Alarms {
        kept: Arc<Mutex<Kept>>,
        changed: Arc<Notify>,
    }

    #[derive(Debug, Default)]
    struct Kept {
        due: Vec<Timestamp>,
        fired: Vec<String>,
        faults: usize,
    }

    impl Alarms {
        /// Sets an alarm, as another process would: nobody is told.
        fn set_elsewhere(&self, at: &str) {
            let mut kept = self.kept.lock().unwrap();
            kept.due.push(at.parse().unwrap());
            kept.due.sort();
        }

        fn set(&self, at: &str) {
            self.set_elsewhere(at);
            self.changed.notify_one();
        }

        fn fired(&self) -> Vec<String> {
            self.kept.lock().unwrap().fired.clone()
        }
    }

    impl Due for Alarms {
        type Error = &'static str;

        async fn next_firing(&self) -> Result<Option<Timestamp>, &'static str> {
            Ok(self.kept.lock().unwrap().due.first().copied())
        }

        async fn fire(&self, now: Timestamp) -> Result<(), &'static str> {
            let mut kept = self.kept.lock().unwrap();
            if kept.faults > 0 {
                kept.faults -= 1;
                return Err("the disk is full");
            }
            let due = kept.due.remove(0);
            kept.fired.push(format!("{due} at {now}"));
            Ok(())
        }

        async fn changed(&self) {
            self.changed.notified().await;
        }
    }

    /// What fires while `story` goes on. The clock shows noon when it begins.
    async fn while_scheduled(alarms: &Alarms, story: impl AsyncFnOnce(&HeldClock)) {
        let (clock, shutdown) = (HeldClock::at("2026-01-01T12:00:00Z"), CancellationToken::new());
        let scheduler = Scheduler::new(alarms.clone(), clock.clone());
        let scheduler = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { scheduler.run(&shutdown).await }
        });
        clock.set("2026-01-01T12:00:00Z").await;
        story(&clock).await;
        shutdown.cancel();
        scheduler.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_due_fires_and_what_is_not_yet_does_not() {
        let alarms = Alarms::default();
        alarms.set("2026-01-01T12:00:02Z");
        alarms.set("2026-01-01T12:00:03Z");
        while_scheduled(&alarms, async |clock| {
            clock.set("2026-01-01T12:00:01.999Z").await;
            assert_eq!(alarms.fired(), [""; 0]);
            clock.set("2026-01-01T12:00:02Z").await;
            assert_eq!(alarms.fired(), ["2026-01-01T12:00:02Z at 2026-01-01T12:00:02Z"]);
        })
        .await;
    }

    #[tokio::test]
    async fn what_was_due_while_nothing_ran_fires_at_once() {
        let alarms = Alarms::default();
        alarms.set_elsewhere("2026-01-01T03:00:00Z");
        alarms.set_elsewhere("2026-01-01T04:00:00Z");
        while_scheduled(&alarms, async |_| {
            let noon =
                ["2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z"].map(|due| format!("{due} at 2026-01-01T12:00:00Z"));
            assert_eq!(alarms.fired(), noon);
        })
        .await;
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_fires_nothing_twice_and_leaves_nothing_out() {
        let alarms = Alarms::default();
        alarms.set("2026-01-01T12:00:02Z");
        alarms.set("2026-01-01T12:00:10Z");
        while_scheduled(&alarms, async |clock| {
            clock.set("2026-01-01T12:00:03Z").await;
            // By an hour; what is due later is waited for by the clock as it is.
            clock.set("2026-01-01T11:00:00Z").await;
            assert_eq!(alarms.fired(), ["2026-01-01T12:00:02Z at 2026-01-01T12:00:03Z"]);
            clock.set("2026-01-01T12:00:09Z").await;
            assert_eq!(alarms.fired().len(), 1);
            // Forward by a day, it is one firing.
            clock.set("2026-01-02T12:00:00Z").await;
            assert_eq!(alarms.fired()[1..], ["2026-01-01T12:00:10Z at 2026-01-02T12:00:00Z"]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_change_shortens_the_sleep_and_one_elsewhere_is_seen_in_time() {
        let alarms = Alarms::default();
        alarms.set("2026-01-02T12:00:00Z");
        while_scheduled(&alarms, async |clock| {
            // The clock stands still: that the sleep is shorter now is the change's doing.
            alarms.set("2026-01-01T12:00:01Z");
            clock.sleeping(|until| until == "2026-01-01T12:00:01Z".parse().unwrap()).await;
            clock.set("2026-01-01T12:00:01Z").await;

            alarms.set_elsewhere("2026-01-01T12:00:09Z");
            clock.set("2026-01-01T12:00:06Z").await;
            clock.sleeping(|until| until == "2026-01-01T12:00:09Z".parse().unwrap()).await;
            clock.set("2026-01-01T12:00:09Z").await;
            assert_eq!(alarms.fired().len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn a_store_that_fails_is_asked_again() {
        let alarms = Alarms::default();
        alarms.kept.lock().unwrap().faults = 1;
        alarms.set("2026-01-01T12:00:00Z");
        while_scheduled(&alarms, async |_| {
            assert_eq!(alarms.fired(), ["2026-01-01T12:00:00Z at 2026-01-01T12:00:00Z"]);
        })
        .await;
    }
}
