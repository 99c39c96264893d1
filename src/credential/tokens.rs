//! The server's own tokens, in the database.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use rand::rngs::SysError;
use sqlx::FromRow;
use toolwright_core::{ErrorCode, ScopeSet};

use super::{
    ID_PREFIX, RANDOM_ID_LENGTH,
    last_used::{LastUsed, is_past},
    search::{Known, Search},
    token::{Digest, Secret, digest, random_text},
};
use crate::{
    Identity, ServerSpec,
    account::Accounts,
    database::{Change, Database, Exclusive as _, Memory, either},
    operations::Lookups,
    spec::TokensSpec,
};

/// The store of a server's tokens.
pub(crate) struct Tokens {
    spec: &'static ServerSpec,
    declared: &'static TokensSpec,
    database: Database,
    last_used: LastUsed,
    search: Search,
    known: Memory<Digest, Known>,
    lookups: Lookups,
}

/// What a new token is to be.
pub(crate) struct NewToken<'a> {
    /// Its id, where whoever makes it must not make two; without one, a new one.
    pub(crate) id: Option<&'a str>,
    pub(crate) name: &'a str,
    /// Whose data it reaches; where tokens belong to users, the id of one.
    pub(crate) subject: &'a str,
    pub(crate) scopes: ScopeSet,
    pub(crate) lifetime: Duration,
    /// How many its subject has at most that work, with this one; without a number, as many as are made.
    pub(crate) at_most: Option<i64>,
}

/// How a token came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Somebody made it, and gave it a name that no other one of the same subject has that works.
    Connection,
    /// A program got it for a password. It is short-lived, and there can be many.
    Grant,
}

impl TokenKind {
    /// As it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Grant => "grant",
        }
    }
}

impl TryFrom<String> for TokenKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kind = [Self::Connection, Self::Grant].into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or_else(|| format!("`{text}` is no kind of token"))
    }
}

/// A token that was just made.
#[derive(Debug)]
pub(crate) struct IssuedToken {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    pub(crate) created_at: i64,
}

/// What every granted token is called.
const GRANT_NAME: &str = "password grant";

/// What a record calls a granted token: of its name there are many, and a record has to say whose it was.
pub(crate) fn granted_name(subject: &str) -> String {
    format!("{GRANT_NAME} of {subject}")
}

/// How long a granted token that has expired is kept, in seconds: so long, whoever presents it is told
/// that it has.
const EXPIRED_GRANTS_KEPT: i64 = 24 * 60 * 60;

/// How many of somebody's tokens are listed for them.
#[cfg(feature = "console")]
const LISTED: i64 = 500;

/// Why there is no new token.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// A token of the same subject that still works has the name.
    NameTaken,
    /// There is a token with the id already.
    Made,
    /// The subject has as many that work as it can have.
    Full,
    Randomness(SysError),
    Database(sqlx::Error),
}

impl CreateError {
    fn of(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Made,
            _ => Self::Database(error),
        }
    }
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken => f.write_str("the name is taken"),
            Self::Made => f.write_str("it was made before"),
            Self::Full => f.write_str("there are too many"),
            Self::Randomness(error) => error.fmt(f),
            Self::Database(error) => error.fmt(f),
        }
    }
}

/// A token as it is stored.
#[derive(Debug, FromRow)]
pub(crate) struct TokenRecord {
    pub(crate) id: String,
    #[cfg(feature = "console")]
    pub(crate) digest: Vec<u8>,
    pub(crate) name: String,
    pub(crate) subject: String,
    pub(crate) scopes: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
    #[sqlx(try_from = "String")]
    pub(crate) kind: TokenKind,
}

/// Whether a token works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenState {
    Live,
    Expired,
    Revoked,
}

impl TokenRecord {
    pub(crate) fn state(&self, now: i64) -> TokenState {
        if self.revoked_at.is_some() {
            TokenState::Revoked
        } else if self.expires_at <= now {
            TokenState::Expired
        } else {
            TokenState::Live
        }
    }
}

impl Tokens {
    pub(crate) fn new(spec: &'static ServerSpec, declared: &'static TokensSpec, database: &Database) -> Self {
        let last_used = LastUsed::start(database.clone());
        Self {
            spec,
            declared,
            search: Search::new(spec, database),
            database: database.clone(),
            last_used,
            known: Memory::default(),
            lookups: Lookups::default(),
        }
    }

    /// How long a token lives unless its maker says otherwise.
    pub(crate) fn lifetime(&self) -> Duration {
        Duration::from_secs(self.declared.lifetime_seconds)
    }

    /// The accounts that tokens of users reach.
    pub(crate) fn accounts(&self) -> &Accounts {
        self.search.accounts()
    }

    /// Where the tokens are, and what belongs to them.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Whether no token was ever made.
    pub(crate) async fn is_empty(&self) -> sqlx::Result<bool> {
        let query = "SELECT NOT EXISTS (SELECT 1 FROM tokens)";
        either!(&self.database, connection => sqlx::query_scalar(query).fetch_one(connection).await)
    }

    /// Who a token belongs to.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Identity>, ErrorCode> {
        let digest = digest(token);
        // From before the database is asked, so that what changes meanwhile is not remembered.
        let state = self.database.state_of_token(&digest);
        let mut now = Timestamp::now().as_second();
        // A use that is to be written down is held against what other instances have written.
        let recalled = self.known.recall(&digest, state).filter(|known| !is_past(known.last_used_at, now));
        let known = if let Some(known) = recalled {
            self.lookups.hit();
            known
        } else {
            self.lookups.miss();
            let mut known = self.search.look_up(digest).await?;
            now = Timestamp::now().as_second();
            let is_expired = known.expires_at <= now;
            if !is_expired && is_past(known.last_used_at, now) {
                self.last_used.note(&known.identity.credential_id, now);
                known.last_used_at = Some(now);
            }
            self.known.remember(digest, state, known.clone());
            known
        };
        if known.expires_at <= now {
            tracing::info!(reason = "expired", credential = known.identity.credential_id, "a token was refused");
            return Err(ErrorCode::ExpiredCredential);
        }
        Ok(known.identity)
    }

    /// How often it was remembered whose a token is, where that is remembered.
    pub(crate) fn lookups(&self) -> Option<&Lookups> {
        matches!(self.database, Database::Postgres(_)).then_some(&self.lookups)
    }

    /// Makes a token. This is the only time that it can be read.
    pub(crate) async fn create(&self, new: NewToken<'_>) -> Result<IssuedToken, CreateError> {
        self.insert(new, TokenKind::Connection).await
    }

    /// Makes a token for a program, and deletes those that expired long ago.
    pub(crate) async fn grant(
        &self,
        subject: &str,
        scopes: ScopeSet,
        lifetime: Duration,
    ) -> Result<IssuedToken, CreateError> {
        let expired = Timestamp::now().as_second() - EXPIRED_GRANTS_KEPT;
        either!(&self.database, connection => {
            let query = sqlx::query("DELETE FROM tokens WHERE kind = $1 AND expires_at <= $2");
            query.bind(TokenKind::Grant.as_str()).bind(expired).execute(connection).await.map(drop)
        })
        .map_err(CreateError::Database)?;
        self.insert(NewToken { id: None, name: GRANT_NAME, subject, scopes, lifetime, at_most: None }, TokenKind::Grant)
            .await
    }

    async fn insert(&self, new: NewToken<'_>, kind: TokenKind) -> Result<IssuedToken, CreateError> {
        let secret = Secret::generate(self.declared.form).map_err(CreateError::Randomness)?;
        let id = match new.id {
            Some(id) => id.to_owned(),
            None => format!("{ID_PREFIX}{}", random_text(RANDOM_ID_LENGTH).map_err(CreateError::Randomness)?),
        };
        let names: Vec<_> = self.spec.scopes().names(new.scopes).collect();
        let now = Timestamp::now().as_second();
        let expires = now.saturating_add(i64::try_from(new.lifetime.as_secs()).unwrap_or(i64::MAX));
        let digest = secret.digest();
        let names = names.join(" ");
        either!(&self.database, connection => {
            // Two that come at once must not both find the name free, or the last place.
            let mut transaction = connection.begin_exclusive(&format!("tokens/{}", new.subject)).await?;
            let inserted = sqlx::query(
                "INSERT INTO tokens (id, digest, name, subject, scopes, created_at, expires_at, kind)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8
                 WHERE $8 = 'grant' OR NOT EXISTS (
                     SELECT 1 FROM tokens
                     WHERE name = $3 AND subject = $4 AND kind = 'connection' AND revoked_at IS NULL AND expires_at > $6
                 ) AND $9 > (
                     SELECT COUNT(*) FROM tokens
                     WHERE subject = $4 AND kind = 'connection' AND revoked_at IS NULL AND expires_at > $6
                 )",
            )
            .bind(&id)
            .bind(digest.as_slice())
            .bind(new.name)
            .bind(new.subject)
            .bind(&names)
            .bind(now)
            .bind(expires)
            .bind(kind.as_str())
            .bind(new.at_most.unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
            if inserted.rows_affected() == 1 {
                transaction.commit().await?;
                return Ok(Ok(IssuedToken { id, secret, created_at: now }));
            }
            let is_taken: bool = sqlx::query_scalar(
                "SELECT EXISTS (
                     SELECT 1 FROM tokens
                     WHERE name = $1 AND subject = $2 AND kind = 'connection' AND revoked_at IS NULL AND expires_at > $3
                 )",
            )
            .bind(new.name)
            .bind(new.subject)
            .bind(now)
            .fetch_one(&mut *transaction)
            .await?;
            Ok(Err(if is_taken { CreateError::NameTaken } else { CreateError::Full }))
        })
        .map_err(CreateError::of)?
    }

    /// Every token of a kind, the oldest first.
    pub(crate) async fn list(&self, kind: TokenKind) -> sqlx::Result<Vec<TokenRecord>> {
        let query = "SELECT * FROM tokens WHERE kind = $1 ORDER BY created_at, rowid";
        either!(&self.database, connection => {
            sqlx::query_as(query).bind(kind.as_str()).fetch_all(connection).await
        })
    }

    /// The tokens that somebody made, the newest first, and of those that work no longer only the latest.
    #[cfg(feature = "console")]
    pub(crate) async fn list_of(&self, subject: &str) -> sqlx::Result<Vec<TokenRecord>> {
        let query = "
            SELECT * FROM tokens WHERE subject = $1 AND kind = 'connection'
            ORDER BY revoked_at IS NOT NULL OR expires_at <= $2, created_at DESC, rowid DESC LIMIT $3";
        let now = Timestamp::now().as_second();
        either!(&self.database, connection => {
            sqlx::query_as(query).bind(subject).bind(now).bind(LISTED).fetch_all(connection).await
        })
    }

    /// Revokes the token with this id, if it is somebody's and works. Tells which it was.
    #[cfg(feature = "console")]
    pub(crate) async fn revoke_of(&self, subject: &str, id: &str) -> sqlx::Result<Option<TokenRecord>> {
        let query = "
            UPDATE tokens SET revoked_at = $3
            WHERE id = $1 AND subject = $2 AND kind = 'connection' AND revoked_at IS NULL RETURNING *";
        let now = Timestamp::now().as_second();
        let revoked: Option<TokenRecord> = either!(&self.database, connection => {
            sqlx::query_as(query).bind(id).bind(subject).bind(now).fetch_optional(connection).await
        })?;
        if let Some(record) = &revoked {
            self.database.changed(Change::Token(&record.digest));
        }
        Ok(revoked)
    }

    /// The token with this id, or else those that work under this name: one of each subject's.
    pub(crate) async fn find(&self, name_or_id: &str) -> sqlx::Result<Vec<TokenRecord>> {
        let query = "
            SELECT * FROM tokens
            WHERE revoked_at IS NULL AND (id = $1 OR (name = $1 AND kind = 'connection' AND expires_at > $2))
            ORDER BY id";
        let now = Timestamp::now().as_second();
        either!(&self.database, connection => {
            sqlx::query_as(query).bind(name_or_id).bind(now).fetch_all(connection).await
        })
    }

    /// Revokes the token with this id. Tells whether it worked until now.
    pub(crate) async fn revoke(&self, id: &str) -> sqlx::Result<bool> {
        let query = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING digest";
        let now = Timestamp::now().as_second();
        let revoked: Option<Vec<u8>> = either!(&self.database, connection => {
            sqlx::query_scalar(query).bind(id).bind(now).fetch_optional(connection).await
        })?;
        if let Some(digest) = &revoked {
            self.database.changed(Change::Token(digest));
        }
        Ok(revoked.is_some())
    }

    /// Writes the last uses down.
    pub(crate) async fn finish(&self) {
        self.last_used.finish().await;
    }
}
