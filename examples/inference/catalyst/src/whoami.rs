//! What a key reaches.

use axum::{Json, Router, routing::get};
use serde::Serialize;

use crate::{
    access::{Caller, Grant},
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
    projects: Vec<GrantedProject>,
}

async fn projects(caller: Caller) -> Json<Projects> {
    Json(Projects { projects: caller.grants.into_iter().map(GrantedProject::from).collect() })
}
