//! Finds in the database whose a token is.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};
use toolwright_core::{ErrorCode, ScopeSet};
use tracing::Instrument as _;

use super::{
    token::Digest,
    tokens::{TokenKind, TokenRecord, granted_name},
};
use crate::{
    Grants, Identity, ServerSpec,
    account::Accounts,
    database::{Database, either},
};

/// How many tokens are looked up at the same time; most of them wait for a connection.
const AT_ONCE: usize = 256;

/// How long one waits to be among them.
const PATIENCE: Duration = Duration::from_secs(2);

/// A token that is not revoked.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) identity: Arc<Identity>,
    pub(super) expires_at: i64,
    pub(super) last_used_at: Option<i64>,
}

/// Looks tokens up, each in a task that nobody stops. Work that is broken off costs its connection, and whoever has no
/// token at all could have one replaced for every request that they leave.
pub(super) struct Search {
    places: Arc<Semaphore>,
    tables: Arc<Tables>,
}

struct Tables {
    spec: &'static ServerSpec,
    accounts: Accounts,
    database: Database,
}

impl Search {
    pub(super) fn new(spec: &'static ServerSpec, database: &Database) -> Self {
        let tables = Tables { spec, accounts: Accounts::new(database), database: database.clone() };
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), tables: Arc::new(tables) }
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.tables.accounts
    }

    /// What the database knows of a token.
    pub(super) async fn look_up(&self, digest: Digest) -> Result<Known, ErrorCode> {
        let Ok(Ok(place)) = timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await else {
            tracing::error!("too many tokens wait to be looked up: the token database is slow");
            return Err(ErrorCode::Internal);
        };
        let tables = Arc::clone(&self.tables);
        let search = async move {
            let _place = place;
            tables.look_up(&digest).await
        };
        tokio::spawn(search.in_current_span()).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a token was not looked up");
            Err(ErrorCode::Internal)
        })
    }
}

impl Tables {
    async fn look_up(&self, digest: &Digest) -> Result<Known, ErrorCode> {
        let query = "SELECT * FROM tokens WHERE digest = $1";
        let found: sqlx::Result<Option<TokenRecord>> = either!(&self.database, connection => {
            sqlx::query_as(query).bind(digest.as_slice()).fetch_optional(connection).await
        });
        let Some(record) = found.map_err(|error| broken(&error))? else {
            tracing::info!(reason = "unknown", "a token was refused");
            return Err(ErrorCode::UnknownCredential);
        };
        if record.revoked_at.is_some() {
            tracing::info!(reason = "revoked", credential = record.id, "a token was refused");
            return Err(ErrorCode::UnknownCredential);
        }
        let (subject, user) = self.holder(&record).await?;
        Ok(Known {
            expires_at: record.expires_at,
            last_used_at: record.last_used_at,
            identity: Arc::new(Identity {
                grants: Grants::Whole(self.grants(&record)),
                credential_id: record.id,
                credential_name: match record.kind {
                    TokenKind::Connection => record.name,
                    TokenKind::Grant => granted_name(&subject),
                },
                subject,
                user,
            }),
        })
    }

    /// Whose a token is: where calls are about accounts, a user's.
    async fn holder(&self, record: &TokenRecord) -> Result<(String, Option<i64>), ErrorCode> {
        if self.spec.account().is_none() {
            return Ok((record.subject.clone(), None));
        }
        let user = record.subject.parse().ok();
        let email = match user {
            Some(user) => self.accounts.email(user).await.map_err(|error| broken(&error))?,
            None => None,
        };
        let Some(email) = email else {
            tracing::info!(reason = "no user", credential = record.id, "a token was refused");
            return Err(ErrorCode::UnknownCredential);
        };
        Ok((email, user))
    }

    /// The stored scopes. One that the manifest no longer declares grants nothing.
    fn grants(&self, record: &TokenRecord) -> ScopeSet {
        let scopes = self.spec.scopes();
        let known = |name: &str| {
            let found = scopes.find(name);
            if found.is_none() {
                tracing::warn!(credential = record.id, scope = name, "a token holds a scope that is not declared");
            }
            found
        };
        record.scopes.split_whitespace().filter_map(known).collect()
    }
}

fn broken(error: &sqlx::Error) -> ErrorCode {
    tracing::error!(%error, "the token database does not answer");
    ErrorCode::Internal
}
