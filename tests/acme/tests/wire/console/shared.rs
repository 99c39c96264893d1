//! Several instances on one PostgreSQL: one account, one set of sessions.

use serde_json::json;
use toolwright_tests::{Client, Postgres, Revision, Server, Visitor};

use crate::{ACME, PREFIX};

/// An instance of the server on the database.
fn instance(postgres: &Postgres, database: &str) -> Server {
    let url = format!("postgres://postgres:{}@127.0.0.1:{}/{database}", Postgres::PASSWORD, postgres.port());
    Server::of(ACME).env("ACME_DATABASE", url).start()
}

#[tokio::test]
async fn a_session_is_good_at_every_instance_and_ends_at_all_of_them() {
    let Some(postgres) = Postgres::shared() else { return };
    postgres.database("settings", "SELECT 1");
    let (here, there) = (instance(postgres, "settings"), instance(postgres, "settings"));
    let url = format!("postgres://postgres:{}@127.0.0.1:{}/settings", Postgres::PASSWORD, postgres.port());
    let visitor = Visitor::signed_in(&here, &["--database", &url]).await;
    let elsewhere = Visitor::stranger(&there).with_cookie(visitor.cookie.clone());
    assert_eq!(elsewhere.get("/settings/tokens").await.status, 200);

    // A page of one instance, a form for the other, and the token at both.
    let csrf = visitor.csrf().await;
    let fields = [("csrf", csrf.as_str()), ("name", "shared"), ("scope", "notes:read"), ("lifetime", "3600")];
    let page = elsewhere.post("/settings/tokens", &fields).await;
    assert_eq!(page.status, 200, "{page:?}");
    let token = page.words_after(PREFIX).into_iter().find(|word| word.len() == PREFIX.len() + 40).expect("a token");
    let status = async |server: &Server| {
        Client::http(server.url(), Some(&token), Revision::V2025_11_25).call("list_notes", json!({})).await.status
    };
    assert_eq!((status(&here).await, status(&there).await), (Some(200), Some(200)));
    let again = visitor.post("/settings/tokens", &fields).await;
    assert_eq!(again.status, 409, "the form was used up at the other instance: {again:?}");

    let id = format!("tok_{}", csrf.split('.').next().expect("a number"));
    assert_eq!(visitor.submit("/settings/tokens/revoke", &[("id", &id)]).await.status, 303);
    assert_eq!(status(&here).await, Some(401));
    // Elsewhere it is heard of within a second; how fast exactly is asked where the cache is tested.
    let refused = async { while status(&there).await != Some(401) {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), refused).await.expect("a refusal");

    assert_eq!(elsewhere.submit("/settings/sign-out", &[]).await.status, 303);
    assert_eq!(visitor.get("/settings/tokens").await.status, 303);
    let code = Visitor::code(&here, &["--database", &url]);
    let [first, second] = [&here, &there].map(Visitor::stranger);
    let form = [("code", code.as_str())];
    let (first, second) = tokio::join!(first.post("/settings/sign-in", &form), second.post("/settings/sign-in", &form));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403], "a link is used once, however many instances are asked at the same time");
}
