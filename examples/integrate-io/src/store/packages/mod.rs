//! Packages: reading them. What changes them is in `transitions`.

use std::collections::BTreeMap;

use integrate_io_tools::{FlowType, Package, PackageStatus};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use super::{StoreError, json, time, word};

pub(crate) mod transitions;

/// What [`from_row`] needs of a package.
const COLUMNS: &str = "packages.*, (SELECT status FROM runs WHERE package = packages.id
    ORDER BY created_at DESC, id DESC LIMIT 1) AS last_run_status";

/// A package with what it does.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) package: Package,
    /// Its components and edges.
    pub(crate) data_flow: Value,
    /// Its variables with their defaults.
    pub(crate) variables: BTreeMap<String, String>,
}

/// The account's package with this id, as it is now.
pub(crate) async fn load(connection: &mut SqliteConnection, account: &str, id: i64) -> Result<Definition, StoreError> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT ");
    select.push(COLUMNS).push(" FROM packages WHERE account = ").push_bind(account.to_owned());
    select.push(" AND id = ").push_bind(id);
    let row = select.build().fetch_optional(connection).await?;
    let row = row.ok_or(StoreError::NotFound { what: "package", id })?;
    Ok(Definition {
        package: from_row(&row)?,
        data_flow: json(row.try_get("data_flow")?)?,
        variables: json(row.try_get("variables")?)?,
    })
}

/// Which packages to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) flow_type: Option<FlowType>,
    pub(crate) status: Option<PackageStatus>,
    pub(crate) workspace: Option<i64>,
}

impl Filter {
    /// A query over the account's packages that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { flow_type, status, workspace } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(" FROM packages WHERE account = ").push_bind(account.to_owned());
        if let Some(flow_type) = flow_type {
            select.push(" AND flow_type = ").push_bind(flow_type.as_str());
        }
        if let Some(status) = status {
            select.push(" AND status = ").push_bind(status.as_str());
        }
        if let Some(workspace) = workspace {
            select.push(" AND workspace = ").push_bind(*workspace);
        }
        select
    }
}

/// The account's packages that a filter matches, last changed first, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Package>, i64), StoreError> {
    let select = |columns: &str| filter.select(columns, account);
    Ok(page(connection, select, COLUMNS, "updated_at DESC, id DESC", (limit, offset), from_row).await?)
}

fn from_row(row: &SqliteRow) -> Result<Package, sqlx::Error> {
    Ok(Package {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        flow_type: word(row.try_get("flow_type")?)?,
        status: word(row.try_get("status")?)?,
        workspace_id: row.try_get("workspace")?,
        version: row.try_get("version")?,
        last_run_status: row.try_get::<Option<&str>, _>("last_run_status")?.map(word).transpose()?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        updated_at: time::rfc3339(row.try_get("updated_at")?)?,
    })
}
