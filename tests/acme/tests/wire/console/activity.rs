//! What somebody's tokens did, and what was done in the settings, in the audit log.

use std::time::{Duration, Instant};

use serde_json::json;
use toolwright_tests::{Client, Page, Revision, Server, Visitor};

use crate::{ACME, database};

/// The page, once everything on it is written that is waited for.
async fn page_with(visitor: &Visitor, path: &str, awaited: &[&str]) -> Page {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let page = visitor.get(path).await;
        if awaited.iter().all(|text| page.html.contains(text)) {
            return page;
        }
        assert!(Instant::now() < deadline, "{awaited:?} is not on {page:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn call(server: &Server, token: &str, tool: &str) -> Option<u16> {
    Client::http(server.url(), Some(token), Revision::V2025_11_25).call(tool, json!({})).await.status
}

#[tokio::test]
async fn calls_and_denials_are_shown_to_whose_tokens_they_are() {
    let server = Server::of(ACME).start();
    let reader = server.token("reader-of-ours", &["notes:read"]);
    let other = server.token("another-of-ours", &["notes:read"]);
    let theirs = server.token_for("somebody", "reader-of-theirs", &["notes:read"]);
    let visitor = Visitor::signed_in(&server, &[]).await;
    for (token, tool, status) in
        [(&reader, "list_notes", 200), (&reader, "delete_note", 403), (&other, "whoami", 200), (&theirs, "whoami", 200)]
    {
        assert_eq!(call(&server, token, tool).await, Some(status), "{tool}");
    }
    let somebody = Visitor::signed_in(&server, &["--subject", "somebody"]).await;
    page_with(&somebody, "/settings/activity", &["reader-of-theirs", "whoami"]).await;
    let page = page_with(&visitor, "/settings/activity", &["list_notes", "delete_note", "whoami"]).await;
    assert!(page.html.contains("insufficient_scope") && page.html.contains("reader-of-ours"), "{page:?}");
    assert!(!page.html.contains("reader-of-theirs"), "{page:?}");

    let list = server.command(&["token", "list"]).stdout;
    let id = |name: &str| {
        let row = list.lines().find(|row| row.contains(name)).expect("a row");
        row.split(' ').next().expect("an id").to_owned()
    };
    let one = visitor.get(&format!("/settings/activity?token={}", id("reader-of-ours"))).await.html;
    assert!(one.contains("list_notes") && !one.contains("whoami"), "{one}");
    let foreign = visitor.get(&format!("/settings/activity?token={}", id("reader-of-theirs"))).await.html;
    assert!(!foreign.contains("whoami"), "{foreign}");
    assert_eq!(Visitor::stranger(&server).get("/settings/activity").await.header("location"), "/settings/sign-in");
}

#[tokio::test]
async fn what_is_done_in_the_settings_is_in_the_log_with_its_session() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    assert_eq!(visitor.submit("/settings/tokens", &[("name", "made-here"), ("lifetime", "60")]).await.status, 200);
    let list = server.command(&["token", "list"]).stdout;
    let id = list.lines().find(|row| row.contains("made-here")).and_then(|row| row.split(' ').next()).expect("an id");
    assert_eq!(visitor.submit("/settings/tokens/revoke", &[("id", id)]).await.status, 303);
    // A second time it changes nothing, and nothing is to be told.
    assert_eq!(visitor.submit("/settings/tokens/revoke", &[("id", id)]).await.status, 303);
    page_with(&visitor, "/settings/activity", &["token_created", "token_revoked", "made-here"]).await;
    assert_eq!(visitor.submit("/settings/sign-out", &[]).await.status, 303);
    let mut database = database(&server).await;
    let query = "SELECT kind, subject, session, credential_id FROM audit WHERE via = 'browser' ORDER BY at";
    let deadline = Instant::now() + Duration::from_secs(20);
    let told = loop {
        let told: Vec<(String, String, String, Option<String>)> =
            sqlx::query_as(query).fetch_all(&mut database).await.expect("rows");
        if told.len() >= 4 || Instant::now() > deadline {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let kinds: Vec<_> = told.iter().map(|(kind, _, _, about)| (kind.as_str(), about.as_deref())).collect();
    let expected = [("sign_in", None), ("token_created", Some(id)), ("token_revoked", Some(id)), ("sign_out", None)];
    assert_eq!(kinds, expected);
    let session = &told[0].2;
    assert!(session.starts_with("ses_") && told.iter().all(|(_, subject, of, _)| subject == "local" && of == session));
}
