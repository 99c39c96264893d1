//! Who calls, and what they may do. Everything is asked of the database at every request, so that a key that is revoked
//! is refused on the next one.
//!
//! [`authenticate`] and [`enter`] stand before the routes, so that none can forget them: 401 comes before everything, and
//! permission before the body is read and before anybody looks whether a thing exists. What a route is given of the
//! store are [`Reading`] and [`Writing`], each a door for one project; there is no other.

use axum::{
    RequestExt as _,
    extract::{FromRequestParts, RawPathParams, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, header, request::Parts};
use serde::Deserialize;
use sqlx::{Row as _, Sqlite, Transaction};
use toolwright_support::sqlite::word;

use crate::{
    Project,
    error::ApiError,
    key,
    store::{Change, Store, Wakes},
};

/// The header that names the project of a request whose path does not.
const PROJECT_HEADER: &str = "x-project-id";

/// What a key may do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Look at what is there.
    Read,
    /// Change it too.
    Write,
}

impl Access {
    /// What a request asks for.
    fn asked_by(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Write }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The permissions that this one is.
    pub(crate) fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["read"],
            Self::Write => &["read", "write"],
        }
    }
}

/// Who calls: a key, and what it reaches.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) key_id: String,
    pub(crate) key_name: String,
    pub(crate) key_created_at: i64,
    pub(crate) team_id: String,
    pub(crate) team_name: String,
    pub(crate) team_credits: i64,
    /// By name.
    pub(crate) grants: Vec<Grant>,
    store: Store,
}

/// What a key may do in a project of its team.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) project_id: String,
    pub(crate) project_name: String,
    pub(crate) access: Access,
    is_default: bool,
}

impl Caller {
    /// Whose key this is, unless nobody has it.
    async fn of(store: Store, digest: &[u8]) -> Result<Option<Self>, ApiError> {
        let rows = sqlx::query(
            "SELECT keys.id AS key_id, keys.name AS key_name, keys.created_at AS key_created_at,
                    teams.id AS team_id, teams.name AS team_name, teams.credits,
                    projects.id AS project_id, projects.name AS project_name, grants.access, grants.is_default
             FROM keys JOIN teams ON teams.id = keys.team
                  LEFT JOIN grants ON grants.key = keys.id LEFT JOIN projects ON projects.id = grants.project
             WHERE keys.digest = ?1 AND keys.revoked_at IS NULL
             ORDER BY projects.name, projects.id",
        )
        .bind(digest)
        .fetch_all(store.read())
        .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let mut caller = Self {
            key_id: first.try_get("key_id")?,
            key_name: first.try_get("key_name")?,
            key_created_at: first.try_get("key_created_at")?,
            team_id: first.try_get("team_id")?,
            team_name: first.try_get("team_name")?,
            team_credits: first.try_get("credits")?,
            grants: Vec::new(),
            store,
        };
        for row in &rows {
            if let Some(project_id) = row.try_get("project_id")? {
                let (project_name, access) = (row.try_get("project_name")?, word(row.try_get("access")?)?);
                let is_default = row.try_get("is_default")?;
                caller.grants.push(Grant { project_id, project_name, access, is_default });
            }
        }
        Ok(Some(caller))
    }

    /// The project that a request is about when it names none: the only one, or the key's default.
    pub(crate) fn default_grant(&self) -> Option<&Grant> {
        match &self.grants[..] {
            [only] => Some(only),
            grants => grants.iter().find(|grant| grant.is_default),
        }
    }

    /// A view of one moment, for what the key may always know.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, ApiError> {
        Ok(self.store.read().begin().await?)
    }

    /// The grant for a project. One of others and one that there is not are the same to the caller.
    fn grant(&self, project: &str) -> Result<&Grant, ApiError> {
        let grant = self.grants.iter().find(|grant| grant.project_id == project);
        grant.ok_or_else(|| ApiError::not_found("project", project))
    }

    /// The grant for the project that a request names in its header, or needs not to.
    fn grant_by_header(&self, headers: &HeaderMap) -> Result<&Grant, ApiError> {
        match headers.get(PROJECT_HEADER) {
            Some(project) => self.grant(project.to_str().unwrap_or("?")),
            None => self.default_grant().ok_or(ApiError::ProjectRequired),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or(ApiError::Unauthorized)
    }
}

/// Lets nobody pass without a key that is good.
pub(crate) async fn authenticate(
    State(store): State<Store>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let digest = bearer(request.headers()).and_then(key::digest).ok_or(ApiError::Unauthorized)?;
    let caller = Caller::of(store, &digest).await?.ok_or(ApiError::Unauthorized)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The credential of a request that has one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, credential) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credential.trim())
}

/// Lets nobody pass whose key may not do this in the project, which the path names as `project`, or else the header.
pub(crate) async fn enter(State(store): State<Store>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let params = request.extract_parts::<RawPathParams>().await.map_err(|error| ApiError::bad_request(&error))?;
    let project = params.iter().find_map(|(name, value)| (name == "project").then(|| value.to_owned()));
    let caller: Caller = request.extract_parts().await?;
    let grant = match project {
        Some(project) => caller.grant(&project)?,
        None => caller.grant_by_header(request.headers())?,
    };
    let admitted =
        Admitted { store, team: caller.team_id.clone(), project: grant.project_id.clone(), granted: grant.access };
    admitted.must_have(Access::asked_by(request.method()))?;
    request.extensions_mut().insert(admitted);
    Ok(next.run(request).await)
}

/// That a caller may do something in a project. Only [`enter`] makes one.
#[derive(Debug, Clone)]
struct Admitted {
    store: Store,
    team: String,
    project: String,
    granted: Access,
}

impl Admitted {
    fn must_have(&self, access: Access) -> Result<(), ApiError> {
        if self.granted >= access { Ok(()) } else { Err(ApiError::InsufficientPermission { needed: access.as_str() }) }
    }

    fn of(parts: &Parts, access: Access) -> Result<Self, ApiError> {
        // A route that stands behind no `enter` has no project, and no door.
        let admitted: &Self = parts.extensions.get().ok_or(ApiError::ProjectRequired)?;
        admitted.must_have(access)?;
        Ok(admitted.clone())
    }
}

/// The door for requests that look at a project: SQLite itself refuses every write through it.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The project's id.
    pub(crate) project: String,
    store: Store,
}

impl Reading {
    /// A view of one moment: what is read through it belongs together.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>, ApiError> {
        Ok(self.store.read().begin().await?)
    }
}

impl<S: Sync> FromRequestParts<S> for Reading {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Admitted { store, team: _, project, granted: _ } = Admitted::of(parts, Access::Read)?;
        Ok(Self { project, store })
    }
}

/// The door for requests that change something in a project.
#[derive(Debug)]
pub(crate) struct Writing {
    /// The project's id.
    pub(crate) project: String,
    team: String,
    store: Store,
}

impl Writing {
    /// The door of the service's operator, who needs no key.
    pub(crate) fn of_operator(store: &Store, project: &Project) -> Self {
        Self { project: project.id.clone(), team: project.team.clone(), store: store.clone() }
    }

    /// A change in the project, which nobody sees before it is committed.
    pub(crate) async fn change(&self) -> Result<Change, ApiError> {
        Ok(self.store.change(&self.team, &self.project).await?)
    }

    /// What wakes the work in the background, once a change is committed.
    pub(crate) fn wakes(&self) -> &Wakes {
        self.store.wakes()
    }
}

impl<S: Sync> FromRequestParts<S> for Writing {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Admitted { store, team, project, granted: _ } = Admitted::of(parts, Access::Write)?;
        Ok(Self { project, team, store })
    }
}
