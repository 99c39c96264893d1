//! What whoever runs the server asks of it, and what a balancer does.

mod health;
mod listener;
mod metrics;
mod traces;

pub(crate) use health::until;

use std::time::{Duration, Instant};

use toolwright_tests::{
    Numbers, Server,
    raw::{self, RawReply},
};

/// How long it takes until something is seen, at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server that was started with `--operations-listen` listens for whoever runs it.
pub(crate) fn operations(server: &Server) -> String {
    let line = server.wait_for_line(&["operations on http://"]);
    let (_, authority) = line.split_once("operations on http://").expect("what was waited for");
    authority.trim_end_matches('"').to_owned()
}

/// Gets a path, as a balancer or a program that collects metrics does.
pub(crate) async fn get(authority: &str, path: &str) -> RawReply {
    let headers = [("Content-Type", "-"), ("Content-Length", "-")];
    raw::send(authority, &raw::request(authority, &format!("GET {path}"), &headers, b"")).await
}

/// The numbers at this time.
pub(crate) async fn collect(operations: &str) -> Numbers {
    Numbers::parse(&get(operations, "/metrics").await.body)
}

/// Collects until the numbers are as they should be.
async fn collect_until(operations: &str, are_right: impl Fn(&Numbers) -> bool) -> Numbers {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let numbers = collect(operations).await;
        if are_right(&numbers) {
            return numbers;
        }
        assert!(Instant::now() < deadline, "not in time: {numbers:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
