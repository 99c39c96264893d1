//! Legacy: a short-lived token for an email address and a password, by OAuth's Resource Owner Password
//! Credentials grant (RFC 6749, section 4.3). OAuth 2.1 has removed it; a server has it only where its
//! manifest says so.

mod guesses;
pub(crate) mod password;
mod request;

use std::{net::IpAddr, time::Duration};

use secrecy::SecretString;
use toolwright_core::{ErrorCode, ScopeSet};

use self::{
    guesses::{Attempt, Guesses},
    password::{Checks, Slot},
    request::GrantRequest,
};
use crate::{
    ServerSpec,
    account::{Accounts, UserRecord},
    credential::{IssuedToken, Tokens, granted_name},
    database::Database,
    observation::ObservedCaller,
    spec::PasswordGrantSpec,
};

pub(crate) use request::Format;

/// What gives tokens for passwords.
#[derive(Debug)]
pub(crate) struct PasswordGrants {
    spec: &'static ServerSpec,
    grant: PasswordGrantSpec,
    accounts: Accounts,
    guesses: Guesses,
    checks: Checks,
    /// Whether all clients come from one address, so that it tells nothing of them.
    behind_proxy: bool,
}

/// A token, and what it can do.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) token: IssuedToken,
    pub(crate) expires_in: u64,
    /// Names, separated by spaces.
    pub(crate) scope: String,
    user: UserRecord,
}

impl Granted {
    /// Who has it now.
    pub(crate) fn observed(&self) -> ObservedCaller {
        ObservedCaller {
            credential_id: self.token.id.clone(),
            credential_name: granted_name(&self.user.email),
            subject: self.user.id.to_string(),
            account: None,
        }
    }
}

/// Why there is none.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    /// What this case is about, instead of the catalogue's cause.
    pub(crate) detail: Option<String>,
    /// In how many seconds to ask again.
    pub(crate) retry_after: Option<u64>,
}

impl Refused {
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self { code, detail: None, retry_after: None }
    }

    fn later(code: ErrorCode, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(code) }
    }

    /// The server's own fault: the caller is told no details, the log is.
    fn internal(what: &'static str, error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "{what}");
        Self::new(ErrorCode::Internal)
    }
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::internal("the token database does not answer", &error)
    }
}

impl PasswordGrants {
    /// What the manifest declares, if it declares any.
    pub(crate) fn new(spec: &'static ServerSpec, database: &Database, behind_proxy: bool) -> Option<Self> {
        Some(Self {
            spec,
            grant: *spec.credential.password_grant()?,
            accounts: Accounts::new(database),
            guesses: Guesses::new(database.clone()),
            checks: Checks::new(),
            behind_proxy,
        })
    }

    /// Gives a token for what a request says, if its password is right.
    ///
    /// A user who does not exist, one without a password and one with another get the same answer, after
    /// the same time.
    pub(crate) async fn give(
        &self,
        tokens: &Tokens,
        body: &[u8],
        format: Format,
        peer: IpAddr,
    ) -> Result<Granted, Refused> {
        let GrantRequest { email, password, scope } = GrantRequest::parse(body, format)?;
        let scopes = self.scopes(scope.as_deref())?;
        let attempt = Attempt::new(&email, Some(peer).filter(|_| !self.behind_proxy));
        // Who has to wait takes nobody's place.
        self.check_wait(&attempt).await?;
        let Some(slot) = self.checks.slot().await else { return Err(Refused::later(ErrorCode::GrantsBusy, 2)) };
        // Others have failed meanwhile. Until this attempt is counted it holds its slot, so that of many
        // requests at once only as many as there are slots come through.
        self.check_wait(&attempt).await?;
        let check = Check { accounts: self.accounts.clone(), guesses: self.guesses.clone(), attempt, peer };
        // In a task of its own, which nobody stops: who goes before the answer is counted as any other.
        let checked = tokio::spawn(check.run(slot, email, password)).await;
        let user = checked.unwrap_or_else(|error| Err(Refused::internal("a password cannot be checked", &error)))?;
        let lifetime = Duration::from_secs(self.grant.lifetime_seconds);
        let token = tokens
            .grant(&user.id.to_string(), scopes, lifetime)
            .await
            .map_err(|error| Refused::internal("a token cannot be made", &error))?;
        // The password may be another one by now, or the user gone, and what it gave be revoked already.
        let now = self.accounts.user(&user.email).await?.and_then(|user| user.password_hash);
        if now != user.password_hash {
            tokens.revoke(&token.id).await?;
            return Err(Refused::new(ErrorCode::InvalidGrant));
        }
        tracing::info!(credential = token.id, user = user.id, %peer, "a password grant was given");
        let names: Vec<_> = self.spec.scopes().names(scopes).collect();
        Ok(Granted { token, expires_in: self.grant.lifetime_seconds, scope: names.join(" "), user })
    }

    async fn check_wait(&self, attempt: &Attempt) -> Result<(), Refused> {
        match self.guesses.wait(attempt).await? {
            Some(seconds) => Err(Refused::later(ErrorCode::TooManyAttempts, seconds)),
            None => Ok(()),
        }
    }

    /// The scopes that a request names, of those that the manifest allows and what they imply.
    fn scopes(&self, named: Option<&str>) -> Result<ScopeSet, Refused> {
        let Some(named) = named else { return Ok(self.grant.scopes) };
        let scopes = self.spec.scopes();
        let allowed = scopes.widen(self.grant.scopes);
        let asked: Option<ScopeSet> =
            named.split(' ').filter(|name| !name.is_empty()).map(|name| scopes.find(name)).collect();
        let asked = asked.filter(|asked| !asked.is_empty() && asked.iter().all(|scope| allowed.contains(scope)));
        asked.ok_or_else(|| Refused::new(ErrorCode::InvalidGrantScope))
    }
}

/// What holds one password against the user's, and counts the outcome.
struct Check {
    accounts: Accounts,
    guesses: Guesses,
    attempt: Attempt,
    peer: IpAddr,
}

impl Check {
    /// The user whose password it is.
    async fn run(self, slot: Slot, email: String, password: SecretString) -> Result<UserRecord, Refused> {
        let user = self.accounts.user(email.trim()).await?;
        let hash = user.as_ref().and_then(|user| user.password_hash.clone());
        let reason = match (&user, &hash) {
            (None, _) => "unknown user",
            (Some(_), None) => "no password",
            (Some(_), Some(_)) => "wrong password",
        };
        let (is_right, slot) = slot
            .check(password, hash)
            .await
            .map_err(|error| Refused::internal("a password cannot be checked", &error))?;
        let Some(user) = user.filter(|_| is_right) else {
            self.guesses.failed(&self.attempt).await?;
            // The address can be a password that was typed in the wrong place.
            tracing::info!(reason, peer = %self.peer, "a password grant was refused");
            return Err(Refused::new(ErrorCode::InvalidGrant));
        };
        self.guesses.succeeded(&self.attempt).await?;
        drop(slot);
        Ok(user)
    }
}
