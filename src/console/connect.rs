//! The page that connects a client.

use axum::response::Response;
use http::{StatusCode, request::Parts};
use toolwright_pages::{Connect, forms::Choose};

use super::{
    Console,
    form::query,
    reply::{self, Failure},
    visitor::Known,
};

impl Console {
    /// What the endpoint's path can name for the visitor, where it names an account.
    pub(super) async fn accounts_of(&self, known: &Known) -> Result<Vec<String>, Failure> {
        let memberships = match known.user {
            Some(user) => self.tokens()?.accounts().memberships(user).await?,
            None => Vec::new(),
        };
        Ok(memberships.into_iter().map(|account| account.subdomain).collect())
    }

    /// Shows what a client has to be told.
    pub(super) async fn show_connect(&self, known: &Known, parts: &Parts) -> Result<Response, Failure> {
        let chosen: Choose = query(parts);
        let accounts = self.accounts_of(known).await?;
        let csrf = known.csrf()?;
        let page = self.pages.connect(&self.seen(known, &csrf), &Connect { chosen: &chosen, accounts: &accounts });
        Ok(reply::page(StatusCode::OK, page))
    }
}
