//! The tools of the area Account inventory: what the account has.

use std::collections::BTreeMap;

use integrate_io_tools::*;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use toolwright::{Call, mcp_tool};

use crate::store::{ReadStore, StoreError, clusters, connections, packages, search, workspaces};

/// How far list_workspaces looks back for runs.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

#[mcp_tool]
async fn list_workspaces(
    store: &ReadStore,
    call: &Call,
    input: list_workspaces::Input,
) -> Result<list_workspaces::Output, StoreError> {
    let since = (Timestamp::now() - LATELY).as_microsecond();
    let mut view = store.snapshot().await?;
    let (workspaces, total) = workspaces::list(&mut view, call.account(), since, input.limit, input.offset).await?;
    Ok(list_workspaces::Output { workspaces, total })
}

#[mcp_tool]
async fn list_packages(
    store: &ReadStore,
    call: &Call,
    input: list_packages::Input,
) -> Result<list_packages::Output, StoreError> {
    let list_packages::Input { flow_type, status, workspace_id, limit, offset } = input;
    let filter = packages::Filter { flow_type, status, workspace: workspace_id };
    let mut view = store.snapshot().await?;
    let (packages, total) = packages::list(&mut view, call.account(), &filter, limit, offset).await?;
    Ok(list_packages::Output { packages, total })
}

#[mcp_tool]
async fn get_package(
    store: &ReadStore,
    call: &Call,
    input: get_package::Input,
) -> Result<get_package::Output, StoreError> {
    let mut view = store.snapshot().await?;
    let packages::Definition { package, data_flow, variables } =
        packages::load(&mut view, call.account(), input.package_id).await?;
    Ok(get_package::Output {
        package,
        data_flow: summary(&data_flow, variables.len()),
        data_flow_json: input.include_full_graph.then_some(data_flow),
        variables: input.include_full_graph.then_some(variables),
    })
}

fn summary(data_flow: &Value, variables: usize) -> DataFlowSummary {
    let list = |key: &str| data_flow[key].as_array().map_or(&[][..], Vec::as_slice);
    let mut component_types = BTreeMap::new();
    for of_type in list("components").iter().filter_map(|component| component["type"].as_str()) {
        *component_types.entry(of_type.to_owned()).or_insert(0) += 1;
    }
    DataFlowSummary {
        component_count: count(list("components").len()),
        edge_count: count(list("edges").len()),
        component_types,
        variables_count: count(variables),
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[mcp_tool]
async fn list_connections(
    store: &ReadStore,
    call: &Call,
    input: list_connections::Input,
) -> Result<list_connections::Output, StoreError> {
    let list_connections::Input { connection_type_filter, limit, offset } = input;
    let mut view = store.snapshot().await?;
    let listed = connections::list(&mut view, call.account(), connection_type_filter, limit, offset).await?;
    let (connections, total) = listed;
    Ok(list_connections::Output { connections, total })
}

#[mcp_tool]
async fn get_connection(
    store: &ReadStore,
    call: &Call,
    input: get_connection::Input,
) -> Result<ConnectionDetails, StoreError> {
    let get_connection::Input { connection_id, connection_type } = input;
    let mut view = store.snapshot().await?;
    connections::find(&mut view, call.account(), connection_type, connection_id).await?.details()
}

#[mcp_tool]
async fn list_clusters(
    store: &ReadStore,
    call: &Call,
    input: list_clusters::Input,
) -> Result<list_clusters::Output, StoreError> {
    let mut view = store.snapshot().await?;
    let (clusters, total) = clusters::list(&mut view, call.account(), input.status, input.limit, input.offset).await?;
    Ok(list_clusters::Output { clusters, total })
}

#[mcp_tool]
async fn search_all(
    store: &ReadStore,
    call: &Call,
    input: search_all::Input,
) -> Result<search_all::Output, StoreError> {
    let search_all::Input { query, types, per_type_limit } = input;
    let mut wanted = SearchType::ALL.to_vec();
    if let Some(types) = types {
        wanted.retain(|of_type| types.contains(of_type));
    }
    let mut view = store.snapshot().await?;
    let found = search::find_all(&mut view, call.account(), &query, &wanted, per_type_limit, store.secrets());
    let (hits, totals) = found.await?;
    Ok(search_all::Output { hits, totals })
}
