//! What transitions leave in the log of a run.

use std::borrow::Cow;

use sqlx::SqliteConnection;

use super::Role;
use crate::store::{StoreError, actor::Actor, runs::RunKey};

/// A change for a run's log.
pub(super) struct Event<'a> {
    run: RunKey,
    task: Option<i64>,
    name: String,
    detail: Option<&'a str>,
    /// Who asked for it; `None` for what the server did itself.
    actor: Option<Cow<'a, str>>,
}

impl<'a> Event<'a> {
    /// What became of a run, as `created`.
    pub(super) fn of_run(run: RunKey, change: &str) -> Self {
        Self { run, task: None, name: format!("run.{change}"), detail: None, actor: None }
    }

    /// What became of a task, as `started`.
    pub(super) fn of_task(run: RunKey, task: i64, role: Role, change: &str) -> Self {
        let subject = match role {
            Role::Source => "source",
            Role::Page => "item",
        };
        Self { run, task: Some(task), name: format!("{subject}.{change}"), detail: None, actor: None }
    }

    pub(super) fn detail(self, detail: &'a str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    pub(super) fn by(self, actor: Actor<'a>) -> Self {
        Self { actor: Some(actor.name()), ..self }
    }

    pub(super) async fn record(self, connection: &mut SqliteConnection, now: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO events (run, task, at, event, detail, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .bind(self.run.0)
            .bind(self.task)
            .bind(now)
            .bind(self.name)
            .bind(self.detail)
            .bind(self.actor)
            .execute(connection)
            .await?;
        Ok(())
    }
}
