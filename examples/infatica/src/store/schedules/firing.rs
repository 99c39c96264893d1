//! Schedules at work, by a clock that stands still until it is set.

use std::path::Path;

use infatica_tools::{Engine, Schedule, ScheduleStatus};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use toolwright_support::{
    Scheduler,
    clock::{Clock as _, held::HeldClock},
};

use crate::{
    store::{
        self, StoreError, Stores,
        actor::{Actor, By},
        runs::{self, transitions::Origin},
        schedules::{self, Plan},
    },
    timing::{Rhythm, When},
};

const OWNER: Actor<'_> = Actor { account: "owner", by: By::Token { id: "id", name: "name" } };

/// A scheduler at work, and the clock that it goes by.
struct World {
    clock: HeldClock,
    stores: Stores,
    shutdown: CancellationToken,
    scheduler: JoinHandle<()>,
}

impl World {
    async fn start(folder: &Path, now: &str) -> Self {
        let clock = HeldClock::at(now);
        let stores = store::open(&folder.join("store.db")).await.unwrap();
        let scheduler = Scheduler::new(stores.write.clone(), clock.clone());
        let shutdown = CancellationToken::new();
        let scheduler = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { scheduler.run(&shutdown).await }
        });
        let world = Self { clock, stores, shutdown, scheduler };
        world.clock.set(now).await;
        world
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.scheduler.await.unwrap();
        self.stores.close().await;
    }

    async fn schedule(&self, name: &str, cron: &str) -> String {
        self.schedule_through(&self.stores, name, cron).await
    }

    async fn schedule_through(&self, stores: &Stores, name: &str, cron: &str) -> String {
        let plan = Plan {
            name: name.to_owned(),
            engine: Engine::Text,
            origin: Origin::Urls(vec!["https://example.com/".to_owned()]),
            when: When { rhythm: Rhythm::Cron(cron.to_owned()), time_zone: "UTC".to_owned() },
            status: ScheduleStatus::Active,
        };
        stores.write.create_schedule(OWNER, self.clock.now(), &plan).await.unwrap().id
    }

    async fn set(&self, id: &str, status: ScheduleStatus) -> Schedule {
        let revise = |plan| Ok::<_, StoreError>(Plan { status, ..plan });
        self.stores.write.update_schedule(OWNER, self.clock.now(), id, revise).await.unwrap()
    }

    async fn next_at(&self) -> Option<String> {
        let mut view = self.stores.read.snapshot().await.unwrap();
        let (mut schedules, _) = schedules::list(&mut view, "owner", false, (1, 0), self.clock.now()).await.unwrap();
        schedules.remove(0).next_at
    }

    /// Sets the clock, and gives the runs that there are then, oldest first.
    async fn at(&self, now: &str) -> Vec<String> {
        self.clock.set(now).await;
        let mut view = self.stores.read.snapshot().await.unwrap();
        let (runs, _) = runs::list(&mut view, "owner", &runs::Filter::default(), 100, 0).await.unwrap();
        runs.into_iter().rev().map(|run| format!("{} {}", run.name, &run.created_at[11..19])).collect()
    }
}

#[tokio::test]
async fn a_schedule_fires_each_time_that_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T11:59:58Z").await;
    world.schedule("a", "* * * * *").await;
    // The clock stands still: that the sleep is shorter now is the new schedule's doing.
    world.clock.sleeping(|until| until == "2026-01-01T12:00:00Z".parse().unwrap()).await;

    assert_eq!(world.at("2026-01-01T11:59:59.999999Z").await, [""; 0]);
    assert_eq!(world.at("2026-01-01T12:00:00Z").await, ["a 12:00:00"]);
    assert_eq!(world.at("2026-01-01T12:00:59Z").await, ["a 12:00:00"]);
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["a 12:00:00", "a 12:01:00"]);
    assert_eq!(world.at("2026-01-01T12:01:30Z").await, ["a 12:00:00", "a 12:01:00"]);
    world.stop().await;
}

#[tokio::test]
async fn a_schedule_of_another_process_is_seen_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T11:59:50Z").await;
    // What is changed through other stores wakes nobody here.
    let other = store::open(&folder.path().join("store.db")).await.unwrap();
    world.schedule_through(&other, "a", "* * * * *").await;
    assert_eq!(world.at("2026-01-01T11:59:55Z").await, [""; 0]);
    world.clock.sleeping(|until| until == "2026-01-01T12:00:00Z".parse().unwrap()).await;
    assert_eq!(world.at("2026-01-01T12:00:00Z").await, ["a 12:00:00"]);
    other.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_paused_schedule_misses_what_is_due_and_goes_on_from_when_it_is_active() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    let id = world.schedule("a", "*/10 * * * *").await;
    assert_eq!(world.set(&id, ScheduleStatus::Paused).await.next_at, None);
    assert_eq!(world.at("2026-01-01T12:25:00Z").await, [""; 0]);
    let resumed = world.set(&id, ScheduleStatus::Active).await;
    assert_eq!(resumed.next_at.as_deref(), Some("2026-01-01T12:30:00.000000Z"));
    assert_eq!(resumed.upcoming[..2], ["2026-01-01T12:30:00+00:00", "2026-01-01T12:40:00+00:00"]);
    assert_eq!(world.at("2026-01-01T12:29:59Z").await, [""; 0]);
    assert_eq!(world.at("2026-01-01T12:30:00Z").await, ["a 12:30:00"]);

    world.stores.write.delete_schedule(OWNER, world.clock.now(), &id).await.unwrap();
    assert_eq!(world.at("2026-01-01T12:40:00Z").await, ["a 12:30:00"]);
    world.stop().await;
}

#[tokio::test]
async fn what_was_missed_while_no_server_ran_is_one_firing() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    world.schedule("a", "* * * * *").await;
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["a 12:01:00"]);
    world.stop().await;

    let world = World::start(folder.path(), "2026-01-01T15:30:30Z").await;
    let caught_up = ["a 12:01:00", "a 15:30:30"];
    assert_eq!(world.at("2026-01-01T15:30:31Z").await, caught_up);
    assert_eq!(world.next_at().await.as_deref(), Some("2026-01-01T15:31:00.000000Z"));
    assert_eq!(world.at("2026-01-01T15:30:59Z").await, caught_up);
    assert_eq!(world.at("2026-01-01T15:31:00Z").await, ["a 12:01:00", "a 15:30:30", "a 15:31:00"]);
    world.stop().await;
}

#[tokio::test]
async fn schedules_that_are_due_together_all_fire() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    for name in ["a", "b", "c"] {
        world.schedule(name, "0 * * * *").await;
    }
    assert_eq!(world.at("2026-01-01T13:00:00Z").await, ["a 13:00:00", "b 13:00:00", "c 13:00:00"]);
    assert_eq!(world.at("2026-01-01T13:59:00Z").await.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_fires_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    world.schedule("a", "* * * * *").await;
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["a 12:01:00"]);
    // Backwards: what has fired does not fire again.
    assert_eq!(world.at("2026-01-01T11:30:00Z").await, ["a 12:01:00"]);
    assert_eq!(world.at("2026-01-01T12:01:59Z").await, ["a 12:01:00"]);
    assert_eq!(world.at("2026-01-01T12:02:00Z").await, ["a 12:01:00", "a 12:02:00"]);
    // Forwards: once, whatever was passed over.
    assert_eq!(world.at("2026-01-01T18:00:30Z").await, ["a 12:01:00", "a 12:02:00", "a 18:00:30"]);
    assert_eq!(world.at("2026-01-01T18:00:59Z").await.len(), 3);
    world.stop().await;
}
