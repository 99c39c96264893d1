//! Filling an account with samples.

use std::collections::HashMap;

use integrate_io_tools::{ConnectionKind, ConnectionStatus, ConnectionType};
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};
use toolwright_support::{Timing, vault::Sealed};

use super::{
    StoreError, WriteStore,
    connections::{self, StoredConnection},
    packages::transitions::keep_version,
};
use crate::samples::{Cluster, Connection, Package, Run, Samples, Schedule, Workspace};

/// Who made them.
const ACTOR: &str = "samples";

/// How many minutes ago everything was made that does not say it itself: before anything of it ran.
const AGE: i64 = 40 * 24 * 60;

/// Whether an account has nothing.
pub(crate) async fn is_empty(connection: &mut SqliteConnection, account: &str) -> Result<bool, StoreError> {
    let anything = "SELECT EXISTS (SELECT 1 FROM workspaces WHERE account = ?1)
                        OR EXISTS (SELECT 1 FROM packages WHERE account = ?1)
                        OR EXISTS (SELECT 1 FROM connections WHERE account = ?1)
                        OR EXISTS (SELECT 1 FROM clusters WHERE account = ?1)";
    Ok(!sqlx::query_scalar::<_, bool>(anything).bind(account).fetch_one(connection).await?)
}

/// Whether no account has any of the things that have ids.
async fn are_ids_free(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let anything = "SELECT EXISTS (SELECT 1 FROM workspaces) OR EXISTS (SELECT 1 FROM packages)
                        OR EXISTS (SELECT 1 FROM connection_ids) OR EXISTS (SELECT 1 FROM clusters)";
    Ok(!sqlx::query_scalar::<_, bool>(anything).fetch_one(connection).await?)
}

impl WriteStore {
    /// Gives an account the samples. Whether it has them now: one that has anything is left as it is. In a store
    /// without anything they have the ids that the samples say, else the next ones. `demo` makes the demo
    /// database and answers with its file, and is told whether it is the store's first; `seal` seals a
    /// password for a connection and its user.
    pub(crate) async fn load_samples(
        &self,
        account: &str,
        samples: &Samples,
        demo: impl AsyncFnOnce(bool) -> anyhow::Result<String>,
        seal: impl Fn(&StoredConnection, &str) -> anyhow::Result<Sealed>,
    ) -> anyhow::Result<bool> {
        let mut change = self.change().await?;
        if !is_empty(&mut change, account).await? {
            return Ok(false);
        }
        let Samples { workspaces, clusters, connections, packages, schedules, runs } = samples;
        let is_first = are_ids_free(&mut change).await?;
        let demo = demo(is_first).await?;
        let mut loading =
            Loading { change: &mut change, account, is_first, now: Timestamp::now(), ids: HashMap::new() };
        for workspace in workspaces {
            loading.workspace(workspace).await?;
        }
        for cluster in clusters {
            loading.cluster(cluster).await?;
        }
        for connection in connections {
            loading.connection(connection, &demo, &seal).await?;
        }
        for package in packages {
            loading.package(package).await?;
        }
        for schedule in schedules {
            loading.schedule(schedule).await?;
        }
        for run in runs {
            loading.run(run).await?;
        }
        change.commit().await?;
        Ok(true)
    }
}

/// Samples on their way into a store.
struct Loading<'a> {
    change: &'a mut SqliteConnection,
    account: &'a str,
    /// Whether they have the ids that they say.
    is_first: bool,
    now: Timestamp,
    /// The id that a thing of a table has got, by the one that the samples say.
    ids: HashMap<(&'static str, i64), i64>,
}

impl Loading<'_> {
    /// The id that a thing has got.
    fn id(&self, table: &'static str, id: i64) -> anyhow::Result<i64> {
        let got = self.ids.get(&(table, id)).copied();
        got.ok_or_else(|| anyhow::anyhow!("the samples name {id} of the {table} before it is there"))
    }

    fn optional(&self, table: &'static str, id: Option<i64>) -> anyhow::Result<Option<i64>> {
        id.map(|id| self.id(table, id)).transpose()
    }

    fn minutes_ago(&self, minutes: i64) -> i64 {
        self.now.as_microsecond() - minutes * 60_000_000
    }

    /// The id to insert a thing with: SQLite's next one for nothing.
    fn wanted(&self, id: i64) -> Option<i64> {
        self.is_first.then_some(id)
    }

    /// Inserts a thing, and keeps the id that it gets.
    async fn insert(
        &mut self,
        table: &'static str,
        id: i64,
        insert: Query<'_, Sqlite, SqliteArguments>,
    ) -> anyhow::Result<i64> {
        let got = insert.execute(&mut *self.change).await?.last_insert_rowid();
        self.ids.insert((table, id), got);
        Ok(got)
    }

    async fn workspace(&mut self, workspace: &Workspace) -> anyhow::Result<()> {
        let Workspace { id, name, description } = workspace;
        let insert = sqlx::query(
            "INSERT INTO workspaces (id, account, name, description, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(self.wanted(*id))
        .bind(self.account)
        .bind(name)
        .bind(description)
        .bind(self.minutes_ago(AGE));
        self.insert("workspaces", *id, insert).await?;
        Ok(())
    }

    async fn cluster(&mut self, cluster: &Cluster) -> anyhow::Result<()> {
        let insert = sqlx::query(
            "INSERT INTO clusters (id, account, name, type, status, nodes, region, terminate_on_idle, created_at,
                                   available_since, terminated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )
        .bind(self.wanted(cluster.id))
        .bind(self.account)
        .bind(&cluster.name)
        .bind(cluster.r#type.as_str())
        .bind(cluster.status.as_str())
        .bind(cluster.nodes)
        .bind(&cluster.region)
        .bind(cluster.terminate_on_idle)
        .bind(self.minutes_ago(cluster.created_minutes_ago))
        .bind(cluster.available_minutes_ago.map(|minutes| self.minutes_ago(minutes)))
        .bind(cluster.terminated_minutes_ago.map(|minutes| self.minutes_ago(minutes)));
        self.insert("clusters", cluster.id, insert).await?;
        Ok(())
    }

    async fn connection(
        &mut self,
        connection: &Connection,
        demo: &str,
        seal: impl Fn(&StoredConnection, &str) -> anyhow::Result<Sealed>,
    ) -> anyhow::Result<()> {
        let Connection { kind, id, name, r#type, host, port, database, bucket, tunnel_type, user } = connection;
        let got = if self.is_first { *id } else { connections::next_id(self.change, *kind).await? };
        let mut stored = StoredConnection {
            id: got,
            name: name.clone(),
            kind: *kind,
            system: *r#type,
            status: ConnectionStatus::Active,
            host: host.clone(),
            port: *port,
            database: if *r#type == ConnectionType::Sqlite { Some(demo.to_owned()) } else { database.clone() },
            bucket: bucket.clone(),
            tunnel: *tunnel_type,
            tls: (*r#type == ConnectionType::Postgres).then(Default::default),
            credentials: None,
            created_at: self.minutes_ago(AGE),
        };
        stored.credentials = user.as_ref().map(|user| seal(&stored, user)).transpose()?;
        connections::insert(self.change, self.account, &stored).await?;
        self.ids.insert((kind.as_str(), *id), got);
        Ok(())
    }

    async fn package(&mut self, package: &Package) -> anyhow::Result<()> {
        let mut data_flow = package.data_flow.clone();
        for component in data_flow["components"].as_array_mut().into_iter().flatten() {
            for (key, table) in [("connection_id", ConnectionKind::Database.as_str()), ("package_id", "packages")] {
                if let Some(id) = component[key].as_i64() {
                    component[key] = Value::from(self.id(table, id)?);
                }
            }
        }
        let insert = sqlx::query(
            "INSERT INTO packages (id, account, workspace, name, description, flow_type, status, version, data_flow,
                                   variables, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, ?10)",
        )
        .bind(self.wanted(package.id))
        .bind(self.account)
        .bind(self.id("workspaces", package.workspace)?)
        .bind(&package.name)
        .bind(&package.description)
        .bind(package.flow_type.as_str())
        .bind(package.status.as_str())
        .bind(data_flow.to_string())
        .bind(serde_json::to_string(&package.variables)?)
        .bind(self.minutes_ago(AGE));
        let id = self.insert("packages", package.id, insert).await?;
        Ok(keep_version(self.change, id, "created", ACTOR).await?)
    }

    async fn schedule(&mut self, schedule: &Schedule) -> anyhow::Result<()> {
        let next = Timing::new(&schedule.cron, &schedule.time_zone)?.next_after(self.now);
        let insert = sqlx::query(
            "INSERT INTO schedules (id, account, package, cluster, name, cron, time_zone, variables, enabled,
                                    next_run_at, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
        )
        .bind(self.wanted(schedule.id))
        .bind(self.account)
        .bind(self.id("packages", schedule.package)?)
        .bind(self.optional("clusters", schedule.cluster)?)
        .bind(&schedule.name)
        .bind(&schedule.cron)
        .bind(&schedule.time_zone)
        .bind(serde_json::to_string(&schedule.variables)?)
        .bind(schedule.enabled)
        .bind(next.filter(|_| schedule.enabled).map(Timestamp::as_microsecond))
        .bind(self.minutes_ago(AGE));
        self.insert("schedules", schedule.id, insert).await?;
        Ok(())
    }

    async fn run(&mut self, run: &Run) -> anyhow::Result<()> {
        let started = self.minutes_ago(run.minutes_ago);
        let ended = started + run.seconds * 1_000_000;
        let schedule = self.optional("schedules", run.schedule)?;
        let insert = sqlx::query(
            "INSERT INTO runs (id, account, package, package_version, cluster, schedule, retry_of, status, variables,
                               dynamic_variables, error, actor, created_at, started_at, completed_at)
             VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, '{}', ?9, ?10, ?11, ?11, ?12)",
        )
        .bind(self.wanted(run.id))
        .bind(self.account)
        .bind(self.id("packages", run.package)?)
        .bind(self.optional("clusters", run.cluster)?)
        .bind(schedule)
        .bind(self.optional("runs", run.retry_of)?)
        .bind(run.status.as_str())
        .bind(serde_json::to_string(&run.variables)?)
        .bind(&run.error)
        .bind(ACTOR)
        .bind(started)
        .bind(ended);
        let id = self.insert("runs", run.id, insert).await?;
        for (line, text) in (1_i64..).zip(&run.log) {
            sqlx::query("INSERT INTO run_log (run, line, at, text) VALUES (?1, ?2, ?3, ?4)")
                .bind(id)
                .bind(line)
                .bind(started + (line - 1) * 200_000)
                .bind(text)
                .execute(&mut *self.change)
                .await?;
        }
        if let Some(schedule) = schedule {
            sqlx::query("UPDATE schedules SET last_run = ?2, last_run_at = ?3 WHERE id = ?1")
                .bind(schedule)
                .bind(id)
                .bind(started)
                .execute(&mut *self.change)
                .await?;
        }
        Ok(())
    }
}
