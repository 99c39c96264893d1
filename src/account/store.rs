//! Users, accounts, memberships and flags, beside the tokens.

use jiff::Timestamp;
use sqlx::FromRow;

use super::AccountName;
use crate::{
    credential::TokenKind,
    database::{Change, Database, Exclusive as _, Memory, either},
};

/// The store of users and accounts.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    database: Database,
    /// Who may reach which account. What is not allowed is asked anew, so that it can be from one call to the next.
    reached: Memory<Asked, Standing>,
}

/// What was asked about a standing.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    id: Option<i64>,
    subdomain: Option<String>,
    user: i64,
    flag: Option<String>,
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
        Self { database: database.clone(), reached: Memory::default() }
    }

    /// Makes a user, who cannot sign in with a password yet.
    pub(crate) async fn create_user(&self, email: &str, name: &str) -> Result<UserRecord, CreateError> {
        let now = Timestamp::now().as_second();
        let user = either!(&self.database, connection => {
            let query = sqlx::query_as("INSERT INTO users (email, name, created_at) VALUES ($1, $2, $3) RETURNING *");
            query.bind(email).bind(name).bind(now).fetch_one(connection).await
        })?;
        Ok(user)
    }

    /// The user with an email address, told without case.
    pub(crate) async fn user(&self, email: &str) -> sqlx::Result<Option<UserRecord>> {
        let query = self.database.sql(
            "SELECT * FROM users WHERE email = $1",
            r#"SELECT * FROM users WHERE lower(email COLLATE "C") = lower($1 COLLATE "C")"#,
        );
        either!(&self.database, connection => sqlx::query_as(query).bind(email).fetch_optional(connection).await)
    }

    /// The email address of a user.
    pub(crate) async fn email(&self, user: i64) -> sqlx::Result<Option<String>> {
        let query = "SELECT email FROM users WHERE id = $1";
        either!(&self.database, connection => sqlx::query_scalar(query).bind(user).fetch_optional(connection).await)
    }

    /// Every user, the oldest first.
    pub(crate) async fn users(&self) -> sqlx::Result<Vec<UserRecord>> {
        let query = "SELECT * FROM users ORDER BY id";
        either!(&self.database, connection => sqlx::query_as(query).fetch_all(connection).await)
    }

    /// Sets what a user's password is held against, or takes it away, and revokes what programs got for the
    /// one before. Tells how many tokens those are; nothing where there is no such user.
    pub(crate) async fn set_password_hash(&self, user: i64, hash: Option<&str>) -> sqlx::Result<Option<u64>> {
        let now = Timestamp::now().as_second();
        let done = either!(&self.database, connection => {
            let mut transaction = connection.begin_exclusive("users").await?;
            let query = sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(user);
            if query.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(None);
            }
            let query = "UPDATE tokens SET revoked_at = $1 WHERE kind = $2 AND subject = $3 AND revoked_at IS NULL";
            let query = sqlx::query(query).bind(now).bind(TokenKind::Grant.as_str()).bind(user.to_string());
            let revoked = query.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(Some(revoked))
        });
        self.database.changed(Change::Everything);
        done
    }

    /// Deletes a user, with the memberships, and revokes the tokens. Tells whether there was such a user.
    pub(crate) async fn delete_user(&self, user: i64) -> sqlx::Result<bool> {
        let now = Timestamp::now().as_second();
        let done = either!(&self.database, connection => {
            let mut transaction = connection.begin_exclusive("users").await?;
            let query = sqlx::query("UPDATE tokens SET revoked_at = $1 WHERE subject = $2 AND revoked_at IS NULL");
            query.bind(now).bind(user.to_string()).execute(&mut *transaction).await?;
            let query = sqlx::query("DELETE FROM users WHERE id = $1").bind(user);
            let deleted = query.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(deleted > 0)
        });
        self.database.changed(Change::Everything);
        done
    }

    /// Makes an account, with an id that no other one ever had.
    pub(crate) async fn create_account(
        &self,
        id: Option<i64>,
        subdomain: &str,
        name: &str,
    ) -> Result<AccountRecord, CreateError> {
        let query = self.database.sql(
            "INSERT INTO accounts (id, subdomain, name, created_at) SELECT $1, $2, $3, $4
             WHERE NOT EXISTS (SELECT 1 FROM deleted_accounts WHERE id = $1) RETURNING *",
            // A sequence knows nothing of ids that somebody chose.
            "INSERT INTO accounts (id, subdomain, name, created_at)
             SELECT coalesce($1, 1 + greatest(0, (SELECT max(id) FROM accounts), (SELECT max(id) FROM deleted_accounts))),
                    $2, $3, $4
             WHERE NOT EXISTS (SELECT 1 FROM deleted_accounts WHERE id = $1) RETURNING *",
        );
        let now = Timestamp::now().as_second();
        let account = either!(&self.database, connection => {
            let mut transaction = connection.begin_exclusive("accounts").await?;
            let query = sqlx::query_as(query).bind(id).bind(subdomain).bind(name).bind(now);
            let account = query.fetch_optional(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(account)
        })?;
        account.ok_or(CreateError::Former)
    }

    /// The account with a name.
    pub(crate) async fn account(&self, name: AccountName<'_>) -> sqlx::Result<Option<AccountRecord>> {
        let (id, subdomain) = keys(name);
        let query = self.database.sql(
            "SELECT * FROM accounts WHERE id = $1 OR subdomain = $2",
            r#"SELECT * FROM accounts WHERE id = $1 OR lower(subdomain COLLATE "C") = lower($2 COLLATE "C")"#,
        );
        either!(&self.database, connection => {
            sqlx::query_as(query).bind(id).bind(subdomain).fetch_optional(connection).await
        })
    }

    /// How a user stands to the account with a name; without a flag to ask about, everything is enabled.
    pub(crate) async fn standing(
        &self,
        name: AccountName<'_>,
        user: i64,
        flag: Option<&str>,
    ) -> sqlx::Result<Option<Standing>> {
        macro_rules! standing {
            ($subdomain:literal) => {
                concat!(
                    "SELECT id AS account,
                         EXISTS (SELECT 1 FROM members WHERE account_id = id AND user_id = $3) AS is_member,
                         $4 IS NULL OR EXISTS (SELECT 1 FROM account_features WHERE account_id = id AND flag = $4)
                             AS is_enabled
                     FROM accounts WHERE id = $1 OR ",
                    $subdomain
                )
            };
        }
        let query = self
            .database
            .sql(standing!("subdomain = $2"), standing!(r#"lower(subdomain COLLATE "C") = lower($2 COLLATE "C")"#));
        let (id, subdomain) = keys(name);
        let asked =
            Asked { id, subdomain: subdomain.map(str::to_ascii_lowercase), user, flag: flag.map(str::to_owned) };
        let state = self.database.state_of_accounts();
        if let Some(standing) = self.reached.recall(&asked, state) {
            return Ok(Some(standing));
        }
        let standing: Option<Standing> = either!(&self.database, connection => {
            sqlx::query_as(query).bind(id).bind(subdomain).bind(user).bind(flag).fetch_optional(connection).await
        })?;
        if let Some(standing) = standing.filter(|standing| standing.is_member && standing.is_enabled) {
            self.reached.remember(asked, state, standing);
        }
        Ok(standing)
    }

    /// Every account, the oldest first.
    pub(crate) async fn accounts(&self) -> sqlx::Result<Vec<AccountRecord>> {
        let query = "SELECT * FROM accounts ORDER BY created_at, id";
        either!(&self.database, connection => sqlx::query_as(query).fetch_all(connection).await)
    }

    /// Deletes an account without members, with its flags. Tells whether there was one.
    pub(crate) async fn delete_account(&self, account: i64) -> sqlx::Result<bool> {
        let query = "DELETE FROM accounts WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM members WHERE account_id = $1)";
        let deleted = either!(&self.database, connection => {
            sqlx::query(query).bind(account).execute(connection).await.map(|done| done.rows_affected() > 0)
        });
        self.database.changed(Change::Accounts);
        match deleted {
            // Somebody became a member meanwhile.
            Err(sqlx::Error::Database(refused)) if refused.is_foreign_key_violation() => Ok(false),
            deleted => deleted,
        }
    }

    /// Makes a user a member. Tells whether that is new.
    pub(crate) async fn add_member(&self, account: i64, user: i64) -> sqlx::Result<bool> {
        let query = "INSERT INTO members (account_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        either!(&self.database, connection => {
            let done = sqlx::query(query).bind(account).bind(user).execute(connection).await;
            done.map(|done| done.rows_affected() > 0)
        })
    }

    /// Ends a membership. Tells whether there was one.
    pub(crate) async fn remove_member(&self, account: i64, user: i64) -> sqlx::Result<bool> {
        let query = "DELETE FROM members WHERE account_id = $1 AND user_id = $2";
        let done = either!(&self.database, connection => {
            let done = sqlx::query(query).bind(account).bind(user).execute(connection).await;
            done.map(|done| done.rows_affected() > 0)
        });
        self.database.changed(Change::Accounts);
        done
    }

    /// The members of an account, in the order of their ids.
    pub(crate) async fn members(&self, account: i64) -> sqlx::Result<Vec<UserRecord>> {
        let query = "
            SELECT users.* FROM users JOIN members ON members.user_id = users.id
            WHERE members.account_id = $1 ORDER BY users.id";
        either!(&self.database, connection => sqlx::query_as(query).bind(account).fetch_all(connection).await)
    }

    /// The accounts that a user is a member of, in the order of their ids.
    pub(crate) async fn memberships(&self, user: i64) -> sqlx::Result<Vec<AccountRecord>> {
        let query = "
            SELECT accounts.* FROM accounts JOIN members ON members.account_id = accounts.id
            WHERE members.user_id = $1 ORDER BY accounts.id";
        either!(&self.database, connection => sqlx::query_as(query).bind(user).fetch_all(connection).await)
    }

    /// Turns a flag on for an account. Tells whether that is new.
    pub(crate) async fn enable(&self, account: i64, flag: &str) -> sqlx::Result<bool> {
        let query = "INSERT INTO account_features (account_id, flag) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        either!(&self.database, connection => {
            let done = sqlx::query(query).bind(account).bind(flag).execute(connection).await;
            done.map(|done| done.rows_affected() > 0)
        })
    }

    /// Turns a flag off for an account. Tells whether it was on.
    pub(crate) async fn disable(&self, account: i64, flag: &str) -> sqlx::Result<bool> {
        let query = "DELETE FROM account_features WHERE account_id = $1 AND flag = $2";
        let done = either!(&self.database, connection => {
            let done = sqlx::query(query).bind(account).bind(flag).execute(connection).await;
            done.map(|done| done.rows_affected() > 0)
        });
        self.database.changed(Change::Accounts);
        done
    }

    /// The flags that are on for an account, by name.
    pub(crate) async fn flags(&self, account: i64) -> sqlx::Result<Vec<String>> {
        let query = "SELECT flag FROM account_features WHERE account_id = $1 ORDER BY flag";
        either!(&self.database, connection => sqlx::query_scalar(query).bind(account).fetch_all(connection).await)
    }
}

/// What an account is looked up by: the one or the other.
fn keys(name: AccountName<'_>) -> (Option<i64>, Option<&str>) {
    match name {
        AccountName::Id(id) => (Some(id), None),
        AccountName::Subdomain(subdomain) => (None, Some(subdomain)),
    }
}
