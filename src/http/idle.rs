//! How long a connection waits for a request, and how long for the rest of its headers.
//!
//! hyper has one time for both. A balancer keeps idle connections for longer than headers may take, and would now and then send a request on one
//! that is just being closed. So hyper's timer is one that knows whether anything has come: what it measures is shortened by the first byte.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// What a connection is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the headers of a request, from its first byte, or from the beginning of the connection.
    pub(super) headers: Duration,
    /// For the first byte of another request.
    pub(super) idle: Duration,
}

/// A stream that tells when something has come of it, and the timer that is told. hyper's `header_read_timeout` is to be [`Patience::idle`].
pub(super) fn watched<S: AsyncRead>(stream: S, patience: Patience) -> (InspectReader<S, impl FnMut(&[u8])>, HeadTimer) {
    let reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&reads);
    let stream = InspectReader::new(stream, move |_: &[u8]| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (stream, HeadTimer { reads, patience })
}

/// Measures for one connection.
#[derive(Debug)]
pub(super) struct HeadTimer {
    /// How often something has come.
    reads: Arc<AtomicU64>,
    patience: Patience,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let reads = self.reads.load(Ordering::Relaxed);
        let until = if reads == 0 { self.now() + self.patience.headers } else { deadline };
        Box::pin(HeadSleep {
            sleep: Box::pin(tokio::time::sleep_until(until.into())),
            reads: Arc::clone(&self.reads),
            idle_since: (reads > 0).then_some(reads),
            headers: self.patience.headers,
        })
    }
}

/// Ends when a connection was waited for long enough. It is asked whenever something comes of it. A request whose beginning came together with the one
/// before it is one that nothing has come of yet: hyper has it, and says so to nobody.
struct HeadSleep {
    sleep: Pin<Box<tokio::time::Sleep>>,
    reads: Arc<AtomicU64>,
    /// After how many reads nothing had come of the next request, until something does.
    idle_since: Option<u64>,
    headers: Duration,
}

impl Future for HeadSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let reads = self.reads.load(Ordering::Relaxed);
        if self.idle_since.is_some_and(|before| before != reads) {
            self.idle_since = None;
            let until = tokio::time::Instant::now() + self.headers;
            self.sleep.as_mut().reset(until);
        }
        self.sleep.as_mut().poll(context)
    }
}

impl Sleep for HeadSleep {}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::Empty;
    use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_hours(1);

    /// Waits until the server closes a connection on which this comes after an answer.
    async fn is_closed_after(more: &str, patience: Patience) {
        let (mut ours, theirs) = duplex(4_096);
        let (stream, timer) = watched(theirs, patience);
        let answer = service_fn(async |_| Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())));
        let mut builder = http1::Builder::new();
        builder.timer(timer).header_read_timeout(patience.idle);
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), answer));
        ours.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answered = Vec::new();
        while !answered.ends_with(b"\r\n\r\n") {
            answered.push(ours.read_u8().await.unwrap());
        }
        assert!(answered.starts_with(b"HTTP/1.1 200 OK\r\n"));
        ours.write_all(more.as_bytes()).await.unwrap();
        assert_eq!(ours.read_to_end(&mut answered).await.unwrap(), 0, "{more}");
    }

    #[tokio::test]
    async fn a_connection_ends_when_nothing_comes_and_when_headers_do_not_end() {
        is_closed_after("", Patience { headers: LONG, idle: SHORT }).await;
        is_closed_after("GET / HTTP/1.1\r\nHost: ", Patience { headers: SHORT, idle: LONG }).await;
    }
}
