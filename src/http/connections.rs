//! Connections: accepted, bounded, and let go in peace.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use toolwright_core::IDLE_SECONDS;
use tower::ServiceExt as _;

use super::idle::{Patience, watched};
use crate::operations::Connections;

/// How many connections are open at a time; more wait to be accepted.
pub(crate) const CONNECTIONS: usize = 1024;

/// How long a request's headers may take to arrive, and how long an idle connection stays open: for longer than balancers keep one, which then
/// are those who close it, and never send a request that finds nobody.
const PATIENCE: Patience = Patience { headers: Duration::from_secs(10), idle: Duration::from_secs(IDLE_SECONDS) };

/// How large a request's headers may be, in bytes.
const HEADER_SIZE: usize = 16 * 1024;

/// Where a request's connection comes from: the client, or a proxy before the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Serves until `stop` completes, and then until the requests in flight are answered, but not
/// longer than `grace`.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    counted: &Connections,
    stop: impl Future<Output = ()>,
    grace: Duration,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(PATIENCE.idle).max_header_size(HEADER_SIZE);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer, slot) = tokio::select! {
            accepted = accept(&listener, &slots, counted) => accepted,
            () = &mut stop => break,
        };
        let routes = routes.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            request
        });
        let service = TowerToHyperService::new(routes);
        let (stream, timer) = watched(stream, PATIENCE);
        let connection = builder.clone().timer(timer).serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let open = counted.accepted();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop((slot, open));
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests in flight were given up");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    counted: &Connections,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed.
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection stays slow");
                }
                return (stream, peer, slot);
            }
            Err(error) => {
                counted.failed();
                pause_after(&error).await;
            }
        }
    }
}

/// Some errors concern one connection; others, such as too many open files, take a moment to pass.
async fn pause_after(error: &io::Error) {
    let of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !of_one_connection {
        tracing::error!(%error, "cannot accept a connection");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
