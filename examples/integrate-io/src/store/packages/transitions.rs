//! What changes packages. Every change of a data flow makes a version, and every version is kept.

use integrate_io_tools::{FlowType, Package};
use serde_json::Value;
use sqlx::SqliteConnection;

use super::{Definition, load};
use crate::store::{StoreError, WriteStore, json, time};

/// How long a name is at most.
const LONGEST_NAME: usize = 120;

/// A version of a package, without what it is made of.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Version {
    #[sqlx(rename = "version")]
    pub(crate) number: i64,
    /// What made it.
    pub(crate) event: String,
    /// Who made it.
    pub(crate) actor: String,
    pub(crate) created_at: i64,
}

/// The versions of a package of any account, and the package's name; the newest first.
pub(crate) async fn versions(
    connection: &mut SqliteConnection,
    package: i64,
) -> Result<(String, Vec<Version>), StoreError> {
    let name = sqlx::query_scalar("SELECT name FROM packages WHERE id = ?1");
    let name = name.bind(package).fetch_optional(&mut *connection).await?;
    let name = name.ok_or(StoreError::NotFound { what: "package", id: package })?;
    let versions =
        "SELECT version, event, actor, created_at FROM package_versions WHERE package = ?1 ORDER BY version DESC";
    Ok((name, sqlx::query_as(versions).bind(package).fetch_all(connection).await?))
}

/// Keeps a package as it is now as a version, unless that is kept already.
pub(crate) async fn keep_version(
    change: &mut SqliteConnection,
    package: i64,
    event: &str,
    actor: &str,
) -> Result<(), StoreError> {
    let keep = "INSERT INTO package_versions (package, version, data_flow, variables, event, actor, created_at)
                SELECT id, version, data_flow, variables, ?2, ?3, updated_at FROM packages WHERE id = ?1
                ON CONFLICT DO NOTHING";
    sqlx::query(keep).bind(package).bind(event).bind(actor).execute(change).await?;
    Ok(())
}

impl WriteStore {
    /// Copies a package into a new one, which is in use whether or not the package is.
    pub(crate) async fn clone_package(
        &self,
        account: &str,
        actor: &str,
        package: i64,
        name: Option<String>,
        workspace: Option<i64>,
    ) -> Result<Package, StoreError> {
        let mut change = self.change().await?;
        let original = load(&mut change, account, package).await?.package;
        if let Some(workspace) = workspace {
            let there = sqlx::query_scalar::<_, i64>("SELECT id FROM workspaces WHERE account = ?1 AND id = ?2");
            let there = there.bind(account).bind(workspace).fetch_optional(&mut *change).await?;
            there.ok_or(StoreError::NotFound { what: "workspace", id: workspace })?;
        }
        let name = name.unwrap_or_else(|| name_of_copy(&original.name));
        let copy = "INSERT INTO packages (account, workspace, name, description, flow_type, status, version, data_flow,
                                          variables, created_at, updated_at)
                    SELECT account, coalesce(?2, workspace), ?3, description, flow_type, 'active', 1, data_flow, variables, ?4, ?4
                    FROM packages WHERE id = ?1";
        let copy = sqlx::query(copy).bind(package).bind(workspace).bind(name).bind(time::now());
        let id = copy.execute(&mut *change).await?.last_insert_rowid();
        keep_version(&mut change, id, &format!("cloned from {package}"), actor).await?;
        let copy = load(&mut change, account, id).await?.package;
        change.commit().await?;
        Ok(copy)
    }

    /// Changes a package's data flow. `revise` is given the one that there is, and nobody else changes it meanwhile. What comes
    /// out the same makes no version. Answers with the package and the version that it had before.
    pub(crate) async fn revise_package<T, E: From<StoreError>>(
        &self,
        account: &str,
        actor: &str,
        package: i64,
        event: &str,
        revise: impl FnOnce(FlowType, &Value) -> Result<(Value, T), E>,
    ) -> Result<(Package, i64, T), E> {
        let mut change = self.change().await?;
        let Definition { package: before, data_flow, .. } = load(&mut change, account, package).await?;
        let (revised, answer) = revise(before.flow_type, &data_flow)?;
        if revised == data_flow {
            return Ok((before.clone(), before.version, answer));
        }
        make_version(&mut change, actor, package, event, &revised.to_string(), None).await?;
        let after = load(&mut change, account, package).await?.package;
        change.commit().await.map_err(StoreError::from)?;
        Ok((after, before.version, answer))
    }

    /// Makes a package what it was in a version, which makes a new version. One that is that already is refused.
    pub(crate) async fn restore_package(
        &self,
        account: &str,
        actor: &str,
        package: i64,
        version: i64,
    ) -> Result<Package, StoreError> {
        let mut change = self.change().await?;
        let now = load(&mut change, account, package).await?;
        let then =
            sqlx::query_as("SELECT data_flow, variables FROM package_versions WHERE package = ?1 AND version = ?2");
        let then = then.bind(package).bind(version).fetch_optional(&mut *change).await?;
        let (data_flow, variables): (String, String) =
            then.ok_or(StoreError::NotFound { what: "version", id: version })?;
        if json::<Value>(&data_flow)? == now.data_flow && json::<Value>(&variables)? == serde_json::json!(now.variables)
        {
            return Err(StoreError::WrongState(format!(
                "the package {package} is what it was in version {version} already"
            )));
        }
        let event = format!("restored {version}");
        make_version(&mut change, actor, package, &event, &data_flow, Some(&variables)).await?;
        let after = load(&mut change, account, package).await?.package;
        change.commit().await?;
        Ok(after)
    }
}

/// Keeps what there is, changes it, and keeps what it has become. Without variables they stay.
async fn make_version(
    change: &mut SqliteConnection,
    actor: &str,
    package: i64,
    event: &str,
    data_flow: &str,
    variables: Option<&str>,
) -> Result<(), StoreError> {
    // A package that was never changed may have come without a version.
    keep_version(change, package, "created", "unknown").await?;
    let update = "UPDATE packages SET data_flow = ?2, variables = coalesce(?3, variables), version = version + 1, updated_at = ?4
                  WHERE id = ?1";
    let update = sqlx::query(update).bind(package).bind(data_flow).bind(variables).bind(time::now());
    update.execute(&mut *change).await?;
    keep_version(change, package, event, actor).await
}

/// What a copy is called when nobody says. A name that is cut tells so.
fn name_of_copy(original: &str) -> String {
    let name = format!("Copy of {original}");
    if name.chars().count() <= LONGEST_NAME {
        return name;
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}
