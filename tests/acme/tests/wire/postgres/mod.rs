//! Tokens in PostgreSQL, which several instances of a server share.

mod revocation;
mod start;

use serde_json::json;
use toolwright_tests::{Client, Postgres, Reply, Revision, Server, ServerBuilder};

use crate::{ACME, PREFIX};

/// The variable that says where the tokens are.
const DATABASE: &str = "ACME_DATABASE";

/// A new database of the tests' server, with a name of its own; without PostgreSQL, nothing.
pub(crate) fn new_database(name: &str) -> Option<(&'static Postgres, String)> {
    let postgres = Postgres::shared()?;
    postgres.database(name, "");
    Some((postgres, postgres.url("postgres", name)))
}

pub(crate) fn instance(url: &str) -> ServerBuilder {
    Server::of(ACME).env(DATABASE, url)
}

/// What the server says to a call with this token.
async fn call(server: &Server, token: &str) -> Reply {
    Client::http(server.url(), Some(token), Revision::V2026_07_28).call("whoami", json!({})).await
}

#[tokio::test]
async fn one_database_serves_two_instances() {
    let Some((postgres, url)) = new_database("shared") else { return };
    let (here, there) = (instance(&url).start(), instance(&url).start());
    let first = here.first_token(PREFIX);
    assert!(!there.log().contains(PREFIX), "{}", there.log());
    let made = here.token("made", &["notes:read"]);
    for server in [&here, &there] {
        assert_eq!(call(server, &first).await.status, Some(200));
        let reply = call(server, &made).await;
        assert_eq!(reply.structured()["key"], json!("made"), "{}", reply.text());
        assert_eq!(call(server, &format!("{PREFIX}{}", "0".repeat(40))).await.status, Some(401));
    }
    let taken = there.command(&["token", "create", "--name", "made", "--scope", "notes:read"]);
    assert!(taken.stderr.contains("a token with the name `made` works already"), "{taken:?}");
    let list = there.succeed(&["token", "list"]);
    let names: Vec<_> = list.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(names, ["first", "made"], "the oldest first: {list}");
    there.revoke("made");
    there.token("made", &["notes:write"]);
    assert!(there.command(&["token", "revoke", "nobody"]).stderr.contains("no token with the name or id `nobody`"));
    // Everything stands in a schema of its own.
    let tables = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('tokens', 'users', '_sqlx_migrations')";
    assert_eq!(postgres.sql("shared", tables), "toolwright");
    for text in [here.log(), there.log(), list] {
        assert!(!text.contains(Postgres::PASSWORD), "{text}");
    }
}
