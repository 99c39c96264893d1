//! What is taken away is gone on the next request.

use serde_json::json;

use crate::{ADA, ALL, TENANTS, Teams, refused};

/// What is done, and what the next request is told.
const CASES: [(&[&[&str]], u16, &str); 5] = [
    (&[&["account", "remove-member", "ours", ADA]], 403, "foreign_account"),
    (&[&["account", "disable", "ours", "lists"]], 403, "feature_disabled"),
    (&[&["account", "remove-member", "ours", ADA], &["account", "delete", "ours"]], 404, "unknown_account"),
    (&[&["user", "delete", ADA]], 401, "unknown_credential"),
    (&[&["token", "revoke", "ada@example.com 2"]], 401, "unknown_credential"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_revocation_reaches_the_next_request() {
    for (commands, status, reason) in CASES {
        let teams = Teams::of(TENANTS);
        let token = teams.token(ADA, &ALL);
        let mut client = teams.http("ours", &token);
        client.call("list_items", json!({})).await.structured();
        for command in commands {
            teams.server.succeed(command);
        }
        let reply = client.call("list_items", json!({})).await;
        let (found, _, said) = refused(&reply);
        assert_eq!((found, said), (Some(status), reason), "{commands:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_away_comes_back_but_for_the_tokens_of_a_deleted_user() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &ALL);
    let mut client = teams.http("ours", &token);
    for (away, back) in [
        (["account", "remove-member", "ours", ADA], ["account", "add-member", "ours", ADA]),
        (["account", "disable", "ours", "lists"], ["account", "enable", "ours", "lists"]),
    ] {
        teams.server.succeed(&away);
        assert!(client.call("list_items", json!({})).await.error_code().is_some());
        teams.server.succeed(&back);
        client.call("list_items", json!({})).await.structured();
    }
    teams.server.succeed(&["user", "delete", ADA]);
    teams.server.user(ADA, &["ours"]);
    let reply = client.call("list_items", json!({})).await;
    assert_eq!(refused(&reply), (Some(401), Some(-31401), "unknown_credential"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_deleted_account_is_never_given_again() {
    let teams = Teams::of(TENANTS);
    let last = teams.server.account("last", &[]);
    teams.server.succeed(&["account", "delete", &last]);
    assert_ne!(teams.server.account("last", &[]), last);
}
