//! Schedules, by a clock that is set.

use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use toolwright_support::{Scheduler, clock::held::HeldClock};

use super::*;
use crate::{Options, Service};

const NOON: &str = "2026-01-01T12:00:00Z";

/// A store with one agent, and what its schedules do while a story goes on.
struct Story {
    store: Store,
    project: String,
    service: Service,
    _folder: TempDir,
}

impl Story {
    async fn new(credits: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::open(&Options { store: folder.path().join("store.db") }).await.unwrap();
        service.create_team("Ours").await.unwrap();
        service.add_credits("Ours", credits).await.unwrap();
        let project = service.create_project("Ours", "demo").await.unwrap().id;
        let store = service.store.clone();
        let mut change = store.change_in(&project).await.unwrap();
        sqlx::query(
            "INSERT INTO agents (project, id, service, name, folded_name) VALUES (?1, 'agt_1', 's', 'Ada', 'ada')",
        )
        .bind(&project)
        .execute(&mut *change.transaction)
        .await
        .unwrap();
        change.commit().await.unwrap();
        Self { store, project, service, _folder: folder }
    }

    /// Makes a schedule at noon.
    async fn schedule(&self, cron: &str) -> Schedule {
        let body = NewSchedule {
            agent: "ADA".to_owned(),
            cron: cron.to_owned(),
            time_zone: Some("Europe/Berlin".to_owned()),
            window: Some("2h".to_owned()),
            prompt: None,
        };
        let mut change = self.store.change_in(&self.project).await.unwrap();
        let schedule = insert(&mut change, &crate::id::new("sched"), body, NOON.parse().unwrap()).await.unwrap();
        change.commit().await.unwrap();
        self.store.wakes().halo_schedules.notify_one();
        schedule
    }

    async fn set(&self, id: &str, status: Status, now: &str) -> Result<Schedule, ApiError> {
        let mut change = self.store.change_in(&self.project).await?;
        let schedule = set(&mut change, id, status, now.parse().unwrap()).await?;
        change.commit().await?;
        self.store.wakes().halo_schedules.notify_one();
        Ok(schedule)
    }

    async fn load(&self, id: &str) -> Schedule {
        let mut view = self.store.read().begin().await.unwrap();
        load(&mut view, &self.project, id, NOON.parse().unwrap()).await.unwrap()
    }

    /// The windows of the runs that were queued, oldest first.
    async fn windows(&self) -> Vec<(String, String)> {
        let runs = "SELECT window_start, window_end FROM halo_runs ORDER BY window_end";
        let rows: Vec<(i64, i64)> = sqlx::query_as(runs).fetch_all(self.read()).await.unwrap();
        rows.into_iter().map(|(start, end)| (time::rfc3339(start), time::rfc3339(end))).collect()
    }

    fn read(&self) -> &SqlitePool {
        self.store.read()
    }

    async fn credits(&self) -> i64 {
        self.service.teams().await.unwrap()[0].credits
    }

    /// Fires what is due while a story goes on, which begins at noon.
    async fn told(&self, story: impl AsyncFnOnce(&HeldClock)) {
        let (clock, shutdown) = (HeldClock::at(NOON), CancellationToken::new());
        let scheduler = Scheduler::new(Schedules(self.store.clone()), clock.clone());
        let stop = shutdown.clone();
        let scheduler = tokio::spawn(async move { scheduler.run(&stop).await });
        clock.set(NOON).await;
        story(&clock).await;
        shutdown.cancel();
        scheduler.await.unwrap();
    }
}

fn window(start: &str, end: &str) -> (String, String) {
    (format!("2026-01-{start}:00Z"), format!("2026-01-{end}:00Z"))
}

#[tokio::test]
async fn a_schedule_fires_when_it_is_due_and_what_was_missed_is_one_firing() {
    let story = Story::new(100).await;
    let schedule = story.schedule("30 13 * * *").await;
    assert_eq!(schedule.agent.name, "Ada");
    assert_eq!(
        schedule.upcoming,
        ["2026-01-01T13:30:00+01:00", "2026-01-02T13:30:00+01:00", "2026-01-03T13:30:00+01:00"]
    );
    story
        .told(async |clock| {
            clock.set("2026-01-01T12:29:59Z").await;
            assert_eq!(story.windows().await, []);
            clock.set("2026-01-01T12:30:00Z").await;
            assert_eq!(story.windows().await, [window("01T10:30", "01T12:30")]);
            assert_eq!(story.credits().await, 90);
        })
        .await;
    // No service runs for some days.
    story
        .told(async |clock| {
            clock.set("2026-01-05T08:00:00Z").await;
            let windows = [window("01T10:30", "01T12:30"), window("05T06:00", "05T08:00")];
            assert_eq!(story.windows().await, windows);
        })
        .await;
    let after = story.load(&schedule.id).await;
    assert_eq!(after.next_at.as_deref(), Some("2026-01-05T12:30:00Z"));
    assert!(after.last_run_id.is_some_and(|id| id.starts_with("run_")));
    let conversations = "SELECT DISTINCT conversation FROM halo_runs";
    let conversations: Vec<String> = sqlx::query_scalar(conversations).fetch_all(story.read()).await.unwrap();
    assert_eq!(conversations, [schedule.conversation_id]);
}

#[tokio::test]
async fn without_credits_it_says_why_it_made_no_run_and_goes_on() {
    let story = Story::new(5).await;
    let schedule = story.schedule("0 * * * *").await;
    story
        .told(async |clock| {
            clock.set("2026-01-01T13:00:00Z").await;
            let short = story.load(&schedule.id).await;
            assert_eq!(short.last_error.as_deref(), Some("this costs 10 credits, and the team has 5"));
            assert_eq!((short.next_at.as_deref(), story.windows().await.len()), (Some("2026-01-01T14:00:00Z"), 0));
            story.service.add_credits("Ours", 5).await.unwrap();
            clock.set("2026-01-01T14:00:00Z").await;
            let paid = story.load(&schedule.id).await;
            assert_eq!((paid.last_error, story.windows().await.len(), story.credits().await), (None, 1, 0));
        })
        .await;
}

#[tokio::test]
async fn a_schedule_that_is_paused_does_not_fire_and_one_that_is_archived_never_does_again() {
    let story = Story::new(100).await;
    let id = story.schedule("0 * * * *").await.id;
    story
        .told(async |clock| {
            let paused = story.set(&id, Status::Paused, NOON).await.unwrap();
            assert_eq!((paused.next_at, paused.upcoming.len()), (None, 0));
            clock.set("2026-01-01T15:30:00Z").await;
            assert_eq!(story.windows().await, []);
            // What it missed is not made up for.
            let resumed = story.set(&id, Status::Active, "2026-01-01T15:30:00Z").await.unwrap();
            assert_eq!(resumed.next_at.as_deref(), Some("2026-01-01T16:00:00Z"));
            clock.set("2026-01-01T15:59:00Z").await;
            assert_eq!(story.windows().await, []);
            clock.set("2026-01-01T16:00:00Z").await;
            assert_eq!(story.windows().await.len(), 1);
            story.set(&id, Status::Archived, "2026-01-01T16:00:00Z").await.unwrap();
            clock.set("2026-01-03T00:00:00Z").await;
            assert_eq!(story.windows().await.len(), 1);
        })
        .await;
    // What is so already stays so; what is archived does not come back.
    story.set(&id, Status::Archived, NOON).await.unwrap();
    for status in [Status::Active, Status::Paused] {
        assert!(matches!(story.set(&id, status, NOON).await, Err(ApiError::WrongState(_))), "{status:?}");
    }
}
