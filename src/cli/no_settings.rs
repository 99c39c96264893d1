//! In the place of `settings`, where the runtime is built without them: nothing is added to what a server serves.

use std::sync::Arc;

use axum::Router;
use clap::ArgMatches;

use super::first_token::Place;
use crate::{ServerSpec, credential::Tokens, http::Trusted, server::Server};

#[derive(Default)]
pub(super) struct Settings {
    pub(super) offered: Offered,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Offered {}

/// There are no such options.
#[derive(Debug)]
pub(super) struct IdentityOptions {}

impl IdentityOptions {
    pub(super) fn of(_: &ArgMatches) -> Option<Self> {
        None
    }
}

impl Settings {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "those with the settings need it")]
    pub(super) fn identify(&mut self, _: &ServerSpec, _: Option<&IdentityOptions>) -> anyhow::Result<()> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "those with the settings need it")]
    pub(super) fn routes(
        self,
        _: &Arc<Server>,
        _: &Arc<Trusted>,
        _: Option<&str>,
        _: Place<'_>,
    ) -> anyhow::Result<Router> {
        Ok(Router::new())
    }

    pub(super) async fn welcome(
        &self,
        _: &ServerSpec,
        _: &Tokens,
        _: Option<&str>,
        _: Option<&str>,
        _: Place<'_>,
    ) -> anyhow::Result<()> {
        Ok(())
    }
}
