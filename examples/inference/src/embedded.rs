//! The Catalyst API beside the server, in one program: over HTTP as any other, on an address of this machine.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use anyhow::Context as _;
use catalyst::Service;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use toolwright::{Context, Upstream};

#[derive(clap::Args, Debug)]
pub(crate) struct EmbeddedOptions {
    #[command(flatten)]
    catalyst: catalyst::Options,

    /// Where to serve the Catalyst API, which takes traces at `/v1/traces`; a free port when it is taken. Unused where
    /// CATALYST_BASE_URL names another API
    #[arg(long, value_name = "ADDRESS", env = "CATALYST_LISTEN", default_value = "127.0.0.1:8090")]
    catalyst_listen: SocketAddr,

    #[command(flatten)]
    judge: catalyst::JudgeOptions,
}

/// Serves the API until the server stops, and has it be the one that keys are forwarded to. On an empty store it gets a
/// project with samples, and its first key is shown to whoever started the program.
pub(crate) async fn serve<A>(
    context: &Context<A>,
    options: &EmbeddedOptions,
    upstream: &Upstream,
) -> anyhow::Result<()> {
    let service = Service::open(&options.catalyst).await?.judged_by(&options.judge)?;
    let listener = listen(options.catalyst_listen).await?;
    let address = listener.local_addr()?;
    upstream.stand_in(reachable(address))?;
    if context.is_private()
        && let Some((project, key)) = service.first_start().await?
    {
        tracing::info!(project = project.name, "the first project is there");
        context.introduce(key.expose_secret());
    }
    tracing::info!("the Catalyst API is on http://{address}, and takes traces at /v1/traces");
    let shutdown = context.shutdown.clone();
    context.spawn(async move {
        if let Err(error) = service.serve(listener, shutdown).await {
            tracing::error!(error = format!("{error:#}"), "the Catalyst API has ended");
        }
    });
    Ok(())
}

/// Listens. Several programs can serve one store, as a server over HTTP and those of clients over stdio do; only the
/// first of them has the port.
async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = match TcpListener::bind(address).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            tracing::warn!("{address} is taken: the Catalyst API gets a free port");
            TcpListener::bind(SocketAddr::new(address.ip(), 0)).await
        }
        bound => bound,
    };
    listener.with_context(|| format!("cannot serve the Catalyst API on {address}"))
}

/// The address as this machine reaches it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
