//! A way to a server for clients that cannot be given a credential.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Puts a way in front of a server at a host and port, on which each request is given the header `Authorization` with a token.
/// Nothing else changes: all other bytes arrive as they were sent, in both directions. Gives the port.
///
/// # Panics
/// When there is no free port.
pub async fn authorized(authority: &str, token: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let (inner, header) = (authority.to_owned(), format!("Authorization: Bearer {token}\r\n"));
    tokio::spawn(async move {
        while let Ok((outer, _)) = listener.accept().await {
            tokio::spawn(connect(outer, inner.clone(), header.clone()));
        }
    });
    port
}

async fn connect(outer: TcpStream, inner: String, header: String) {
    let Ok(inner) = TcpStream::connect(inner).await else { return };
    let ((from_client, mut to_client), (mut from_server, to_server)) = (outer.into_split(), inner.into_split());
    // The end of one direction is that of the connection: so the server hears of a client that has gone.
    tokio::select! {
        _ = forward(BufReader::new(from_client), to_server, &header) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// Passes on request after request, each with the header behind its first line.
async fn forward(mut from: BufReader<OwnedReadHalf>, mut to: OwnedWriteHalf, header: &str) -> std::io::Result<()> {
    loop {
        let mut head = line(&mut from).await?;
        head.extend_from_slice(header.as_bytes());
        let mut length = 0;
        loop {
            let line = line(&mut from).await?;
            head.extend_from_slice(&line);
            match String::from_utf8_lossy(&line).to_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().expect("a number"),
                Some(("transfer-encoding", value)) => panic!("a body of unknown length:{value}"),
                Some(_) => {}
                None => break,
            }
        }
        to.write_all(&head).await?;
        copy(&mut (&mut from).take(length), &mut to).await?;
    }
}

/// A line with its end.
async fn line(from: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    match from.read_until(b'\n', &mut line).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line),
    }
}
