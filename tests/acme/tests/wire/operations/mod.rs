//! What whoever runs the server asks of it, and what a balancer does.

mod health;
mod listener;

use toolwright_tests::{
    Server,
    raw::{self, RawReply},
};

/// Where a server that was started with `--operations-listen` listens for whoever runs it.
fn operations(server: &Server) -> String {
    let line = server.wait_for_line(&["operations on http://"]);
    let (_, authority) = line.split_once("operations on http://").expect("what was waited for");
    authority.trim_end_matches('"').to_owned()
}

/// Gets a path, as a balancer or a program that collects metrics does.
async fn get(authority: &str, path: &str) -> RawReply {
    let headers = [("Content-Type", "-"), ("Content-Length", "-")];
    raw::send(authority, &raw::request(authority, &format!("GET {path}"), &headers, b"")).await
}
