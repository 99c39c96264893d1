//! All that the API knows, in one SQLite database. A route reaches it only through `access`; the work in the background
//! has it whole.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::Notify;
use toolwright_support::sqlite::Doors;

use crate::{error::ApiError, time};

/// Both doors to the database, and what wakes the work in the background.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    doors: Doors,
    wakes: Arc<Wakes>,
}

/// What wakes the work in the background.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) evals: Notify,
    pub(crate) training_jobs: Notify,
    pub(crate) halo_runs: Notify,
    pub(crate) halo_schedules: Notify,
}

impl Store {
    /// Opens the database, and makes it first where there is none.
    pub(crate) async fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { doors: Doors::open(path, &sqlx::migrate!()).await?, wakes: Arc::default() })
    }

    /// The door that can only read.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.doors.read
    }

    /// A change that is about no project. The lock is taken at once: a transaction that asks for it after it has read
    /// can be refused.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.doors.write.begin_with("BEGIN IMMEDIATE").await
    }

    /// A change in a project.
    pub(crate) async fn change(&self, team: &str, project: &str) -> Result<Change, sqlx::Error> {
        Ok(Change { transaction: self.begin().await?, team: team.to_owned(), project: project.to_owned() })
    }

    /// A change in a project, for work that begins by itself.
    pub(crate) async fn change_in(&self, project: &str) -> Result<Change, sqlx::Error> {
        let team = "SELECT team FROM projects WHERE id = ?1";
        let team: String = sqlx::query_scalar(team).bind(project).fetch_one(self.read()).await?;
        self.change(&team, project).await
    }

    pub(crate) fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    /// Closes every connection. The last to go is one that writes, and leaves all in the one file.
    pub(crate) async fn close(&self) {
        self.doors.read.close().await;
        self.doors.write.close().await;
    }
}

/// A change in a project, which nobody sees before it is committed. Dropped, it has changed nothing.
#[derive(Debug)]
pub(crate) struct Change {
    /// What statements are made on.
    pub(crate) transaction: Transaction<'static, Sqlite>,
    team: String,
    /// The project's id.
    pub(crate) project: String,
}

/// What costly work costs.
#[derive(Debug)]
pub(crate) struct Charge<'a> {
    /// The kind of work, as `halo_run`.
    pub(crate) what: &'static str,
    /// The id of what is started.
    pub(crate) about: &'a str,
    pub(crate) credits: i64,
}

/// What work costs of which so much is done for a credit. What is begun is paid.
pub(crate) fn credits(amount: i64, for_a_credit: i64) -> i64 {
    (amount + for_a_credit - 1) / for_a_credit
}

impl Change {
    /// Takes what the work costs from the team's credits, together with the change that starts it.
    pub(crate) async fn charge(&mut self, charge: Charge<'_>) -> Result<(), ApiError> {
        let Charge { what, about, credits } = charge;
        let held: i64 = sqlx::query_scalar("SELECT credits FROM teams WHERE id = ?1")
            .bind(&self.team)
            .fetch_one(&mut *self.transaction)
            .await?;
        if held < credits {
            return Err(ApiError::InsufficientCredits { needed: credits, held });
        }
        sqlx::query("UPDATE teams SET credits = credits - ?2 WHERE id = ?1")
            .bind(&self.team)
            .bind(credits)
            .execute(&mut *self.transaction)
            .await?;
        sqlx::query(
            "INSERT INTO charges (team, project, what, about, credits, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(&self.team)
        .bind(&self.project)
        .bind(what)
        .bind(about)
        .bind(credits)
        .bind(time::now())
        .execute(&mut *self.transaction)
        .await
        .context("the charge")?;
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), ApiError> {
        Ok(self.transaction.commit().await?)
    }
}
