//! Who calls, and what about: the step between the credential and the scopes.

use std::sync::Arc;

use serde_json::json;
use toolwright_core::ErrorCode;

use crate::{
    Identity, Secrets, ServerSpec,
    account::{AccountName, Accounts, Standing},
    credential::{Authenticated, Credential},
    refusal::Refusal,
    shortened::shortened,
    spec::{AccountSpec, BindingSpec},
};

/// Somebody who may be asked for scopes: the credential is good, and where calls are about an account,
/// the caller is a member of it and has what it takes. Only [`Caller::resolve`] makes one.
#[derive(Debug)]
pub(crate) struct Caller {
    identity: Arc<Identity>,
    /// What proved it.
    credential: Credential,
    /// The id of the account.
    account: Option<String>,
}

/// How a request says which account it is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named<'a> {
    /// By its name, as it came.
    By(&'a str),
    /// Not at all: it is the only one that the user is a member of.
    Only,
}

impl Caller {
    /// Holds the identity against the account, asked anew for every request.
    ///
    /// # Errors
    /// In this order: there is no such account, the user is no member of it, it lacks what has to be
    /// enabled.
    pub(crate) async fn resolve(
        server: &ServerSpec,
        accounts: Option<&Accounts>,
        secrets: &Secrets,
        authenticated: Authenticated,
        named: Named<'_>,
    ) -> Result<Self, Refusal> {
        let Authenticated { identity, credential } = authenticated;
        let Some((spec, declared)) = server.account() else { return Ok(Self { identity, credential, account: None }) };
        let Some(accounts) = accounts else {
            tracing::error!("calls are about accounts, and the server keeps none");
            return Err(Refusal::new(server, ErrorCode::Internal, None));
        };
        // A credential that belongs to nobody is a member of nothing.
        let user = identity.user.unwrap_or_default();
        let account = Binding { server, spec, declared, accounts, secrets, user }.account(named).await?;
        Ok(Self { identity, credential, account: Some(account.to_string()) })
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The credential itself, for what the runtime does with it; handlers see the identity only.
    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The id of the account that calls are about, where they are about one.
    pub(crate) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }
}

/// What is asked about one user.
struct Binding<'a> {
    server: &'a ServerSpec,
    spec: &'a BindingSpec,
    declared: &'a AccountSpec,
    accounts: &'a Accounts,
    secrets: &'a Secrets,
    user: i64,
}

impl Binding<'_> {
    async fn account(&self, named: Named<'_>) -> Result<i64, Refusal> {
        let shown = match named {
            Named::By(name) => shortened(&self.secrets.redact_text(name)),
            Named::Only => self.only().await?,
        };
        let name = match named {
            Named::By(name) => AccountName::parse(name),
            Named::Only => AccountName::parse(&shown),
        };
        let Some(name) = name else { return Err(self.unknown(&shown)) };
        let flag = self.declared.feature.map(|feature| feature.flag);
        let standing = self.accounts.standing(name, self.user, flag).await.map_err(|error| self.broken(&error))?;
        let Some(Standing { account, is_member, is_enabled }) = standing else { return Err(self.unknown(&shown)) };
        match (is_member, is_enabled) {
            (false, _) if self.declared.hides_foreign => Err(self.unknown(&shown)),
            (false, _) => Err(self.refuse(ErrorCode::ForeignAccount, None, &shown)),
            (true, false) => {
                let detail = self.declared.feature.map(|feature| format!("{}.", feature.message));
                Err(self.refuse(ErrorCode::FeatureDisabled, detail.as_deref(), &shown))
            }
            (true, true) => Ok(account),
        }
    }

    /// The id of the only account that the user is a member of.
    async fn only(&self) -> Result<String, Refusal> {
        let accounts = self.accounts.memberships(self.user).await.map_err(|error| self.broken(&error))?;
        let binding = self.spec.words();
        match accounts.as_slice() {
            [only] => Ok(only.id.to_string()),
            [] => Err(self.unnamed(&format!("Your user is not a member of any {binding}."))),
            several => Err(self.unnamed(&format!(
                "Your user is a member of more than one {binding}, and nothing says which is meant: {}.",
                several.iter().map(|account| account.subdomain.as_str()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    fn unknown(&self, shown: &str) -> Refusal {
        let detail = format!("No {} of yours is called `{shown}`.", self.spec.words());
        self.refuse(ErrorCode::UnknownAccount, Some(&detail), shown)
    }

    fn unnamed(&self, detail: &str) -> Refusal {
        Refusal::new(self.server, ErrorCode::UnknownAccount, Some(detail))
    }

    fn refuse(&self, code: ErrorCode, detail: Option<&str>, shown: &str) -> Refusal {
        Refusal::new(self.server, code, detail).with_data(json!({ self.spec.name: shown }))
    }

    fn broken(&self, error: &sqlx::Error) -> Refusal {
        tracing::error!(%error, "the database of accounts does not answer");
        Refusal::new(self.server, ErrorCode::Internal, None)
    }
}
