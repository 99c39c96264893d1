//! Everything beyond this machine: clients are given it as their proxy, it lets nothing through and writes down who was to be reached.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// A proxy to this machine only.
#[derive(Debug)]
pub(crate) struct Outside {
    address: String,
    wanted: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let wanted = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&wanted);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(answer(client, Arc::clone(&log)));
            }
        });
        Self { address, wanted }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What was asked for and is not on this machine.
    pub(crate) fn wanted(&self) -> Vec<String> {
        self.wanted.lock().expect("no panic before").clone()
    }
}

async fn answer(mut client: TcpStream, wanted: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().next().unwrap_or_default();
    // Some send even what is for this machine through their proxy.
    let here = line.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let here = here.filter(|place| place.starts_with("127.0.0.1:") || place.starts_with("localhost:"));
    if let Some(place) = here {
        let Ok(mut server) = TcpStream::connect(place).await else { return };
        if client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
            // Either may end it as they like.
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        return;
    }
    wanted.lock().expect("no panic before").push(line.to_owned());
    // Who has gone does not read it.
    let _ = client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
}
