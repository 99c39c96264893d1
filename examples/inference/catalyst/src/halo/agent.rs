//! Which agent is meant: callers name it as people do.

use serde::Serialize;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::error::{ApiError, quoted};

/// How many agents are named in an error.
const MAX_NAMED: usize = 5;

/// How many characters the name of an agent can have, as its spans give it.
const MAX_NAME: usize = 200;

/// From which likeness on a name is near to another.
const NEAR: f64 = 0.75;

/// An agent that HALO can look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) service: String,
}

impl Agent {
    /// From a row that has it as `agent`, `agent_name` and `agent_service`.
    pub(super) fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self { id: row.try_get("agent")?, name: row.try_get("agent_name")?, service: row.try_get("agent_service")? })
    }

    /// The one agent of the project that is meant.
    pub(super) async fn meant(connection: &mut SqliteConnection, project: &str, named: &str) -> Result<Self, ApiError> {
        // What is longer names nobody, and would be held against every name that there is.
        if !(1..=MAX_NAME).contains(&named.chars().count()) {
            return Err(ApiError::invalid("agent", format!("write 1 to {MAX_NAME} characters")));
        }
        let mut agents = by_id_or_name(connection, project, named).await?;
        if agents.len() > 1 {
            let told = agents.iter().map(|agent| format!("`{}` in the service `{}`", agent.id, agent.service));
            let told = told.collect::<Vec<_>>().join(", ");
            let count = agents.len();
            return Err(ApiError::invalid(
                "agent",
                format!("{count} agents have this name, give the id of one: {told}"),
            ));
        }
        match agents.pop() {
            Some(agent) => Ok(agent),
            None => Err(absent(connection, project, named).await?),
        }
    }
}

/// Agents with this id, or else with this name, whatever its case.
pub(super) async fn by_id_or_name(
    connection: &mut SqliteConnection,
    project: &str,
    named: &str,
) -> Result<Vec<Agent>, ApiError> {
    for (column, value) in [("id", named.to_owned()), ("folded_name", named.to_lowercase())] {
        let mut query = select(project);
        query.push(format_args!(" AND {column} = ")).push_bind(value);
        let agents = fetch(connection, query).await?;
        if !agents.is_empty() {
            return Ok(agents);
        }
    }
    Ok(Vec::new())
}

/// The same, or else agents whose names have this as a part.
pub(super) async fn by_part(
    connection: &mut SqliteConnection,
    project: &str,
    named: &str,
) -> Result<Vec<Agent>, ApiError> {
    let whole = by_id_or_name(connection, project, named).await?;
    if !whole.is_empty() {
        return Ok(whole);
    }
    let mut query = select(project);
    query.push(" AND instr(folded_name, ").push_bind(named.to_lowercase()).push(") > 0");
    fetch(connection, query).await
}

/// The ids of agents, as a statement takes them.
pub(super) fn ids(agents: &[Agent]) -> Result<String, ApiError> {
    let ids: Vec<&str> = agents.iter().map(|agent| agent.id.as_str()).collect();
    Ok(serde_json::to_string(&ids)?)
}

fn select(project: &str) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT id AS agent, name AS agent_name, service AS agent_service FROM agents");
    query.push(" WHERE project = ").push_bind(project.to_owned());
    query
}

async fn fetch(connection: &mut SqliteConnection, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Agent>, ApiError> {
    let rows = query.push(" ORDER BY name, service").build().fetch_all(connection).await?;
    Ok(rows.iter().map(Agent::from_row).collect::<Result<_, _>>()?)
}

/// That nobody is called so, and who is called nearly so.
async fn absent(connection: &mut SqliteConnection, project: &str, named: &str) -> Result<ApiError, ApiError> {
    let folded = named.to_lowercase();
    let mut likely: Vec<(f64, String)> = Vec::new();
    for Agent { name, .. } in fetch(connection, select(project)).await? {
        let likeness = strsim::jaro_winkler(&folded, &name.to_lowercase());
        if likely.iter().all(|(_, other)| *other != name) {
            likely.push((likeness, name));
        }
    }
    let is_near = likely.iter().any(|(likeness, _)| *likeness >= NEAR);
    if is_near {
        likely.retain(|(likeness, _)| *likeness >= NEAR);
        likely.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    }
    let told: Vec<String> = likely.iter().take(MAX_NAMED).map(|(_, name)| format!("`{}`", quoted(name))).collect();
    let told = told.join(", ");
    let hint = match (likely.is_empty(), is_near) {
        (true, _) => "; the project has no agents yet: their traces name them".to_owned(),
        (false, true) => format!("; there is {told}"),
        (false, false) => format!("; some that there are: {told}"),
    };
    Ok(ApiError::Absent(format!("there is no agent `{}`{hint}", quoted(named))))
}
