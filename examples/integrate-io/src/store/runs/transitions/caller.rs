//! The transitions that callers and schedules ask for.

use std::collections::BTreeMap;

use integrate_io_tools::{ClusterStatus, PackageStatus, Run, RunStatus};
use sqlx::{Row as _, SqliteConnection};

use crate::{
    dataflow::{Given, variable_faults},
    store::{
        StoreError, WriteStore, json,
        packages::{self, Definition},
        runs::{self, log},
        time, word,
    },
};

/// How many runs of an account can be pending and running. More would only wait, and hold up others.
const MAX_OPEN_RUNS: i64 = 100;

/// A run as asked for.
#[derive(Debug, Default)]
pub(crate) struct NewRun {
    pub(crate) package_id: i64,
    /// One that is available when left out.
    pub(crate) cluster_id: Option<i64>,
    /// Values that replace the package's defaults.
    pub(crate) variables: BTreeMap<String, String>,
    /// Expressions that are computed when the run starts.
    pub(crate) dynamic_variables: BTreeMap<String, String>,
    pub(crate) schedule_id: Option<i64>,
    pub(crate) retry_of: Option<i64>,
}

impl WriteStore {
    /// Makes a run, to be started by the worker.
    pub(crate) async fn create_run(&self, account: &str, actor: &str, new: &NewRun) -> Result<Run, StoreError> {
        let mut change = self.change().await?;
        let id = insert(&mut change, time::now(), account, actor, new).await?;
        let run = runs::load(&mut change, account, id).await?;
        change.commit().await?;
        self.wakes.runs.notify_one();
        Ok(run)
    }

    /// Makes a run that does again what a failed or cancelled one was to do, with its variables, by the
    /// package as it is now.
    pub(crate) async fn retry_run(
        &self,
        account: &str,
        actor: &str,
        run_id: i64,
        cluster_id: Option<i64>,
    ) -> Result<Run, StoreError> {
        let mut change = self.change().await?;
        let found = runs::load(&mut change, account, run_id).await?;
        let refusal = match found.status {
            RunStatus::Failed | RunStatus::Cancelled => None,
            RunStatus::Pending | RunStatus::Running => {
                Some("wait until it is over, or cancel it with cancel_job first")
            }
            RunStatus::Completed => {
                Some("only a failed or cancelled run can be retried; run_package runs its package again")
            }
        };
        if let Some(remedy) = refusal {
            let status = found.status.as_str();
            return Err(StoreError::WrongState(format!("run `{run_id}` is {status}: {remedy}")));
        }
        let given = "SELECT variables, dynamic_variables FROM runs WHERE id = ?1";
        let (variables, dynamic): (String, String) = sqlx::query_as(given).bind(run_id).fetch_one(&mut *change).await?;
        let mut new = NewRun {
            package_id: found.package_id,
            cluster_id: cluster_id.or(found.cluster_id),
            variables: json(&variables)?,
            dynamic_variables: json(&dynamic)?,
            schedule_id: None,
            retry_of: Some(run_id),
        };
        // What was computed is computed again, and what the package has no more is not given.
        let Definition { variables: known, .. } = packages::load(&mut change, account, new.package_id).await?;
        new.dynamic_variables.retain(|name, _| known.contains_key(name));
        new.variables.retain(|name, _| known.contains_key(name) && !new.dynamic_variables.contains_key(name));
        let id = insert(&mut change, time::now(), account, actor, &new).await?;
        let run = runs::load(&mut change, account, id).await?;
        change.commit().await?;
        self.wakes.runs.notify_one();
        Ok(run)
    }

    /// Stops a run that is not over, and says whether it was this that stopped it. One that is over stays
    /// as it is.
    pub(crate) async fn cancel_run(&self, account: &str, actor: &str, run_id: i64) -> Result<(Run, bool), StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let cancel = "UPDATE runs SET status = 'cancelled', completed_at = ?3
                      WHERE account = ?1 AND id = ?2 AND status IN ('pending', 'running')";
        let cancelled = sqlx::query(cancel).bind(account).bind(run_id).bind(now).execute(&mut *change).await?;
        let cancelled = cancelled.rows_affected() > 0;
        if cancelled {
            log::append(&mut change, run_id, now, &[format!("cancelled by `{actor}`")]).await?;
        }
        let run = runs::load(&mut change, account, run_id).await?;
        change.commit().await?;
        self.wakes.runs.notify_one();
        Ok((run, cancelled))
    }
}

/// Makes a run, if it can be done: everything is checked before anything is written.
pub(in crate::store) async fn insert(
    connection: &mut SqliteConnection,
    now: i64,
    account: &str,
    actor: &str,
    new: &NewRun,
) -> Result<i64, StoreError> {
    let Definition { package, variables: defaults, .. } = packages::load(connection, account, new.package_id).await?;
    if package.status == PackageStatus::Archived {
        let message = format!("package `{}` is archived, and does not run: clone it with clone_package", package.id);
        return Err(StoreError::WrongState(message));
    }
    check_names("variables", &new.variables, &defaults)?;
    check_names("dynamic_variables", &new.dynamic_variables, &defaults)?;
    if let Some(name) = new.dynamic_variables.keys().find(|name| new.variables.contains_key(*name)) {
        let why = format!("`{name}` is given in `variables` too: leave one of them out");
        return Err(StoreError::InvalidArgument { field: "dynamic_variables".to_owned(), why });
    }
    let given = Given { variables: new.variables.clone(), dynamic_variables: new.dynamic_variables.clone() };
    if let Some(fault) = variable_faults(&given, &defaults).into_iter().next() {
        return Err(StoreError::InvalidArgument { field: fault.field.unwrap_or_default(), why: fault.message });
    }
    check_room(connection, account).await?;
    let cluster = cluster(connection, account, new.cluster_id).await?;
    let mut variables = defaults;
    variables.extend(new.variables.clone());
    variables.retain(|name, _| !new.dynamic_variables.contains_key(name));
    let id = sqlx::query_scalar(
        "INSERT INTO runs (account, package, package_version, cluster, schedule, retry_of, status, variables, dynamic_variables,
                           actor, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, ?9, ?10) RETURNING id",
    )
    .bind(account)
    .bind(package.id)
    .bind(package.version)
    .bind(cluster)
    .bind(new.schedule_id)
    .bind(new.retry_of)
    .bind(serde_json::to_string(&variables)?)
    .bind(serde_json::to_string(&new.dynamic_variables)?)
    .bind(actor)
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Refuses variables that the package does not have: they would change nothing.
fn check_names(
    field: &str,
    given: &BTreeMap<String, String>,
    known: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let Some(unknown) = given.keys().find(|name| !known.contains_key(*name)) else { return Ok(()) };
    let known: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
    let has = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
    Err(StoreError::InvalidArgument {
        field: field.to_owned(),
        why: format!("the package has no variable `{unknown}`; {has}"),
    })
}

/// Refuses one more run to an account that has as many unfinished ones as it can have.
async fn check_room(connection: &mut SqliteConnection, account: &str) -> Result<(), StoreError> {
    let count = "SELECT count(*) FROM runs WHERE account = ?1 AND status IN ('pending', 'running')";
    let count: i64 = sqlx::query_scalar(count).bind(account).fetch_one(connection).await?;
    if count < MAX_OPEN_RUNS {
        return Ok(());
    }
    Err(StoreError::WrongState(format!(
        "your account has {count} runs that are pending or running, and {MAX_OPEN_RUNS} is the most that it can have: \
         wait until some are over, or cancel some with cancel_job"
    )))
}

/// The cluster for a run: the given one if it is available, or the first of the account that is.
async fn cluster(connection: &mut SqliteConnection, account: &str, given: Option<i64>) -> Result<i64, StoreError> {
    let Some(id) = given else {
        let first = "SELECT id FROM clusters WHERE account = ?1 AND status = 'available' ORDER BY id LIMIT 1";
        let first: Option<i64> = sqlx::query_scalar(first).bind(account).fetch_optional(connection).await?;
        return first.ok_or_else(|| {
            let message = "no cluster of your account is available: see with list_clusters where each stands, and wait \
                           until one is";
            StoreError::WrongState(message.to_owned())
        });
    };
    let row = sqlx::query("SELECT status FROM clusters WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(StoreError::NotFound { what: "cluster", id })?;
    match word(row.try_get("status")?)? {
        ClusterStatus::Available => Ok(id),
        status => Err(StoreError::WrongState(format!(
            "cluster `{id}` is {}, not available: name another one as `cluster_id`; list_clusters has them",
            status.as_str()
        ))),
    }
}
