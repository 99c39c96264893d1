//! The way to a server, which a test can cut or let fall silent.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch::{Receiver, Sender, channel},
};

/// What becomes of bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// They arrive.
    Open,
    /// They wait, and neither side is told.
    Silent,
    /// The connection is closed, and so is each new one.
    Cut,
}

/// Connections to PostgreSQL, told apart by whether they listen for notifications.
#[derive(Debug, Clone, Copy)]
struct Ways {
    listening: Way,
    asking: Way,
}

/// A place of this machine that leads to another one. It is there until the process ends.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    ways: Sender<Ways>,
}

impl Proxy {
    /// The way to a port of this machine; everything arrives.
    ///
    /// # Panics
    /// When there is no port for it.
    pub fn to(port: u16) -> Self {
        let (ways, told) = channel(Ways { listening: Way::Open, asking: Way::Open });
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let own = listener.local_addr().expect("a port").port();
        listener.set_nonblocking(true).expect("a socket");
        // In a thread of its own: tests wait for processes without letting others work.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(connect(client, port, told.clone()));
                }
            });
        });
        Self { port: own, ways }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets what becomes of connections that listen for notifications, and of all others.
    pub fn set(&self, listening: Way, asking: Way) {
        self.ways.send_replace(Ways { listening, asking });
    }
}

async fn connect(client: TcpStream, port: u16, ways: Receiver<Ways>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let listens = Arc::new(AtomicBool::new(false));
    // The end of one direction is that of the connection.
    tokio::select! {
        () = carry(from_client, to_server, &listens, ways.clone()) => {}
        () = carry(from_server, to_client, &listens, ways.clone()) => {}
        () = until(Way::Cut, &listens, ways) => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, listens: &AtomicBool, ways: Receiver<Ways>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if bytes[..length].windows(6).any(|word| word == b"LISTEN") {
            listens.store(true, Ordering::Relaxed);
        }
        until(Way::Open, listens, ways.clone()).await;
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn until(expected: Way, listens: &AtomicBool, mut ways: Receiver<Ways>) {
    let is_so = |ways: &Ways| expected == if listens.load(Ordering::Relaxed) { ways.listening } else { ways.asking };
    // Whoever could change it is gone.
    if ways.wait_for(is_so).await.is_err() {
        std::future::pending::<()>().await;
    }
}
