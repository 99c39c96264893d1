//! The connection to another server, to which a caller's credential is sent: it follows no redirect, knows no
//! proxy and keeps no cookie, so that the credential goes to one place only.

use std::{
    error::Error as StdError,
    future::{Future, ready},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{
            HttpConnector,
            dns::{GaiResolver, Name},
        },
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use toolwright_core::address::is_localhost;
use tower::Service;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: less than servers do, so that a request never meets one that is
/// about to be closed.
const IDLE: Duration = Duration::from_secs(4);

/// How often a connection on which nothing comes is asked whether its other end is still there. A stream of changes can be silent for long.
const PROBED: Duration = Duration::from_secs(15);

pub(crate) struct Connection(Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>);

impl Connection {
    /// # Errors
    /// When encryption is asked for, and this machine trusts nobody.
    pub(crate) fn new(is_encrypted: bool) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_keepalive(Some(PROBED));
        connector.set_keepalive_interval(Some(PROBED));
        let provider = ring::default_provider();
        let builder = HttpsConnectorBuilder::new();
        let builder = if is_encrypted {
            // What this machine trusts, since a company's own server may have its own authority.
            let builder = builder.with_provider_and_native_roots(provider);
            builder.context("cannot read the certificates that this machine trusts")?.https_only()
        } else {
            let config =
                ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
            let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
            builder.with_tls_config(config).https_or_http()
        };
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
        Ok(Self(client.build(builder.enable_http1().wrap_connector(connector))))
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        self.0.request(request).await
    }
}

/// What an error comes down to.
pub(crate) fn root(error: &(dyn StdError + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// Looks names up, but for those of this machine: a resolver may not know these, and ask another machine.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if is_localhost(name.as_str()) {
            // The connector knows the port.
            let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            let addresses: Vec<_> = loopback.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            return Box::pin(ready(Ok(addresses.into_iter())));
        }
        let addresses = self.0.call(name);
        Box::pin(async { Ok(addresses.await?.collect::<Vec<_>>().into_iter()) })
    }
}
