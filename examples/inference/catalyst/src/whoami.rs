//! What a key reaches.

use axum::{Json, Router, routing::get};
use serde::Serialize;

use crate::{
    access::{Caller, Grant},
    error::ApiError,
    time,
};

/// About the key itself: no project has to be entered.
pub(crate) fn routes() -> Router {
    Router::new().route("/v1/whoami", get(whoami)).route("/v1/projects", get(projects))
}

#[derive(Serialize)]
struct Whoami {
    key: Key,
    team: Team,
    projects: Vec<GrantedProject>,
    /// The project that a request is about when it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_project: Option<String>,
}

#[derive(Serialize)]
struct Key {
    id: String,
    name: String,
    created_at: String,
}

#[derive(Serialize)]
struct Team {
    id: String,
    name: String,
    credits: i64,
}

#[derive(Serialize)]
struct GrantedProject {
    id: String,
    name: String,
    permissions: &'static [&'static str],
}

impl From<Grant> for GrantedProject {
    fn from(Grant { project_id, project_name, access, .. }: Grant) -> Self {
        Self { id: project_id, name: project_name, permissions: access.permissions() }
    }
}

async fn whoami(caller: Caller) -> Json<Whoami> {
    let default_project = caller.default_grant().map(|grant| grant.project_id.clone());
    let Caller { key_id, key_name, key_created_at, team_id, team_name, team_credits, grants, .. } = caller;
    Json(Whoami {
        key: Key { id: key_id, name: key_name, created_at: time::rfc3339(key_created_at) },
        team: Team { id: team_id, name: team_name, credits: team_credits },
        projects: grants.into_iter().map(GrantedProject::from).collect(),
        default_project,
    })
}

#[derive(Serialize)]
struct Projects {
    projects: Vec<Project>,
}

/// A project that the key reaches, with what is in it.
#[derive(Serialize)]
struct Project {
    #[serde(flatten)]
    granted: GrantedProject,
    is_default: bool,
    created_at: String,
    agents: i64,
    traces: i64,
}

async fn projects(caller: Caller) -> Result<Json<Projects>, ApiError> {
    let mut snapshot = caller.snapshot().await?;
    let default = caller.default_grant().map(|grant| grant.project_id.clone());
    let mut projects = Vec::with_capacity(caller.grants.len());
    for grant in caller.grants {
        let (created_at, agents, traces) = sqlx::query_as::<_, (i64, i64, i64)>(
            "SELECT created_at, (SELECT count(*) FROM agents WHERE project = projects.id),
                    (SELECT count(*) FROM traces WHERE project = projects.id)
             FROM projects WHERE id = ?1",
        )
        .bind(&grant.project_id)
        .fetch_one(&mut *snapshot)
        .await?;
        let is_default = default.as_ref() == Some(&grant.project_id);
        projects.push(Project {
            granted: grant.into(),
            is_default,
            created_at: time::rfc3339(created_at),
            agents,
            traces,
        });
    }
    Ok(Json(Projects { projects }))
}
