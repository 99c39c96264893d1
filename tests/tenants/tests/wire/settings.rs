//! The settings of users: each sees their own.

use toolwright_tests::{Server, Visitor};

use crate::{ADA, ALL, BOB, TENANTS, Teams};

#[tokio::test]
async fn a_user_makes_tokens_of_their_own_for_the_accounts_that_they_are_a_member_of() {
    let teams = Teams::of(TENANTS);
    let (ada, bob) = (
        Visitor::signed_in(&teams.server, &["--user", ADA]).await,
        Visitor::signed_in(&teams.server, &["--user", BOB]).await,
    );
    let fields = [("name", "laptop"), ("scope", "items:read"), ("lifetime", "3600")];
    // Each names their own as they like: the name of one says nothing of the other's.
    let (hers, his) = (ada.submit("/settings/tokens", &fields).await, bob.submit("/settings/tokens", &fields).await);
    assert_eq!((hers.status, his.status), (200, 200), "{his:?}");
    let token = |page: &toolwright_tests::Page| {
        page.words_after("tenants_").into_iter().max_by_key(String::len).expect("a token")
    };
    let (hers, his) = (token(&hers), token(&his));
    for (account, token, expected) in
        [(&teams.ours, &hers, 200), (&teams.theirs, &hers, 403), (&teams.ours, &his, 403), (&teams.theirs, &his, 200)]
    {
        let mut client = teams.http(account, token);
        assert_eq!(client.call("list_items", serde_json::json!({})).await.status, Some(expected), "{account}");
    }
    let said = teams.server.command(&["token", "revoke", "laptop"]).stderr;
    assert!(said.contains("several people have a token with the name `laptop`: say which by its id, tok_"), "{said}");
}

#[tokio::test]
async fn a_user_sees_their_own_tokens_and_accounts_only() {
    let teams = Teams::of(TENANTS);
    teams.server.token_of_user(ADA, "hers-alone", &ALL);
    teams.server.token_of_user(BOB, "his-alone", &ALL);
    let ada = Visitor::signed_in(&teams.server, &["--user", ADA]).await;
    let tokens = ada.get("/settings/tokens").await.html;
    assert!(tokens.contains(ADA) && tokens.contains("hers-alone") && !tokens.contains("his-alone"));
    let connect = ada.get("/settings/connect").await.html;
    assert!(connect.contains("ours") && connect.contains("off") && !connect.contains("theirs"), "{connect}");
    let list = teams.server.succeed(&["token", "list"]);
    let row = list.lines().find(|row| row.contains("his-alone")).expect("a row");
    let id = row.split(' ').next().expect("an id");
    assert_eq!(ada.submit("/settings/tokens/revoke", &[("id", id)]).await.status, 404);
}

#[tokio::test]
async fn a_user_who_is_deleted_is_signed_out() {
    let teams = Teams::of(TENANTS);
    let ada = Visitor::signed_in(&teams.server, &["--user", ADA]).await;
    let code = Visitor::code(&teams.server, &["--user", ADA]);
    let csrf = ada.csrf().await;
    teams.server.succeed(&["user", "delete", ADA]);
    assert_eq!(ada.get("/settings/tokens").await.header("location"), "/settings/sign-in");
    let page = ada.post("/settings/tokens", &[("csrf", &csrf), ("name", "x"), ("lifetime", "60")]).await;
    assert_eq!(page.status, 403, "{page:?}");
    let stranger = Visitor::stranger(&teams.server);
    let page = stranger.post("/settings/sign-in", &[("code", &code)]).await;
    assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{page:?}");
}

#[tokio::test]
async fn the_first_start_opens_the_settings_of_the_first_user() {
    let server = Server::of(TENANTS).start();
    let log = server.log();
    let prefix = format!("{}/settings/sign-in?code=", server.address());
    let code = log.lines().find_map(|line| line.trim().strip_prefix(&prefix)).expect("a link");
    let mut visitor = Visitor::stranger(&server);
    let page = visitor.post("/settings/sign-in", &[("code", code)]).await;
    visitor.keep(&page);
    assert!(visitor.get("/settings/tokens").await.html.contains("demo@example.com"));
    let unknown = server.command(&["sign-in", "--user", "nobody@example.com", "--listen", server.authority()]);
    assert!(!unknown.status.success() && unknown.stderr.contains("nobody@example.com"), "{unknown:?}");
}
