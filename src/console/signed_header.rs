//! The sign-in of a proxy before the server, which says in a signed header who is signed in.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, ensure};
use http::{HeaderMap, HeaderName, header};
use serde_json::Value;
use toolwright_core::ErrorCode;

use super::{Person, SignIn, Visitor};
use crate::{
    ServerSpec,
    oauth::{Exchange, Keys, Source, jwt::Verification, place},
};

/// Signatures that are taken: every one whose key only the proxy has.
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// How long the proxy's keys are used before they are asked for again.
const CACHE: Duration = Duration::from_mins(10);

/// The claim that has somebody's email address, in the tokens of every such proxy.
const EMAIL: &str = "email";

/// How a proxy says who is signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proxy<'a> {
    pub(crate) header: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    /// Where its keys are.
    pub(crate) keys: &'a str,
    /// The claim that says who it is.
    pub(crate) claim: &'a str,
}

/// Knows people by a JSON Web Token that a proxy puts into a header of every request. That the header is there proves
/// nothing: its signature, its issuer, its audience and its times do.
pub(crate) struct SignedHeader {
    header: HeaderName,
    verification: Verification,
    claim: String,
}

impl SignedHeader {
    /// # Errors
    /// When what is said of the proxy cannot be.
    pub(crate) fn new(spec: &ServerSpec, proxy: Proxy<'_>) -> anyhow::Result<Self> {
        let Proxy { header: name, issuer, audience, keys, claim } = proxy;
        let header = HeaderName::try_from(name).with_context(|| format!("`{name}` is no name of a header"))?;
        let has_own_meaning = [header::AUTHORIZATION, header::COOKIE, header::HOST, header::ORIGIN].contains(&header);
        ensure!(!has_own_meaning, "`{name}` has a meaning of its own: name the header that the proxy adds");
        for (what, text) in [("issuer", issuer), ("audience", audience), ("claim", claim)] {
            ensure!(!text.is_empty(), "the {what} of the proxy's tokens is empty");
        }
        let at = place(keys, "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
        let at = at.map_err(|unfit| anyhow!("the place of the proxy's keys {unfit}"))?;
        let keys = Keys::new(Arc::new(Exchange::new(spec)?), Source::At(at), CACHE);
        let verification = Verification::new(issuer, audience, &ALGORITHMS, keys)?;
        Ok(Self { header, verification, claim: claim.to_owned() })
    }

    /// The one token that a request has.
    fn token<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let mut values = headers.get_all(&self.header).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }
}

impl SignIn for SignedHeader {
    async fn visitor(&self, headers: &HeaderMap) -> anyhow::Result<Visitor> {
        let refused = |why: &str| Ok(Visitor::Refused(why.to_owned()));
        let Some(token) = self.token(headers) else {
            return refused(
                "Open these pages through the address at which you sign in: this request did not come from there.",
            );
        };
        let claims = match self.verification.verify(token).await {
            Ok(claims) => claims,
            Err(ErrorCode::IssuerUnavailable) => return Err(anyhow!("the keys of the proxy are not known")),
            Err(ErrorCode::ExpiredCredential) => return refused("Your sign-in has expired: sign in again."),
            Err(_) => return refused("Your sign-in is not one that this server takes. Its log says why."),
        };
        // Anybody can write any address into an account that nobody has verified.
        let is_unverified = matches!(claims.0.get("email_verified"), Some(Value::Bool(false)))
            || claims.text("email_verified") == Some("false");
        if self.claim == EMAIL && is_unverified {
            return refused("Your email address is not verified where you sign in.");
        }
        match claims.text(&self.claim) {
            Some(name) => Ok(Visitor::Known(Person::new(name))),
            None => refused("Your sign-in does not say who you are."),
        }
    }
}
