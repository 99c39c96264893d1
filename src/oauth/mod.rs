//! Access tokens of an OAuth issuer, which clients sign in at: the server is a resource server of OAuth 2.1, and
//! creates and keeps no credential.
//!
//! [`jwt`] checks those that prove by a signature who they are from, with the [`keys`] of their issuer;
//! [`introspection`] has the issuer asked about all others. [`metadata`] finds the issuer's places, [`exchange`] asks
//! there, and [`question`] has many wait for one answer. [`claims`] says whose a token is, and [`resource`] is what
//! clients are told.

mod claims;
mod exchange;
mod introspection;
pub(crate) mod jwt;
mod keys;
mod metadata;
mod question;
mod resource;
mod signature;

use std::{env, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use secrecy::SecretString;
use toolwright_core::ErrorCode;

pub(crate) use self::exchange::place;
pub(crate) use self::{
    exchange::Exchange,
    keys::{Keys, Source},
    resource::{Resource, WELL_KNOWN},
};
use self::{
    introspection::{Asking, Client, Introspection},
    jwt::Verification,
    metadata::Issuer,
};
use crate::{
    Identity, Secrets, ServerSpec,
    operations::Lookups,
    spec::{IntrospectionSpec, IssuerSpec, JwtSpec, VerifySpec},
};

/// What checks the tokens of an issuer.
pub(crate) struct OAuth {
    server: &'static ServerSpec,
    spec: &'static IssuerSpec,
    resource: Resource,
    way: Way,
}

enum Way {
    Jwt(Verification),
    Introspection(Box<Introspection>),
}

impl OAuth {
    /// The declared issuer, or the one that the environment names, for the endpoint at `url`; `None` where the server
    /// takes no tokens of an issuer. Nothing is asked yet.
    ///
    /// # Errors
    /// When what the environment says of the issuer is wrong, or not enough.
    pub(crate) fn from_environment(
        server: &'static ServerSpec,
        url: &str,
        secrets: &Secrets,
    ) -> anyhow::Result<Option<Self>> {
        let Some(spec) = server.credential.issuer() else { return Ok(None) };
        let named = variable(spec.env)?;
        let identifier = named.as_deref().unwrap_or(spec.url);
        let issuer = Issuer::new(identifier, spec.url).map_err(|unfit| match &named {
            Some(_) => anyhow!("{} {unfit}", spec.env),
            None => anyhow!("the declared issuer {unfit}"),
        })?;
        let audience = spec.audience.unwrap_or(url).to_owned();
        let exchange = Arc::new(Exchange::new(server)?);
        // What is declared of places at the one issuer says nothing of another.
        let declared = |place_of: Option<&'static str>| {
            let declared = place_of.filter(|_| named.is_none());
            declared.map(|text| place(text, spec.url).map_err(|unfit| anyhow!("`{text}` {unfit}"))).transpose()
        };
        let way = match &server.credential.verify {
            VerifySpec::Jwt(JwtSpec { keys, algorithms, cache_seconds, .. }) => {
                let source = declared(*keys)?.map_or_else(|| Source::Metadata(issuer), Source::At);
                let keys = Keys::new(exchange, source, Duration::from_secs(*cache_seconds));
                Way::Jwt(Verification::new(identifier, &audience, algorithms, keys)?.of_access_tokens())
            }
            VerifySpec::Introspection(IntrospectionSpec {
                endpoint,
                client_id_env,
                client_secret_env,
                cache_seconds,
                ..
            }) => {
                let needed = |name: &str| {
                    let text = variable(name)?;
                    text.with_context(|| {
                        format!("{name} is not set: the server asks {identifier} about tokens with it")
                    })
                };
                let (id, secret) = (needed(client_id_env)?, needed(client_secret_env)?);
                secrets.learn(&secret);
                Way::Introspection(Box::new(Introspection::new(
                    server,
                    spec,
                    Asking {
                        exchange,
                        place: declared(*endpoint)?,
                        issuer,
                        audience,
                        client: Client { id, secret: SecretString::from(secret) },
                        believed: Duration::from_secs(*cache_seconds),
                    },
                )?))
            }
            VerifySpec::Tokens(_) | VerifySpec::Upstream(_) => return Ok(None),
        };
        let resource = Resource::new(server, url, identifier, spec.scopes)?;
        Ok(Some(Self { server, spec, resource, way }))
    }

    /// Who a token belongs to.
    ///
    /// # Errors
    /// A code of the catalogue; the log says more than the caller is told.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Identity>, ErrorCode> {
        match &self.way {
            Way::Jwt(verification) => {
                let claims = verification.verify(token).await?;
                claims.identity(self.server, self.spec, token).map(Arc::new).map_err(|reason| {
                    tracing::info!(reason, "a credential was refused");
                    ErrorCode::UnknownCredential
                })
            }
            Way::Introspection(introspection) => introspection.verify(token).await,
        }
    }

    /// Whether tokens can be checked: what that takes was had from the issuer once, however it fares now.
    ///
    /// # Errors
    /// When it was not, and cannot be had.
    pub(crate) async fn answers(&self) -> anyhow::Result<()> {
        let is_known = match &self.way {
            Way::Jwt(verification) => verification.knows_keys().await,
            Way::Introspection(introspection) => introspection.knows_place().await,
        };
        ensure!(is_known, "the issuer has not yet said what tokens are checked with");
        Ok(())
    }

    /// How often it was remembered what the issuer says of a token; what a token proves by itself is not.
    pub(crate) fn lookups(&self) -> Option<&Lookups> {
        match &self.way {
            Way::Jwt(_) => None,
            Way::Introspection(introspection) => Some(introspection.lookups()),
        }
    }

    /// What clients are told that are to sign in.
    pub(crate) fn resource(&self) -> &Resource {
        &self.resource
    }
}

/// What the environment says, if it says anything.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => bail!("{name} is no text"),
    }
}

/// The longest access token, in bytes: headers of this size pass every proxy.
const LONGEST: usize = 16 << 10;

/// Whether the text could be an access token at all (RFC 6750, section 2.1).
pub(crate) fn well_formed(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    text.len() <= LONGEST && !body.is_empty() && body.bytes().all(plain)
}
