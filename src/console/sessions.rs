//! Sessions and the one-time links that open them, in the server's database: every instance knows them.

use std::fmt;

use jiff::Timestamp;
use rand::rngs::SysError;
use sha2::{Digest as _, Sha256};
use sqlx::FromRow;

use super::secret::Secret;
use crate::{
    credential::{RANDOM_ID_LENGTH, is_random_text, random_text},
    database::{Database, either},
};

/// How long a session lives that nobody uses, in seconds.
const IDLE: i64 = 12 * 60 * 60;

/// How long a session lives at most, in seconds.
const LONGEST: i64 = 7 * 24 * 60 * 60;

/// How many sessions somebody has at most: the newest ones.
const SESSIONS: i64 = 20;

/// A use is written down when the last one is this long ago, in seconds.
const RESOLUTION: i64 = 60;

/// How many characters the number of a form has: as many as the id of a token, which it becomes.
const FORM_LENGTH: usize = RANDOM_ID_LENGTH;

/// How long a one-time link can be used, in seconds.
pub(crate) const LINK: i64 = 10 * 60;

/// The store of sessions and links.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    database: Database,
}

/// Somebody's session, as a request presents it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// What logs call it.
    pub(crate) id: String,
    /// Whose settings are shown; where tokens belong to users, the id of one.
    pub(crate) subject: String,
    secret: Secret,
}

#[derive(FromRow)]
struct Row {
    id: String,
    subject: String,
    seen_at: i64,
}

/// Why there is no new session or link.
#[derive(Debug)]
pub(crate) enum OpenError {
    Randomness(SysError),
    Database(sqlx::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Randomness(error) => write!(f, "the operating system has no randomness: {error}"),
            Self::Database(error) => write!(f, "the database of sessions does not answer: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<SysError> for OpenError {
    fn from(error: SysError) -> Self {
        Self::Randomness(error)
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Session {
    /// What the browser keeps.
    pub(super) fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// What the forms of one page have in them, so that nobody else can have them sent: a number that the page
    /// has to itself, and what proves that it was given to this session.
    pub(super) fn form(&self) -> Result<String, SysError> {
        let number = random_text(FORM_LENGTH)?;
        Ok(format!("{number}.{}", self.proof(&number)))
    }

    /// The number of a form, if it is one of this session.
    pub(super) fn number<'f>(&self, form: &'f str) -> Option<&'f str> {
        let (number, proof) = form.split_once('.')?;
        // Whoever has the session can prove any text, and it becomes the id of a token.
        if !is_random_text(number, FORM_LENGTH) {
            return None;
        }
        // Digests, so that the time that it takes tells nothing.
        (Sha256::digest(proof) == Sha256::digest(self.proof(number))).then_some(number)
    }

    fn proof(&self, number: &str) -> String {
        self.secret.derived(&format!("form {number}"))
    }
}

impl Sessions {
    pub(crate) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// Opens a session, always a new one: whatever the browser had before was perhaps given to it. Those that
    /// have ended are deleted, and of too many of somebody's the oldest.
    pub(super) async fn open(&self, subject: &str) -> Result<Session, OpenError> {
        let id = format!("ses_{}", random_text(RANDOM_ID_LENGTH)?);
        let session = Session { id, subject: subject.to_owned(), secret: Secret::generate()? };
        let (digest, now) = (session.secret.digest(), now());
        either!(&self.database, connection => {
            let over = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2");
            over.bind(now).bind(now - IDLE).execute(&mut *connection).await?;
            let new = sqlx::query(
                "INSERT INTO sessions (digest, id, subject, created_at, seen_at, expires_at)
                 VALUES ($1, $2, $3, $4, $4, $5)",
            );
            let new = new.bind(&digest).bind(&session.id).bind(subject).bind(now).bind(now + LONGEST);
            new.execute(&mut *connection).await?;
            // Of one second, which is the older cannot be told; the new one is none of them.
            let oldest = sqlx::query(
                "DELETE FROM sessions WHERE digest IN (
                     SELECT digest FROM sessions WHERE subject = $1 AND digest <> $2
                     ORDER BY created_at DESC, digest LIMIT $3 OFFSET $4
                 )",
            );
            let oldest = oldest.bind(subject).bind(&digest).bind(i64::MAX).bind(SESSIONS - 1);
            oldest.execute(connection).await.map(drop)
        })?;
        Ok(session)
    }

    /// The session that a browser presents, unless it has ended.
    pub(super) async fn find(&self, presented: &str) -> sqlx::Result<Option<Session>> {
        let Some(secret) = Secret::presented(presented) else { return Ok(None) };
        let (digest, now) = (secret.digest(), now());
        let found: Option<Row> = either!(&self.database, connection => {
            let query =
                "SELECT id, subject, seen_at FROM sessions WHERE digest = $1 AND expires_at > $2 AND seen_at > $3";
            sqlx::query_as(query).bind(&digest).bind(now).bind(now - IDLE).fetch_optional(connection).await
        })?;
        let Some(Row { id, subject, seen_at }) = found else { return Ok(None) };
        if seen_at + RESOLUTION <= now {
            either!(&self.database, connection => {
                let seen = sqlx::query("UPDATE sessions SET seen_at = $2 WHERE digest = $1");
                seen.bind(&digest).bind(now).execute(connection).await.map(drop)
            })?;
        }
        Ok(Some(Session { id, subject, secret }))
    }

    /// Ends a session.
    pub(super) async fn end(&self, session: &Session) -> sqlx::Result<()> {
        let digest = session.secret.digest();
        either!(&self.database, connection => {
            sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(&digest).execute(connection).await.map(drop)
        })
    }

    /// Ends all sessions of somebody, and the link that could open another. Tells how many sessions there were.
    pub(crate) async fn end_all(&self, subject: &str) -> sqlx::Result<u64> {
        either!(&self.database, connection => {
            let links = sqlx::query("DELETE FROM sign_in_links WHERE subject = $1");
            links.bind(subject).execute(&mut *connection).await?;
            let sessions = sqlx::query("DELETE FROM sessions WHERE subject = $1");
            sessions.bind(subject).execute(connection).await.map(|ended| ended.rows_affected())
        })
    }

    /// Makes a link for somebody, in the place of the one before. Gives the part of it that is secret.
    pub(crate) async fn link(&self, subject: &str) -> Result<String, OpenError> {
        let secret = Secret::generate()?;
        let (digest, now) = (secret.digest(), now());
        either!(&self.database, connection => {
            let former = sqlx::query("DELETE FROM sign_in_links WHERE subject = $1 OR expires_at <= $2");
            former.bind(subject).bind(now).execute(&mut *connection).await?;
            let new = sqlx::query("INSERT INTO sign_in_links (digest, subject, expires_at) VALUES ($1, $2, $3)");
            new.bind(&digest).bind(subject).bind(now + LINK).execute(connection).await.map(drop)
        })?;
        Ok(secret.expose().to_owned())
    }

    /// Whose a link is, without using it up; nothing when it is of no use.
    pub(super) async fn subject_of_link(&self, presented: &str) -> sqlx::Result<Option<String>> {
        let Some(secret) = Secret::presented(presented) else { return Ok(None) };
        let (digest, now) = (secret.digest(), now());
        either!(&self.database, connection => {
            let query = "SELECT subject FROM sign_in_links WHERE digest = $1 AND expires_at > $2";
            sqlx::query_scalar(query).bind(&digest).bind(now).fetch_optional(connection).await
        })
    }

    /// Uses a link up. Gives whose it was, once, and nothing when it has expired.
    pub(super) async fn redeem(&self, presented: &str) -> sqlx::Result<Option<String>> {
        let Some(secret) = Secret::presented(presented) else { return Ok(None) };
        let (digest, now) = (secret.digest(), now());
        either!(&self.database, connection => {
            let query = "DELETE FROM sign_in_links WHERE digest = $1 AND expires_at > $2 RETURNING subject";
            sqlx::query_scalar(query).bind(&digest).bind(now).fetch_optional(connection).await
        })
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}
