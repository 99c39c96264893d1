//! The way to a server, which a test can cut or let fall silent.

use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicBool, Ordering},
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
    /// What the server says without being asked is lost, as behind a pooler that lends connections by the transaction.
    Pooled,
}

/// Connections to PostgreSQL, told apart by whether notifications are their only purpose.
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

    /// Sets what becomes of connections that are for notifications, and of all others.
    pub fn set(&self, listening: Way, asking: Way) {
        self.ways.send_replace(Ways { listening, asking });
    }
}

/// What the two directions of a connection know of each other.
#[derive(Default)]
struct Seen {
    /// The client listens for notifications, or has them sent.
    listens: AtomicBool,
    /// The client has asked something, and the server has not come to the end of its answer.
    asks: AtomicBool,
}

impl Seen {
    fn way(&self, ways: Ways) -> Way {
        if self.listens.load(Ordering::Relaxed) { ways.listening } else { ways.asking }
    }
}

/// How PostgreSQL ends an answer outside of a transaction (`ReadyForQuery`).
const READY: &[u8] = b"Z\0\0\0\x05I";

async fn connect(client: TcpStream, port: u16, ways: Receiver<Ways>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let seen = Seen::default();
    // The end of one direction is that of the connection.
    tokio::select! {
        () = ask(from_client, to_server, &seen, ways.clone()) => {}
        () = answer(from_server, to_client, &seen, ways.clone()) => {}
        () = until(|way| way == Way::Cut, &seen, ways) => {}
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: &Seen, ways: Receiver<Ways>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let has = |word: &[u8]| bytes[..length].windows(word.len()).any(|part| part == word);
        if has(b"LISTEN") || has(b"pg_notify") {
            seen.listens.store(true, Ordering::Relaxed);
        }
        until(arrives, seen, ways.clone()).await;
        seen.asks.store(true, Ordering::Relaxed);
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: &Seen, ways: Receiver<Ways>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        until(arrives, seen, ways.clone()).await;
        if seen.way(*ways.borrow()) == Way::Pooled && !seen.asks.load(Ordering::Relaxed) {
            continue;
        }
        if bytes[..length].ends_with(READY) {
            seen.asks.store(false, Ordering::Relaxed);
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

fn arrives(way: Way) -> bool {
    matches!(way, Way::Open | Way::Pooled)
}

async fn until(expected: fn(Way) -> bool, seen: &Seen, mut ways: Receiver<Ways>) {
    // Whoever could change it is gone.
    if ways.wait_for(|ways| expected(seen.way(*ways))).await.is_err() {
        std::future::pending::<()>().await;
    }
}
