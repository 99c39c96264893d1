//! Users, accounts, memberships and flags, beside the tokens.

use jiff::Timestamp;
use sqlx::{FromRow, SqlitePool, sqlite::SqliteQueryResult};

use super::AccountName;
use crate::{credential::TokenKind, database::Database};

/// The store of users and accounts.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    pool: SqlitePool,
}

/// Somebody to whom credentials belong.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct UserRecord {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) name: String,
    /// PHC string; without one, the user cannot sign in with a password.
    pub(crate) password_hash: Option<String>,
    pub(crate) created_at: i64,
}

/// What calls are about.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct AccountRecord {
    pub(crate) id: i64,
    pub(crate) subdomain: String,
    pub(crate) name: String,
    pub(crate) created_at: i64,
}

/// How a user stands to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub(crate) struct Standing {
    /// The account's id.
    pub(crate) account: i64,
    pub(crate) is_member: bool,
    /// Whether the flag is on that was asked about.
    pub(crate) is_enabled: bool,
}

/// Why there is no new user or account.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// Another one has the email address, the subdomain or the id.
    Taken,
    /// An account that is deleted had the id.
    Former,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for CreateError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Taken,
            _ => Self::Database(error),
        }
    }
}

impl Accounts {
    pub(crate) fn new(database: &Database) -> Self {
        Self { pool: database.pool().clone() }
    }

    /// Makes a user, who cannot sign in with a password yet.
    pub(crate) async fn create_user(&self, email: &str, name: &str) -> Result<UserRecord, CreateError> {
        let user = sqlx::query_as("INSERT INTO users (email, name, created_at) VALUES (?, ?, ?) RETURNING *")
            .bind(email)
            .bind(name)
            .bind(Timestamp::now().as_second())
            .fetch_one(&self.pool)
            .await?;
        Ok(user)
    }

    /// The user with an email address, told without case.
    pub(crate) async fn user(&self, email: &str) -> sqlx::Result<Option<UserRecord>> {
        sqlx::query_as("SELECT * FROM users WHERE email = ?").bind(email).fetch_optional(&self.pool).await
    }

    /// The email address of a user.
    pub(crate) async fn email(&self, user: i64) -> sqlx::Result<Option<String>> {
        sqlx::query_scalar("SELECT email FROM users WHERE id = ?").bind(user).fetch_optional(&self.pool).await
    }

    /// Every user, the oldest first.
    pub(crate) async fn users(&self) -> sqlx::Result<Vec<UserRecord>> {
        sqlx::query_as("SELECT * FROM users ORDER BY id").fetch_all(&self.pool).await
    }

    /// Sets what a user's password is held against, or takes it away, and revokes what programs got for the
    /// one before. Tells how many tokens those are; nothing where there is no such user.
    pub(crate) async fn set_password_hash(&self, user: i64, hash: Option<&str>) -> sqlx::Result<Option<u64>> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let query = sqlx::query("UPDATE users SET password_hash = ? WHERE id = ?").bind(hash).bind(user);
        if !any(&query.execute(&mut *transaction).await?) {
            return Ok(None);
        }
        let revoked =
            sqlx::query("UPDATE tokens SET revoked_at = ? WHERE kind = ? AND subject = ? AND revoked_at IS NULL")
                .bind(Timestamp::now().as_second())
                .bind(TokenKind::Grant)
                .bind(user.to_string())
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(Some(revoked.rows_affected()))
    }

    /// Deletes a user, with the memberships, and revokes the tokens. Tells whether there was such a user.
    pub(crate) async fn delete_user(&self, user: i64) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE tokens SET revoked_at = ? WHERE subject = ? AND revoked_at IS NULL")
            .bind(Timestamp::now().as_second())
            .bind(user.to_string())
            .execute(&mut *transaction)
            .await?;
        let deleted = sqlx::query("DELETE FROM users WHERE id = ?").bind(user).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(any(&deleted))
    }

    /// Makes an account, with an id that no other one ever had.
    pub(crate) async fn create_account(
        &self,
        id: Option<i64>,
        subdomain: &str,
        name: &str,
    ) -> Result<AccountRecord, CreateError> {
        let account = sqlx::query_as(
            "INSERT INTO accounts (id, subdomain, name, created_at) SELECT ?1, ?2, ?3, ?4
                 WHERE NOT EXISTS (SELECT 1 FROM deleted_accounts WHERE id = ?1) RETURNING *",
        )
        .bind(id)
        .bind(subdomain)
        .bind(name)
        .bind(Timestamp::now().as_second())
        .fetch_optional(&self.pool)
        .await?;
        account.ok_or(CreateError::Former)
    }

    /// The account with a name.
    pub(crate) async fn account(&self, name: AccountName<'_>) -> sqlx::Result<Option<AccountRecord>> {
        let query = match name {
            AccountName::Id(id) => sqlx::query_as("SELECT * FROM accounts WHERE id = ?").bind(id),
            AccountName::Subdomain(subdomain) => {
                sqlx::query_as("SELECT * FROM accounts WHERE subdomain = ?").bind(subdomain)
            }
        };
        query.fetch_optional(&self.pool).await
    }

    /// How a user stands to the account with a name; without a flag to ask about, everything is enabled.
    pub(crate) async fn standing(
        &self,
        name: AccountName<'_>,
        user: i64,
        flag: Option<&str>,
    ) -> sqlx::Result<Option<Standing>> {
        let (id, subdomain) = match name {
            AccountName::Id(id) => (Some(id), None),
            AccountName::Subdomain(subdomain) => (None, Some(subdomain)),
        };
        sqlx::query_as(
            "SELECT id AS account,
                 EXISTS (SELECT 1 FROM members WHERE account_id = id AND user_id = ?3) AS is_member,
                 ?4 IS NULL OR EXISTS (SELECT 1 FROM account_features WHERE account_id = id AND flag = ?4) AS is_enabled
             FROM accounts WHERE id = ?1 OR subdomain = ?2",
        )
        .bind(id)
        .bind(subdomain)
        .bind(user)
        .bind(flag)
        .fetch_optional(&self.pool)
        .await
    }

    /// Every account, the oldest first.
    pub(crate) async fn accounts(&self) -> sqlx::Result<Vec<AccountRecord>> {
        sqlx::query_as("SELECT * FROM accounts ORDER BY created_at, id").fetch_all(&self.pool).await
    }

    /// Deletes an account without members, with its flags. Tells whether there was one.
    pub(crate) async fn delete_account(&self, account: i64) -> sqlx::Result<bool> {
        let query = "DELETE FROM accounts WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM members WHERE account_id = ?1)";
        sqlx::query(query).bind(account).execute(&self.pool).await.map(|done| any(&done))
    }

    /// Makes a user a member. Tells whether that is new.
    pub(crate) async fn add_member(&self, account: i64, user: i64) -> sqlx::Result<bool> {
        let query = sqlx::query("INSERT INTO members (account_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING");
        query.bind(account).bind(user).execute(&self.pool).await.map(|done| any(&done))
    }

    /// Ends a membership. Tells whether there was one.
    pub(crate) async fn remove_member(&self, account: i64, user: i64) -> sqlx::Result<bool> {
        let query = sqlx::query("DELETE FROM members WHERE account_id = ? AND user_id = ?");
        query.bind(account).bind(user).execute(&self.pool).await.map(|done| any(&done))
    }

    /// The members of an account, in the order of their ids.
    pub(crate) async fn members(&self, account: i64) -> sqlx::Result<Vec<UserRecord>> {
        let query = sqlx::query_as(
            "SELECT users.* FROM users JOIN members ON members.user_id = users.id
             WHERE members.account_id = ? ORDER BY users.id",
        );
        query.bind(account).fetch_all(&self.pool).await
    }

    /// The accounts that a user is a member of, in the order of their ids.
    pub(crate) async fn memberships(&self, user: i64) -> sqlx::Result<Vec<AccountRecord>> {
        let query = sqlx::query_as(
            "SELECT accounts.* FROM accounts JOIN members ON members.account_id = accounts.id
             WHERE members.user_id = ? ORDER BY accounts.id",
        );
        query.bind(user).fetch_all(&self.pool).await
    }

    /// Turns a flag on for an account. Tells whether that is new.
    pub(crate) async fn enable(&self, account: i64, flag: &str) -> sqlx::Result<bool> {
        let query = sqlx::query("INSERT INTO account_features (account_id, flag) VALUES (?, ?) ON CONFLICT DO NOTHING");
        query.bind(account).bind(flag).execute(&self.pool).await.map(|done| any(&done))
    }

    /// Turns a flag off for an account. Tells whether it was on.
    pub(crate) async fn disable(&self, account: i64, flag: &str) -> sqlx::Result<bool> {
        let query = sqlx::query("DELETE FROM account_features WHERE account_id = ? AND flag = ?");
        query.bind(account).bind(flag).execute(&self.pool).await.map(|done| any(&done))
    }

    /// The flags that are on for an account, by name.
    pub(crate) async fn flags(&self, account: i64) -> sqlx::Result<Vec<String>> {
        let query = sqlx::query_scalar("SELECT flag FROM account_features WHERE account_id = ? ORDER BY flag");
        query.bind(account).fetch_all(&self.pool).await
    }
}

fn any(result: &SqliteQueryResult) -> bool {
    result.rows_affected() > 0
}
