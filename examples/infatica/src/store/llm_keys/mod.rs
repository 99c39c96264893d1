//! Keys for language models: reading them. What changes them is in `transitions`.
//!
//! A secret comes here sealed and leaves sealed: `llm` opens it.

use sqlx::SqliteConnection;
use toolwright_support::vault::Sealed;

use super::{StoreError, random_id};

mod transitions;

pub(crate) use transitions::NewKey;

/// What ids start with, and names do not.
pub(crate) const ID_PREFIX: &str = "key_";

/// A key of an account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LlmKey {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) base_url: String,
    pub(crate) model: String,
    #[sqlx(flatten)]
    pub(crate) secret: Sealed,
    /// The last four characters of the secret, or nothing.
    pub(crate) last_four: String,
    /// Whether it is the one of its account's keys that is used.
    pub(crate) in_use: bool,
    pub(crate) created_at: i64,
    pub(crate) created_by: String,
    pub(crate) last_used_at: Option<i64>,
}

/// The id of a key that is to be stored: its secret is sealed for it.
pub(crate) fn new_id() -> String {
    random_id(ID_PREFIX)
}

/// The keys of every account, by account and age.
pub(crate) async fn list(connection: &mut SqliteConnection) -> Result<Vec<LlmKey>, StoreError> {
    Ok(sqlx::query_as("SELECT * FROM llm_keys_of_accounts ORDER BY account, seq").fetch_all(connection).await?)
}

/// The keys of an account, by age.
pub(crate) async fn of_account(connection: &mut SqliteConnection, account: &str) -> Result<Vec<LlmKey>, StoreError> {
    let keys = sqlx::query_as("SELECT * FROM llm_keys_of_accounts WHERE account = ?1 ORDER BY seq");
    Ok(keys.bind(account).fetch_all(connection).await?)
}

/// The key that an account uses, if it has any.
pub(crate) async fn in_use(connection: &mut SqliteConnection, account: &str) -> Result<Option<LlmKey>, StoreError> {
    let key = sqlx::query_as("SELECT * FROM llm_keys_of_accounts WHERE account = ?1 AND in_use");
    Ok(key.bind(account).fetch_optional(connection).await?)
}

/// The account's key with this name or id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    account: &str,
    name_or_id: &str,
) -> Result<LlmKey, StoreError> {
    let key = sqlx::query_as("SELECT * FROM llm_keys_of_accounts WHERE account = ?1 AND (name = ?2 OR id = ?2)");
    let key = key.bind(account).bind(name_or_id).fetch_optional(connection).await?;
    key.ok_or_else(|| StoreError::NotFound { what: "key", id: name_or_id.to_owned() })
}
