//! Who calls: from what a request presents to an [`Identity`].

mod last_used;
mod rules;
mod search;
mod secret;
mod token;
mod tokens;

use std::sync::Arc;

use anyhow::Context as _;
use toolwright_core::ErrorCode;

pub(crate) use rules::{UnknownScope, check_name, is_printable, known_scopes, lifetime};
pub(crate) use secret::Credential;
#[cfg(feature = "console")]
pub(crate) use token::is_random_text;
pub(crate) use token::random_text;
use token::well_formed;
pub(crate) use tokens::{CreateError, IssuedToken, NewToken, TokenKind, TokenRecord, TokenState, Tokens, granted_name};

use crate::{
    Identity, Secrets, ServerSpec, Upstream,
    account::Accounts,
    database::Database,
    oauth::{self, OAuth, Resource},
    operations::Lookups,
    refusal::Refusal,
    spec::{CredentialSpec, VerifySpec},
};

/// What the ids of tokens start with, and their names do not.
pub(crate) const ID_PREFIX: &str = "tok_";

/// How many random characters follow.
pub(crate) const RANDOM_ID_LENGTH: usize = 12;

/// What came with a request in the place of a credential.
#[derive(Clone, Copy)]
pub(crate) enum Presented<'a> {
    Nothing,
    /// Something that is no bearer credential.
    Unreadable,
    Bearer(&'a str),
}

impl<'a> Presented<'a> {
    /// The credential, if what came has the form of one.
    pub(crate) fn credential(self, spec: &CredentialSpec) -> Result<&'a str, ErrorCode> {
        match self {
            Self::Nothing => Err(ErrorCode::MissingCredential),
            Self::Bearer(text)
                if spec.form().map_or_else(|| oauth::well_formed(text), |form| well_formed(text, form)) =>
            {
                Ok(text)
            }
            Self::Bearer(_) | Self::Unreadable => Err(ErrorCode::MalformedCredential),
        }
    }
}

/// Somebody whose credential is good.
#[derive(Debug, Clone)]
pub(crate) struct Authenticated {
    pub(crate) identity: Arc<Identity>,
    pub(crate) credential: Credential,
}

/// What knows the credentials that are good.
pub(crate) enum Verifier {
    /// The server's own tokens.
    Tokens(Tokens),
    /// The API that the tools ask.
    Upstream(Upstream),
    /// An OAuth issuer.
    OAuth(Arc<OAuth>),
}

impl Verifier {
    /// The declared one. `database` is where tokens are, of a server that has any; `url` is where clients reach the
    /// endpoint, which an issuer's tokens are for.
    ///
    /// # Errors
    /// When what the environment says of the API or of the issuer is wrong, or tokens have no database.
    pub(crate) fn new(
        server: &'static ServerSpec,
        database: Option<&Database>,
        url: &str,
        secrets: &Secrets,
    ) -> anyhow::Result<Self> {
        match &server.credential.verify {
            VerifySpec::Tokens(declared) => {
                let database = database.context("tokens have to be in a database, and none is open")?;
                Ok(Self::Tokens(Tokens::new(server, declared, database)))
            }
            VerifySpec::Upstream(spec) => Upstream::from_environment(server, spec, secrets.clone()).map(Self::Upstream),
            VerifySpec::Jwt(_) | VerifySpec::Introspection(_) => {
                let oauth = OAuth::from_environment(server, url, secrets)?;
                oauth.map(|oauth| Self::OAuth(Arc::new(oauth))).context("no issuer is declared")
            }
        }
    }

    /// The accounts that the credentials reach, where the server keeps them.
    pub(crate) fn accounts(&self) -> Option<&Accounts> {
        match self {
            Self::Tokens(tokens) => Some(tokens.accounts()),
            Self::Upstream(_) | Self::OAuth(_) => None,
        }
    }

    /// How often it was remembered whose a credential is, of what remembers it.
    pub(crate) fn lookups(&self) -> Option<&Lookups> {
        match self {
            Self::Tokens(tokens) => tokens.lookups(),
            Self::Upstream(upstream) => Some(upstream.lookups()),
            Self::OAuth(oauth) => oauth.lookups(),
        }
    }

    /// Who a well-formed credential belongs to. Of the server's own tokens that is as the database has it: asked anew for
    /// every request, or remembered for as long as every change is heard within a moment. Of an API's or an
    /// issuer's, it can be as old as the manifest allows.
    ///
    /// # Errors
    /// A code of the catalogue; the log says more than the caller is told.
    pub(crate) async fn verify(&self, credential: &str) -> Result<Arc<Identity>, ErrorCode> {
        match self {
            Self::Tokens(tokens) => tokens.verify(credential).await,
            Self::Upstream(upstream) => upstream.verify(credential).await,
            Self::OAuth(oauth) => oauth.verify(credential).await,
        }
    }

    /// Who presents this credential.
    ///
    /// # Errors
    /// When it is none, or none that is good.
    pub(crate) async fn authenticate(
        &self,
        server: &ServerSpec,
        presented: Presented<'_>,
    ) -> Result<Authenticated, Refusal> {
        let verified = match presented.credential(&server.credential) {
            Ok(text) => {
                let verified = self.verify(text).await;
                verified.map(|identity| Authenticated { identity, credential: Credential::new(text) })
            }
            Err(code) => Err(code),
        };
        verified.map_err(|code| match code {
            ErrorCode::Internal | ErrorCode::UpstreamUnavailable | ErrorCode::IssuerUnavailable => {
                Refusal::new(server, code, None)
            }
            code => Refusal::unauthenticated(server, code),
        })
    }

    /// What clients are told that are to sign in at an issuer.
    pub(crate) fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Tokens(_) | Self::Upstream(_) => None,
            Self::OAuth(oauth) => Some(oauth.resource()),
        }
    }

    /// Writes down what is still to be written.
    pub(crate) async fn finish(&self) {
        match self {
            Self::Tokens(tokens) => tokens.finish().await,
            Self::Upstream(_) | Self::OAuth(_) => {}
        }
    }
}
