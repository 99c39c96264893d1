//! The API that the server forwards to: it says whose a caller's credential is, and the tools ask it
//! with that credential. This is the only place that the credential is sent to.
//!
//! [`exchange`] sends a request to the one origin, [`check`] asks whose a credential is and remembers the
//! answer for a while, and the [`doors`] are what handlers ask through.

mod answer;
mod check;
mod doors;
mod exchange;
mod failure;
mod path;

use std::{
    env, fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use anyhow::{Context as _, anyhow, bail, ensure};
use http::{HeaderValue, uri::Authority, uri::Scheme};
use toolwright_core::address::origin;
use url::Url;

use self::check::Known;
use crate::{Secrets, ServerSpec, connection::Connection, spec::UpstreamSpec};
pub use doors::{UpstreamReader, UpstreamWriter};

/// The API that a server forwards to. Clones are the same one.
#[derive(Clone)]
pub struct Upstream(Arc<Inner>);

struct Inner {
    server: &'static ServerSpec,
    spec: &'static UpstreamSpec,
    secrets: Secrets,
    user_agent: HeaderValue,
    /// Decided once, before anything is sent.
    place: OnceLock<Place>,
    known: Known,
}

/// Where the API is.
struct Place {
    scheme: Scheme,
    authority: Authority,
    connection: Connection,
}

impl Place {
    fn new(text: &str, example: &str) -> anyhow::Result<Self> {
        Self::at(&origin(text, example)?)
    }

    fn at(url: &Url) -> anyhow::Result<Self> {
        Ok(Self {
            scheme: Scheme::try_from(url.scheme())?,
            authority: Authority::try_from(url.authority())?,
            connection: Connection::new(url.scheme() == "https")?,
        })
    }
}

impl Upstream {
    /// The declared API, or that at the origin that the environment names. Nothing is sent yet.
    ///
    /// # Errors
    /// When a credential cannot be sent to what the environment names.
    pub(crate) fn from_environment(
        server: &'static ServerSpec,
        spec: &'static UpstreamSpec,
        secrets: Secrets,
    ) -> anyhow::Result<Self> {
        let variable = spec.env;
        let named = match env::var(variable) {
            Ok(named) => named.trim().to_owned(),
            Err(env::VarError::NotPresent) => String::new(),
            Err(env::VarError::NotUnicode(_)) => bail!("{variable} is no text"),
        };
        let place = OnceLock::new();
        if !named.is_empty() {
            let elsewhere = Place::new(&named, spec.origin).map_err(|unfit| anyhow!("{variable} {unfit}"))?;
            place.get_or_init(|| elsewhere);
        }
        let user_agent = HeaderValue::try_from(format!("{}/{}", server.name, server.version))?;
        Ok(Self(Arc::new(Inner { server, spec, secrets, user_agent, place, known: Known::new(spec) })))
    }

    /// Whether whoever started the program has named another origin than the declared one.
    pub fn is_elsewhere(&self) -> bool {
        self.0.place.get().is_some()
    }

    /// Has the API answer from this address instead of the declared origin: for a program that serves the
    /// API itself. It has to be said while the handlers are made.
    ///
    /// # Errors
    /// When the address is not of this machine, since nothing is encrypted; and when the API's place is
    /// decided already ([`Self::is_elsewhere`]).
    pub fn stand_in(&self, address: SocketAddr) -> anyhow::Result<()> {
        ensure!(
            address.ip().is_loopback(),
            "an API that stands in answers on this machine only, and {address} is not of it"
        );
        let place = Place::new(&format!("http://{address}"), self.0.spec.origin)?;
        let decided = self.0.place.set(place);
        decided.map_err(|_| anyhow!("{} says where the API is, so that none can stand in", self.0.spec.env))
    }

    /// What read tools ask through.
    pub fn reader(&self) -> UpstreamReader {
        UpstreamReader::new(self.clone())
    }

    /// What tools ask through that change something.
    pub fn writer(&self) -> UpstreamWriter {
        UpstreamWriter::new(self.clone())
    }

    /// Decides on the declared origin, if nothing else was said by now.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        if self.0.place.get().is_none() {
            let declared = Place::new(self.0.spec.origin, self.0.spec.origin).context("the declared API")?;
            self.0.place.get_or_init(|| declared);
        }
        Ok(())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("server", &self.0.server.name).finish_non_exhaustive()
    }
}
