//! Schedules by a clock that stands still.

use std::path::Path;

use integrate_io_tools::ScheduleDetails;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use toolwright_support::{Scheduler, Timing, clock::Clock as _, clock::held::HeldClock};

use super::transitions::NewSchedule;
use crate::store::{
    Stores,
    fixture::{self, MINE},
    runs::{self, Filter},
    schedules,
};

/// A scheduler at work.
struct World {
    clock: HeldClock,
    stores: Stores,
    shutdown: CancellationToken,
    scheduler: JoinHandle<()>,
}

impl World {
    async fn start(folder: &Path, now: &str) -> Self {
        let stores = fixture::stores(folder).await;
        let clock = HeldClock::at(now);
        let scheduler = Scheduler::new(stores.write.clone(), clock.clone());
        let shutdown = CancellationToken::new();
        let scheduler = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { scheduler.run(&shutdown).await }
        });
        clock.set(now).await;
        Self { clock, stores, shutdown, scheduler }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.scheduler.await.unwrap();
        self.stores.close().await;
    }

    async fn add(&self, cron: &str, time_zone: &str) -> ScheduleDetails {
        let timing = Timing::new(cron, time_zone).unwrap();
        let variables = [("threshold".to_owned(), "2500".to_owned())].into();
        let new = NewSchedule { name: "a", package_id: 8101, cluster_id: None, timing: &timing, variables };
        self.stores.write.add_schedule(MINE, self.clock.now(), &new).await.unwrap()
    }

    async fn toggle(&self, id: i64, enabled: bool) -> ScheduleDetails {
        self.stores.write.toggle_schedule(MINE, self.clock.now(), id, enabled).await.unwrap()
    }

    async fn get(&self, id: i64) -> ScheduleDetails {
        schedules::load(&mut self.stores.read.snapshot().await.unwrap(), MINE, id).await.unwrap()
    }

    async fn change(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.stores.write.pool).await.unwrap();
    }

    /// Sets the clock, and gives the times of the runs that there are then, oldest first.
    async fn at(&self, now: &str) -> Vec<String> {
        self.clock.set(now).await;
        let mut view = self.stores.read.snapshot().await.unwrap();
        let (runs, _) = runs::list(&mut view, MINE, &Filter::default(), 100, 0).await.unwrap();
        runs.into_iter().rev().map(|run| run.created_at[11..19].to_owned()).collect()
    }
}

#[tokio::test]
async fn a_schedule_runs_its_package_each_time_that_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T11:59:58Z").await;
    let id = world.add("* * * * *", "UTC").await.id;
    // The clock stands still: that the sleep is shorter now is the new schedule's doing.
    world.clock.sleeping(|until| until == "2026-01-01T12:00:00Z".parse().unwrap()).await;
    assert_eq!(world.at("2026-01-01T11:59:59.999999Z").await, [""; 0]);
    assert_eq!(world.at("2026-01-01T12:00:00Z").await, ["12:00:00"]);
    assert_eq!(world.at("2026-01-01T12:00:59Z").await, ["12:00:00"]);
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["12:00:00", "12:01:00"]);

    let mut view = world.stores.read.snapshot().await.unwrap();
    let (runs, _) = runs::list(&mut view, MINE, &Filter::default(), 1, 0).await.unwrap();
    let run = &runs[0];
    assert_eq!((run.schedule_id, run.package_id, run.package_version, run.cluster_id), (Some(id), 8101, 2, Some(8201)));
    assert_eq!(runs::variables(&mut view, run).await.unwrap()["threshold"], "2500");
    drop(view);
    let schedule = world.get(id).await;
    assert_eq!((schedule.last_run_id, schedule.last_error), (Some(run.id), None));
    assert_eq!(schedule.last_run_at.as_deref(), Some("2026-01-01T12:01:00.000000Z"));
    assert_eq!(schedule.next_run_at.as_deref(), Some("2026-01-01T12:02:00.000000Z"));
    world.stop().await;
}

#[tokio::test]
async fn a_schedule_goes_by_the_clocks_of_its_zone() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-03-28T12:00:00Z").await;
    // Clocks go forward in that night, and 2:30 is left out.
    let schedule = world.add("30 2 * * *", "Europe/Berlin").await;
    assert_eq!(schedule.next_run_at.as_deref(), Some("2026-03-29T01:00:00.000000Z"));
    assert_eq!(world.at("2026-03-29T01:00:00Z").await, ["01:00:00"]);
    assert_eq!(world.get(schedule.id).await.next_run_at.as_deref(), Some("2026-03-30T00:30:00.000000Z"));
    world.stop().await;
}

#[tokio::test]
async fn what_was_missed_is_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    world.add("* * * * *", "UTC").await;
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["12:01:00"]);
    world.stop().await;
    let world = World::start(folder.path(), "2026-01-01T15:30:30Z").await;
    assert_eq!(world.at("2026-01-01T15:30:59Z").await, ["12:01:00", "15:30:30"]);
    assert_eq!(world.at("2026-01-01T15:31:00Z").await, ["12:01:00", "15:30:30", "15:31:00"]);
    // A clock that is set back runs nothing twice.
    assert_eq!(world.at("2026-01-01T12:00:30Z").await.len(), 3);
    assert_eq!(world.at("2026-01-01T15:31:59Z").await.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_disabled_schedule_misses_what_is_due_and_goes_on_from_when_it_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    let added = world.add("*/10 * * * *", "UTC").await;
    // What is so already stays as it is.
    assert_eq!(world.toggle(added.id, true).await, added);
    let disabled = world.toggle(added.id, false).await;
    assert_eq!((disabled.enabled, &disabled.next_run_at), (false, &None));
    assert_eq!(world.at("2026-01-01T12:25:00Z").await, [""; 0]);
    assert_eq!(world.toggle(added.id, false).await, disabled);
    let enabled = world.toggle(added.id, true).await;
    assert_eq!(enabled.next_run_at.as_deref(), Some("2026-01-01T12:30:00.000000Z"));
    assert_eq!(world.at("2026-01-01T12:29:59Z").await, [""; 0]);
    assert_eq!(world.at("2026-01-01T12:30:00Z").await, ["12:30:00"]);
    world.stop().await;
}

/// What keeps a schedule from running its package, what it says then, and what mends that.
const OBSTACLES: &[(&str, &str, &str)] = &[
    ("UPDATE packages SET status = 'archived'", "package `8101` is archived", "UPDATE packages SET status = 'active'"),
    (
        "UPDATE clusters SET status = 'creating' WHERE id = 8201",
        "no cluster of your account is available",
        "UPDATE clusters SET status = 'available' WHERE id = 8201",
    ),
    (
        "UPDATE packages SET variables = '{}'",
        "the package has no variable `threshold`; it has none",
        r#"UPDATE packages SET variables = '{"threshold": "1"}'"#,
    ),
    (
        "INSERT INTO runs (account, package, package_version, status, variables, dynamic_variables, actor, created_at)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         SELECT 'mine', 8102, 1, 'pending', '{}', '{}', 'full', 0 FROM n",
        "your account has 100 runs that are pending or running",
        "DELETE FROM runs WHERE actor = 'full'",
    ),
];

#[tokio::test]
async fn a_schedule_that_cannot_run_its_package_says_why_and_goes_on() {
    for (obstacle, said, remedy) in OBSTACLES {
        let folder = tempfile::tempdir().unwrap();
        let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
        let id = world.add("* * * * *", "UTC").await.id;
        world.change(obstacle).await;
        world.clock.set("2026-01-01T12:01:00Z").await;
        let schedule = world.get(id).await;
        let error = schedule.last_error.unwrap_or_default();
        assert!(error.contains(said), "{said}: {error}");
        assert_eq!((schedule.last_run_id, schedule.last_run_at), (None, None), "{said}");
        assert_eq!(schedule.next_run_at.as_deref(), Some("2026-01-01T12:02:00.000000Z"), "{said}");
        world.change(remedy).await;
        assert_eq!(world.at("2026-01-01T12:02:00Z").await, ["12:02:00"], "{said}");
        assert_eq!(world.get(id).await.last_error, None, "{said}");
        world.stop().await;
    }
}

#[tokio::test]
async fn a_schedule_whose_time_zone_is_gone_runs_once_more_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), "2026-01-01T12:00:30Z").await;
    let id = world.add("* * * * *", "UTC").await.id;
    world.change("UPDATE schedules SET time_zone = 'Nowhere/Gone'").await;
    assert_eq!(world.at("2026-01-01T12:01:00Z").await, ["12:01:00"]);
    let schedule = world.get(id).await;
    assert_eq!(schedule.next_run_at, None);
    let error = schedule.last_error.unwrap_or_default();
    assert!(error.contains("it runs no more: there is no time zone `Nowhere/Gone`"), "{error}");
    // It can be disabled, but not enabled.
    world.toggle(id, false).await;
    let refused = world.stores.write.toggle_schedule(MINE, world.clock.now(), id, true).await.unwrap_err();
    assert!(refused.to_string().contains("there is no time zone `Nowhere/Gone`"), "{refused}");
    world.stop().await;
}
