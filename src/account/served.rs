//! What a server that works by itself asks of accounts.

use anyhow::Context as _;

use super::{AccountName, Accounts};
use crate::ServerSpec;

/// Tells whether an account is still served: for work that goes on without a caller, such as schedules.
/// A call needs to ask nothing: it comes only where its account is served.
#[derive(Debug, Clone)]
pub struct ServedAccounts {
    spec: &'static ServerSpec,
    accounts: Option<Accounts>,
}

impl ServedAccounts {
    pub(crate) fn new(spec: &'static ServerSpec, accounts: Option<Accounts>) -> Self {
        Self { spec, accounts }
    }

    /// Whether there is an account with this id, and what the manifest says has to be enabled for it is. On a
    /// server whose calls are about no account, it is so for every one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn contains(&self, id: &str) -> anyhow::Result<bool> {
        let (Some((_, account)), Some(accounts)) = (self.spec.account(), &self.accounts) else { return Ok(true) };
        let Some(name @ AccountName::Id(_)) = AccountName::parse(id) else { return Ok(false) };
        let flag = account.feature.map(|feature| feature.flag);
        // Whose membership is asked about does not matter.
        let standing = accounts.standing(name, 0, flag).await.context("the database of accounts does not answer")?;
        Ok(standing.is_some_and(|standing| standing.is_enabled))
    }
}
