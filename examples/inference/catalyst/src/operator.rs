//! What the service's operator makes, lists and takes away: teams, projects, keys and credits.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Row as _, Sqlite, Transaction};
use toolwright_support::sqlite::word;

use crate::{
    Service, Taken,
    access::{Access, Writing},
    id, key, time,
    traces::intake,
};

/// What the first team and its project are called.
const FIRST_TEAM: &str = "Demo";
const FIRST_PROJECT: &str = "demo";

/// What the first team can spend.
const FIRST_CREDITS: i64 = 10_000;

/// Why something was not made or found.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A name or an id that nothing has.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// What kind of thing was looked for.
        what: &'static str,
        /// The name or id.
        name: String,
    },
    /// A name that is taken.
    #[error("there is a {what} `{name}` already")]
    Taken {
        /// What kind of thing has the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A default that the key does not reach.
    #[error("the default `{0}` is none of the key's projects")]
    ForeignDefault(String),
    /// The sum would be none that can be kept.
    #[error("a team can have 0 to {} credits", i64::MAX)]
    Credits,
    /// The database failed.
    #[error("the store failed")]
    Database(#[from] sqlx::Error),
}

/// A team, which pays for what its projects do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// `team_…`
    pub id: String,
    /// Its name, which no other team has.
    pub name: String,
    /// What is left to pay costly work with.
    pub credits: i64,
}

/// A project of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// `proj_…`
    pub id: String,
    /// Its name, which no other project of the team has.
    pub name: String,
    /// The id of its team.
    pub team: String,
}

/// A key to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The name or id of its team.
    pub team: &'a str,
    /// Projects of the team by name or id, and what the key may do there.
    pub grants: &'a [(&'a str, Access)],
    /// Which of these is its default.
    pub default: Option<&'a str>,
}

/// A key, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// `key_…`
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The name of its team.
    pub team: String,
    /// The names of its projects, and what it may do there.
    pub grants: Vec<(String, Access)>,
    /// When it was made, by RFC 3339.
    pub created_at: String,
    /// When it was revoked, by RFC 3339.
    pub revoked_at: Option<String>,
}

impl Service {
    /// On a store without teams, makes one with credits and a project with samples, and gives the key with which everything
    /// can be done.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn first_start(&self) -> anyhow::Result<Option<(Project, SecretString)>> {
        let mut change = self.store.begin().await?;
        if sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM teams)").fetch_one(&mut *change).await? {
            return Ok(None);
        }
        let team = make_team(&mut change, FIRST_TEAM).await?;
        add(&mut change, &team.id, FIRST_CREDITS).await?;
        let project = make_project(&mut change, &team.id, FIRST_PROJECT).await?;
        let grants = &[(FIRST_PROJECT, Access::Write)];
        let new = NewKey { name: "first key", team: FIRST_TEAM, grants, default: None };
        let key = make_key(&mut change, &team.id, new).await?;
        change.commit().await?;
        self.load_samples(&project).await?;
        Ok(Some((project, key)))
    }

    /// Makes a team without credits.
    ///
    /// # Errors
    /// When the name is taken or the store fails.
    pub async fn create_team(&self, name: &str) -> Result<Team, Refused> {
        let mut change = self.store.begin().await?;
        let team = make_team(&mut change, name).await?;
        change.commit().await?;
        Ok(team)
    }

    /// All teams, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn teams(&self) -> Result<Vec<Team>, Refused> {
        let rows = sqlx::query("SELECT * FROM teams ORDER BY name").fetch_all(self.store.read()).await?;
        rows.iter()
            .map(|row| {
                Ok(Team { id: row.try_get("id")?, name: row.try_get("name")?, credits: row.try_get("credits")? })
            })
            .collect()
    }

    /// Adds credits to what a team has, and says how many that makes.
    ///
    /// # Errors
    /// When there is no such team, the sum is none that can be kept, or the store fails.
    pub async fn add_credits(&self, team: &str, credits: i64) -> Result<i64, Refused> {
        let mut change = self.store.begin().await?;
        let team = find_team(&mut change, team).await?;
        let credits = add(&mut change, &team, credits).await?;
        change.commit().await?;
        Ok(credits)
    }

    /// Makes a project of a team.
    ///
    /// # Errors
    /// When there is no such team, the name is taken or the store fails.
    pub async fn create_project(&self, team: &str, name: &str) -> Result<Project, Refused> {
        let mut change = self.store.begin().await?;
        let team = find_team(&mut change, team).await?;
        let project = make_project(&mut change, &team, name).await?;
        change.commit().await?;
        Ok(project)
    }

    /// All projects, by team and name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn projects(&self) -> Result<Vec<Project>, Refused> {
        let rows = sqlx::query(
            "SELECT projects.* FROM projects JOIN teams ON teams.id = projects.team ORDER BY teams.name, projects.name",
        );
        let rows = rows.fetch_all(self.store.read()).await?;
        rows.iter()
            .map(|row| Ok(Project { id: row.try_get("id")?, name: row.try_get("name")?, team: row.try_get("team")? }))
            .collect()
    }

    /// Makes a key. Its text is nowhere but in the answer.
    ///
    /// # Errors
    /// When there is no such team or project, the default is none of its projects, or the store fails.
    pub async fn create_key(&self, new: NewKey<'_>) -> Result<SecretString, Refused> {
        let mut change = self.store.begin().await?;
        let team = find_team(&mut change, new.team).await?;
        let key = make_key(&mut change, &team, new).await?;
        change.commit().await?;
        Ok(key)
    }

    /// All keys, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, Refused> {
        let mut snapshot = self.store.read().begin().await?;
        let rows = sqlx::query(
            "SELECT keys.*, teams.name AS team_name FROM keys JOIN teams ON teams.id = keys.team
             ORDER BY keys.created_at DESC, keys.id",
        );
        let mut keys = Vec::new();
        for row in rows.fetch_all(&mut *snapshot).await? {
            let id: String = row.try_get("id")?;
            let grants = "SELECT projects.name, grants.access FROM grants JOIN projects ON projects.id = grants.project
                          WHERE grants.key = ?1 ORDER BY projects.name";
            let grants: Vec<(String, String)> = sqlx::query_as(grants).bind(&id).fetch_all(&mut *snapshot).await?;
            let grants = grants.into_iter().map(|(project, access)| Ok((project, word(&access)?)));
            keys.push(StoredKey {
                name: row.try_get("name")?,
                team: row.try_get("team_name")?,
                grants: grants.collect::<Result<_, sqlx::Error>>()?,
                created_at: time::rfc3339(row.try_get("created_at")?),
                revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(time::rfc3339),
                id,
            });
        }
        Ok(keys)
    }

    /// Revokes a key, for good and from the next request on.
    ///
    /// # Errors
    /// When no key with this id works, or the store fails.
    pub async fn revoke_key(&self, id: &str) -> Result<(), Refused> {
        let mut change = self.store.begin().await?;
        let revoked = sqlx::query("UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
            .bind(id)
            .bind(time::now())
            .execute(&mut *change)
            .await?;
        if revoked.rows_affected() == 0 {
            return Err(Refused::Unknown { what: "key that works with the id", name: id.to_owned() });
        }
        Ok(change.commit().await?)
    }

    /// Takes in traces, as `POST /v1/traces` would: OTLP as JSON.
    ///
    /// # Errors
    /// When the text is none, or the store fails.
    pub async fn import(&self, project: &Project, text: Vec<u8>) -> anyhow::Result<Taken> {
        Ok(intake::import(text.into(), &Writing::of_operator(&self.store, project)).await?)
    }

    /// The project with this id, or the only one with this name.
    ///
    /// # Errors
    /// When there is none, or the name is that of several.
    pub async fn project(&self, name: &str) -> Result<Project, Refused> {
        let mut projects = self.projects().await?;
        projects.retain(|project| project.id == name || project.name == name);
        match <[Project; 1]>::try_from(projects) {
            Ok([project]) => Ok(project),
            Err(projects) if projects.is_empty() => Err(Refused::Unknown { what: "project", name: name.to_owned() }),
            Err(_) => Err(Refused::Unknown { what: "single project with the name", name: name.to_owned() }),
        }
    }
}

type Changing = Transaction<'static, Sqlite>;

async fn find_team(change: &mut Changing, name: &str) -> Result<String, Refused> {
    let team = "SELECT id FROM teams WHERE id = ?1 OR name = ?1";
    let team = sqlx::query_scalar(team).bind(name).fetch_optional(&mut **change).await?;
    team.ok_or_else(|| Refused::Unknown { what: "team", name: name.to_owned() })
}

async fn make_team(change: &mut Changing, name: &str) -> Result<Team, Refused> {
    let id = id::new("team");
    sqlx::query("INSERT INTO teams (id, name, created_at) VALUES (?1, ?2, ?3)")
        .bind(&id)
        .bind(name)
        .bind(time::now())
        .execute(&mut **change)
        .await
        .map_err(|error| taken(error, "team", name))?;
    Ok(Team { id, name: name.to_owned(), credits: 0 })
}

async fn add(change: &mut Changing, team: &str, credits: i64) -> Result<i64, Refused> {
    let held = "SELECT credits FROM teams WHERE id = ?1";
    let held: i64 = sqlx::query_scalar(held).bind(team).fetch_one(&mut **change).await?;
    let credits = held.checked_add(credits).filter(|credits| *credits >= 0).ok_or(Refused::Credits)?;
    let update = sqlx::query("UPDATE teams SET credits = ?2 WHERE id = ?1").bind(team).bind(credits);
    update.execute(&mut **change).await?;
    Ok(credits)
}

async fn make_project(change: &mut Changing, team: &str, name: &str) -> Result<Project, Refused> {
    let id = id::new("proj");
    sqlx::query("INSERT INTO projects (id, team, name, created_at) VALUES (?1, ?2, ?3, ?4)")
        .bind(&id)
        .bind(team)
        .bind(name)
        .bind(time::now())
        .execute(&mut **change)
        .await
        .map_err(|error| taken(error, "project", name))?;
    Ok(Project { id, name: name.to_owned(), team: team.to_owned() })
}

async fn make_key(change: &mut Changing, team: &str, new: NewKey<'_>) -> Result<SecretString, Refused> {
    let (id, key) = (id::new("key"), key::generate());
    sqlx::query("INSERT INTO keys (id, team, name, digest, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(&id)
        .bind(team)
        .bind(new.name)
        .bind(key::digest(key.expose_secret()))
        .bind(time::now())
        .execute(&mut **change)
        .await?;
    for (name, access) in new.grants {
        let project = project_of(change, team, name).await?;
        // A project that is named for reading and for writing is for both.
        sqlx::query(
            "INSERT INTO grants (key, team, project, access) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET access = max(access, excluded.access)",
        )
        .bind(&id)
        .bind(team)
        .bind(project)
        .bind(access.as_str())
        .execute(&mut **change)
        .await?;
    }
    if let Some(default) = new.default {
        let project = project_of(change, team, default).await?;
        let marked = sqlx::query("UPDATE grants SET is_default = 1 WHERE key = ?1 AND project = ?2");
        let marked = marked.bind(&id).bind(project).execute(&mut **change).await?;
        if marked.rows_affected() == 0 {
            return Err(Refused::ForeignDefault(default.to_owned()));
        }
    }
    Ok(key)
}

async fn project_of(change: &mut Changing, team: &str, name: &str) -> Result<String, Refused> {
    let project = "SELECT id FROM projects WHERE team = ?1 AND (id = ?2 OR name = ?2) ORDER BY id = ?2 DESC";
    let project = sqlx::query_scalar(project).bind(team).bind(name).fetch_optional(&mut **change).await?;
    project.ok_or_else(|| Refused::Unknown { what: "project of the team", name: name.to_owned() })
}

/// An error of a statement that adds something with a name of its own.
fn taken(error: sqlx::Error, what: &'static str, name: &str) -> Refused {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => Refused::Taken { what, name: name.to_owned() },
        _ => Refused::Database(error),
    }
}
