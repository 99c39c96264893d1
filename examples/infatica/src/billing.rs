//! What the operator of the server says of credits, and the billing system that knows what accounts have.

use std::{env, time::Duration};

use anyhow::Context as _;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use toolwright::Secrets;
use url::{Host, Url};

use crate::{
    collect::Policy,
    upstream::{self, Limits, Upstream, UpstreamError},
};

/// What is presented to the billing system. It is no option: every process of a machine sees the
/// command lines of all others.
const TOKEN: &str = "INFATICA_BALANCE_TOKEN";

/// The largest answer of a billing system.
const MAX_BYTES: usize = 64 * 1024;

/// What the operator says of credits.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Ask this URL for the balances of accounts, instead of the server's own ledger
    ///
    /// `GET URL?account=NAME` must answer `{"balance": 1234, "unit": "credits"}`, with a whole number. A
    /// token in the environment variable INFATICA_BALANCE_TOKEN is presented as `Authorization: Bearer`.
    /// Only https, or http on this machine.
    #[arg(long, value_name = "URL", env = "INFATICA_BALANCE_URL", value_parser = endpoint)]
    balance_url: Option<Url>,

    /// How many seconds the answer with a balance can take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=30))]
    balance_seconds: u64,

    /// How many credits every account starts with; what it was charged and granted since comes on top
    #[arg(long, value_name = "CREDITS", default_value_t = 10_000)]
    opening_credits: u32,
}

/// What the server goes by.
#[derive(Debug, Default)]
pub(crate) struct Billing {
    /// What an account has before its ledger has an entry.
    pub(crate) opening_credits: i64,
    pub(crate) system: Option<BillingSystem>,
}

/// Who knows what accounts have.
#[derive(Debug)]
pub(crate) struct BillingSystem {
    upstream: Upstream,
    url: Url,
    headers: HeaderMap,
}

impl Options {
    /// What the server goes by, with the token from the environment.
    pub(crate) fn billing(&self, secrets: &Secrets) -> anyhow::Result<Billing> {
        let system = match &self.balance_url {
            Some(url) => Some(BillingSystem {
                upstream: Upstream::new(
                    Policy::any(),
                    Limits { time: Duration::from_secs(self.balance_seconds), bytes: MAX_BYTES },
                    secrets.clone(),
                )?,
                url: url.clone(),
                headers: credentials(secrets)?,
            }),
            None => None,
        };
        Ok(Billing { opening_credits: self.opening_credits.into(), system })
    }
}

/// The headers that present the token, if there is one.
fn credentials(secrets: &Secrets) -> anyhow::Result<HeaderMap> {
    let Some(token) = env::var_os(TOKEN).filter(|token| !token.is_empty()) else { return Ok(HeaderMap::new()) };
    let token = token.into_string().ok().map(SecretString::from);
    let token = token.with_context(|| format!("{TOKEN} is not text"))?;
    secrets.learn(token.expose_secret());
    upstream::bearer(&token).with_context(|| format!("{TOKEN} has a character that no token has, such as a line break"))
}

/// Where a token can be sent without being read on the way.
fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
    let on_this_machine = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !(url.scheme() == "https" || url.scheme() == "http" && on_this_machine) {
        return Err("it must start with https://, or lead to this machine with http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("it has a user name or password; a token belongs into {TOKEN}"));
    }
    if url.fragment().is_some() {
        return Err("it has a `#`, which no server is told of".to_owned());
    }
    Ok(url)
}

/// What a billing system answers. There is one unit that it can tell in.
#[derive(Deserialize)]
#[serde(tag = "unit", rename_all = "lowercase")]
enum Answer {
    Credits { balance: i64 },
}

impl BillingSystem {
    /// What the account has, in credits.
    pub(crate) async fn balance(&self, account: &str) -> Result<i64, UpstreamError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("account", account);
        let Answer::Credits { balance } = self.upstream.get(&url, &self.headers).await?.value;
        Ok(balance)
    }
}
