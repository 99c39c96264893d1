//! Making and revoking tokens in the browser.

use serde_json::json;
use toolwright_tests::{Client, Page, Revision, Server, Visitor};

use super::kept;
use crate::{ACME, PREFIX, database};

/// The token that a page shows.
fn shown(page: &Page) -> String {
    let tokens: Vec<_> = page.words_after(PREFIX).into_iter().filter(|word| word.len() == PREFIX.len() + 40).collect();
    let [token] = tokens.as_slice() else { panic!("not one token: {tokens:?}\n{}", page.html) };
    token.clone()
}

async fn status(server: &Server, token: &str, tool: &str) -> Option<u16> {
    Client::http(server.url(), Some(token), Revision::V2025_11_25).call(tool, json!({})).await.status
}

#[tokio::test]
async fn a_token_is_made_shown_once_used_and_revoked() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let csrf = visitor.csrf().await;
    let fields = [
        ("csrf", csrf.as_str()),
        ("name", " laptop "),
        ("scope", "notes:read"),
        ("scope", "keys:read"),
        ("lifetime", "604800"),
    ];
    let page = visitor.post("/settings/tokens", &fields).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{page:?}");
    let token = shown(&page);
    assert_eq!(status(&server, &token, "list_notes").await, Some(200));
    assert_eq!(
        status(&server, &token, "delete_note").await,
        Some(403),
        "it has the scopes that were ticked, and no others"
    );

    // Reloading the page sends the form again.
    let after = kept(&server).await;
    for _ in 0..2 {
        let again = visitor.post("/settings/tokens", &fields).await;
        assert_eq!(again.status, 409, "{again:?}");
        assert_eq!(again.words_after(&token), [""; 0]);
    }
    let renamed = [("csrf", csrf.as_str()), ("name", "another"), ("lifetime", "604800")];
    assert_eq!(visitor.post("/settings/tokens", &renamed).await.status, 409);
    assert_eq!(kept(&server).await, after);

    let list = visitor.get("/settings/tokens").await;
    assert!(list.html.contains("laptop") && !list.html.contains(&token) && !server.log().contains(&token));
    let rows = server.command(&["token", "list"]).stdout;
    let row = rows.lines().find(|row| row.contains("laptop")).expect("a row");
    let id = row.split(' ').next().expect("an id");
    assert!(row.contains("local") && row.contains("notes:read keys:read"), "{row}");

    let revoked = visitor.submit("/settings/tokens/revoke", &[("id", id)]).await;
    assert_eq!((revoked.status, revoked.header("location")), (303, format!("/settings/tokens?revoked={id}").as_str()));
    assert_eq!(status(&server, &token, "list_notes").await, Some(401));
    assert!(visitor.get(revoked.header("location")).await.html.contains("laptop is revoked"));
    let again = visitor.submit("/settings/tokens/revoke", &[("id", id)]).await;
    assert_eq!(again.status, 303, "it is what was asked for");
    // Not even then does the first form make another one.
    let page = visitor.post("/settings/tokens", &fields).await;
    assert_eq!((page.status, page.words_after(&token)), (409, vec![]));
    server.wait_for_line(&["a token was created", id, "ses_"]);
    server.wait_for_line(&["a token was revoked", id, "ses_"]);
}

#[tokio::test]
async fn what_cannot_be_a_token_is_said_beside_the_field() {
    let server = Server::of(ACME).start();
    server.token("taken", &[]);
    let visitor = Visitor::signed_in(&server, &[]).await;
    let long = "a".repeat(65);
    let before = kept(&server).await;
    for (fields, said) in [
        ([("name", ""), ("scope", "notes:read"), ("lifetime", "60")], "Give it a name"),
        ([("name", "  "), ("scope", "notes:read"), ("lifetime", "60")], "Give it a name"),
        ([("name", &long), ("scope", "notes:read"), ("lifetime", "60")], "64"),
        ([("name", "a\nb"), ("scope", "notes:read"), ("lifetime", "60")], "in one line"),
        ([("name", "tok_x"), ("scope", "notes:read"), ("lifetime", "60")], "does not start with `tok_`"),
        ([("name", "a\u{202e}b"), ("scope", "notes:read"), ("lifetime", "60")], "printable characters"),
        ([("name", "taken"), ("scope", "notes:read"), ("lifetime", "60")], "has this name"),
        ([("name", "x"), ("scope", "notes:raed"), ("lifetime", "60")], "There is no scope notes:raed"),
        ([("name", "x"), ("scope", "notes:read"), ("lifetime", "")], "Choose how long it lives"),
        ([("name", "x"), ("scope", "notes:read"), ("lifetime", "0")], "has not passed"),
        ([("name", "x"), ("scope", "notes:read"), ("lifetime", "-1")], "Choose how long it lives"),
        ([("name", "x"), ("scope", "notes:read"), ("lifetime", "9223372036854775807")], "within a hundred years"),
        ([("name", "x"), ("lifetime", "date"), ("expires_on", "2020-01-01")], "has not passed"),
        ([("name", "x"), ("lifetime", "date"), ("expires_on", "soon")], "Choose a day"),
        ([("name", "x"), ("lifetime", "date"), ("expires_on", "2200-01-01")], "within a hundred years"),
    ] {
        let page = visitor.submit("/settings/tokens", &fields).await;
        assert!(page.status == 422 && page.html.contains(said), "{fields:?}: {page:?}");
        assert_eq!(page.words_after(PREFIX).iter().filter(|word| word.len() > 40).count(), 0, "{fields:?}");
    }
    assert_eq!(kept(&server).await, before);
    let page = visitor.submit("/settings/tokens", &[("name", "<b>&\"'"), ("lifetime", "x")]).await;
    assert!(page.html.contains("&lt;b&gt;&amp;") && !page.html.contains("<b>&"), "{page:?}");
}

#[tokio::test]
async fn a_day_can_be_chosen_on_which_it_ends() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().days(3));
    let fields = [("name", "until"), ("lifetime", "date"), ("expires_on", &day.to_string())];
    let token = shown(&visitor.submit("/settings/tokens", &fields).await);
    assert_eq!(status(&server, &token, "whoami").await, Some(200), "no scope is enough for what needs none");
    let rows = server.command(&["token", "list"]).stdout;
    let row = rows.lines().find(|row| row.contains("until")).expect("a row");
    assert!(row.contains(&day.tomorrow().expect("a day").to_string()), "{row}");
}

#[tokio::test]
async fn nobody_has_more_than_a_hundred_that_work() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let mut database = database(&server).await;
    // With the first one all but one of a hundred, and beside them what does not count.
    let many = "
        INSERT INTO tokens (id, digest, name, subject, scopes, created_at, expires_at, kind, revoked_at)
        WITH RECURSIVE rows (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM rows WHERE i < 120)
        SELECT printf('tok_%012d', i), randomblob(32), 'row ' || i, 'local', '', 0,
            CASE WHEN i <= 110 THEN unixepoch() + 3600 ELSE 1 END, 'connection', CASE WHEN i > 98 AND i <= 110 THEN 1 END
        FROM rows";
    assert_eq!(sqlx::query(many).execute(&mut database).await.expect("an insert").rows_affected(), 120);
    let csrf = visitor.csrf().await;
    let hundredth = [("csrf", csrf.as_str()), ("name", "hundredth"), ("lifetime", "60")];
    assert_eq!(visitor.post("/settings/tokens", &hundredth).await.status, 200);
    let before = kept(&server).await;
    let one_more = [("name", "one-more"), ("lifetime", "60")];
    let page = visitor.submit("/settings/tokens", &one_more).await;
    assert!(page.status == 422 && page.html.contains("You have 100 that work: revoke one first."), "{page:?}");
    let page = visitor.post("/settings/tokens", &hundredth).await;
    assert!(page.status == 409 && page.html.contains("was sent before"), "{page:?}");
    assert_eq!(kept(&server).await, before);
    let other = Visitor::signed_in(&server, &["--subject", "other"]).await;
    assert_eq!(other.submit("/settings/tokens", &one_more).await.status, 200);
    // Whoever runs the server makes as many as they like.
    server.token("by-command", &[]);
    for id in ["tok_000000000001", "tok_000000000002"] {
        assert_eq!(visitor.submit("/settings/tokens/revoke", &[("id", id)]).await.status, 303);
    }
    assert_eq!(visitor.submit("/settings/tokens", &one_more).await.status, 200);
}

#[tokio::test]
async fn an_id_that_could_lead_a_terminal_astray_is_listed_without_that() {
    let server = Server::of(ACME).start();
    server.token("odd", &[]);
    let mut database = database(&server).await;
    let change = "UPDATE tokens SET id = 'tok_' || char(27) || '[2J' WHERE name = 'odd'";
    assert_eq!(sqlx::query(change).execute(&mut database).await.expect("an update").rows_affected(), 1);
    let list = server.command(&["token", "list"]).stdout;
    assert!(list.contains("tok_\u{fffd}[2J") && !list.contains('\u{1b}'), "{list:?}");
}
