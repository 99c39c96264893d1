//! The clock that schedules go by.

use std::time::Duration;

use jiff::Timestamp;

/// Tells the time, and waits for it.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;

    /// Completes when it is `until`, but does not notice that the clock is set meanwhile.
    fn sleep_until(&self, until: Timestamp) -> impl Future<Output = ()> + Send;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let pause = Duration::try_from(until.duration_since(self.now())).unwrap_or(Duration::ZERO);
        tokio::time::sleep(pause).await;
    }
}

#[cfg(any(test, feature = "test"))]
pub mod held {
    //! A clock for tests.

    use std::{sync::Arc, time::Duration};

    use jiff::Timestamp;
    use tokio::{sync::watch, time::timeout};

    use super::Clock;

    /// How long a test waits for a sleep.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// A clock that stands still until it is set.
    #[derive(Debug, Clone)]
    pub struct HeldClock {
        now: Arc<watch::Sender<Timestamp>>,
        /// Until when somebody sleeps, while somebody does.
        wake: Arc<watch::Sender<Option<Timestamp>>>,
    }

    impl HeldClock {
        /// A clock that shows this time.
        ///
        /// # Panics
        /// When that is no time.
        pub fn at(now: &str) -> Self {
            let now = now.parse().expect("a time");
            Self { now: Arc::new(watch::Sender::new(now)), wake: Arc::default() }
        }

        /// Sets the clock, and waits until whoever goes by it has done what there was to do.
        ///
        /// # Panics
        /// When that is no time, or nobody goes to sleep again.
        pub async fn set(&self, now: &str) {
            let now = now.parse().expect("a time");
            self.now.send_replace(now);
            self.sleeping(|until| until > now).await;
        }

        /// Waits until somebody sleeps until such a time.
        ///
        /// # Panics
        /// When nobody does for half a minute.
        pub async fn sleeping(&self, such: impl Fn(Timestamp) -> bool) {
            let mut wake = self.wake.subscribe();
            let slept = timeout(PATIENCE, wake.wait_for(|until| until.is_some_and(&such))).await;
            slept.expect("nobody sleeps until such a time").expect("the clock");
        }
    }

    impl Clock for HeldClock {
        fn now(&self) -> Timestamp {
            *self.now.borrow()
        }

        async fn sleep_until(&self, until: Timestamp) {
            let _awake = Awake(&self.wake);
            self.wake.send_replace(Some(until));
            self.now.subscribe().wait_for(|now| *now >= until).await.expect("the clock");
        }
    }

    /// Ends a sleep, also one that is given up.
    struct Awake<'a>(&'a watch::Sender<Option<Timestamp>>);

    impl Drop for Awake<'_> {
        fn drop(&mut self) {
            self.0.send_replace(None);
        }
    }
}
