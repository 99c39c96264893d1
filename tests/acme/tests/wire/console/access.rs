//! Who is shown a page, and whose forms are taken.

use serde_json::json;
use toolwright_tests::{Client, Page, Revision, Server, Visitor};

use super::{FORMS, PAGES, kept};
use crate::{ACME, PREFIX, SCOPES, database};

/// What somebody gets who is not signed in.
fn is_sent_to_sign_in(page: &Page) -> bool {
    (page.status, page.header("location"), page.html.as_str()) == (303, "/settings/sign-in", "")
}

/// Everybody whom the server does not know, and why.
async fn strangers(server: &Server) -> Vec<(&'static str, Visitor)> {
    let nobody = Visitor::stranger(server);
    let keeping = |cookie: String| nobody.with_cookie(Some(cookie));
    let idle = Visitor::signed_in(server, &["--subject", "idle"]).await;
    let old = Visitor::signed_in(server, &["--subject", "old"]).await;
    let mut database = database(server).await;
    // Twelve hours without a use, and seven days in all.
    for (change, subject) in [("seen_at = unixepoch() - 43200", "idle"), ("expires_at = unixepoch()", "old")] {
        let change = sqlx::AssertSqlSafe(format!("UPDATE sessions SET {change} WHERE subject = '{subject}'"));
        assert_eq!(sqlx::query(change).execute(&mut database).await.expect("an update").rows_affected(), 1);
    }
    let out = Visitor::signed_in(server, &["--subject", "out"]).await;
    assert_eq!(out.submit("/settings/sign-out", &[]).await.status, 303);
    let ended = Visitor::signed_in(server, &["--subject", "ended"]).await;
    server.succeed(&["sign-out", "--subject", "ended"]);
    let good = Visitor::signed_in(server, &[]).await.cookie.expect("a cookie");
    let other = Visitor::signed_in(server, &["--subject", "other"]).await.cookie.expect("a cookie");
    vec![
        ("no cookie", nobody.clone()),
        ("a cookie of nothing", keeping("acme_session=".to_owned())),
        ("a cookie that was made up", keeping(format!("acme_session={}", "A".repeat(43)))),
        ("another cookie's name", keeping(good.replace("acme_session", "__Host-acme_session"))),
        ("two cookies", keeping(format!("{good}; {other}"))),
        ("a session that nobody used", idle),
        ("a session that is over", old),
        ("a session that was signed out", out),
        ("a session that the command has ended", ended),
    ]
}

#[tokio::test]
async fn pages_are_shown_to_who_is_signed_in_and_to_nobody_else() {
    let server = Server::of(ACME).start();
    let known = Visitor::signed_in(&server, &[]).await;
    let strangers = strangers(&server).await;
    for path in PAGES {
        let page = known.get(path).await;
        if path == "/settings" {
            assert_eq!((page.status, page.header("location")), (303, "/settings/tokens"));
        } else {
            assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        }
        assert!(known.send("HEAD", path, &[], None).await.html.is_empty());
        for (who, stranger) in &strangers {
            let page = stranger.get(path).await;
            assert!(is_sent_to_sign_in(&page), "{path}, {who}: {page:?}");
        }
    }
}

#[tokio::test]
async fn forms_are_taken_from_who_is_signed_in_and_from_nobody_else() {
    let server = Server::of(ACME).start();
    let known = Visitor::signed_in(&server, &[]).await;
    let csrf = known.csrf().await;
    let strangers = strangers(&server).await;
    let before = kept(&server).await;
    for (path, fields) in FORMS {
        for (who, stranger) in &strangers {
            let page = stranger.post(path, &[&[("csrf", csrf.as_str())], fields].concat()).await;
            assert_eq!(page.status, 403, "{path}, {who}: {page:?}");
            assert!(
                page.header("set-cookie").is_empty() && page.html.contains("signed out"),
                "{path}, {who}: {page:?}"
            );
        }
    }
    assert_eq!(kept(&server).await, before);
}

/// A token is a credential for calls and nothing else: with one that may do everything, in every place where one could be
/// put, nothing of the settings is shown and nothing is changed.
#[tokio::test]
async fn a_token_can_never_make_or_revoke_tokens() {
    let server = Server::of(ACME).start();
    let token = server.token("full", &SCOPES);
    let id = server.command(&["token", "list"]).stdout;
    let id = id.lines().find(|line| line.contains("full")).and_then(|line| line.split(' ').next()).expect("an id");
    let csrf = Visitor::signed_in(&server, &[]).await.csrf().await;
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    assert_eq!(client.call("list_notes", json!({})).await.status, Some(200), "the token is good");

    let origin = server.address();
    let bearer = format!("Bearer {token}");
    let cookies = ["acme_session", "__Host-acme_session", "ACME_KEY"].map(|name| format!("{name}={token}"));
    let before = kept(&server).await;
    let paths = PAGES.into_iter().chain(FORMS.map(|(path, _)| path)).chain([
        "/settings/sign-in",
        "/settings/keys",
        "/settings/keys/delete",
    ]);
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            for cookie in [None].into_iter().chain(cookies.clone().map(Some)) {
                let visitor = Visitor::stranger(&server).with_cookie(cookie);
                let headers = [("Authorization", bearer.as_str()), ("Origin", &origin), ("X-Api-Key", &token)];
                let fields = [
                    ("csrf", csrf.as_str()),
                    ("code", &token),
                    ("access_token", &token),
                    ("token", &token),
                    ("session", &token),
                    ("name", "forged"),
                    ("scope", "notes:read"),
                    ("lifetime", "86400"),
                    ("id", id),
                ];
                let form = (method != "GET" && method != "HEAD").then_some(&fields[..]);
                let page = visitor.send(method, path, &headers, form).await;
                let expected: &[u16] = match (method, path) {
                    ("GET" | "HEAD", "/settings/sign-in") => &[200],
                    ("GET" | "HEAD", "/settings/sign-out" | "/settings/tokens/revoke" | "/settings/keys/delete") => {
                        &[405]
                    }
                    ("GET" | "HEAD", _) => &[303],
                    ("POST", _) => &[403, 405],
                    _ => &[405],
                };
                assert!(expected.contains(&page.status), "{method} {path}: {page:?}");
                assert!(page.header("set-cookie").is_empty(), "{method} {path}: {page:?}");
                assert_eq!(page.words_after(PREFIX), [""; 0], "{method} {path}");
            }
        }
    }
    assert_eq!(kept(&server).await, before);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    assert_eq!(client.call("list_notes", json!({})).await.status, Some(200), "the token still works");
}

#[tokio::test]
async fn every_answer_says_that_nobody_may_keep_or_frame_it() {
    let server = Server::of(ACME).start();
    let known = Visitor::signed_in(&server, &[]).await;
    let tokens = known.get("/settings/tokens").await;
    let style =
        tokens.html.split("assets").find_map(|part| part.split('"').next().filter(|name| name.contains("style-")));
    let style = style.expect("a style sheet").replace("&#x2f;", "/");
    let style = format!("/settings/assets{style}");
    let stranger = Visitor::stranger(&server);
    for (visitor, method, path, status) in [
        (&known, "GET", "/settings/tokens", 200),
        (&known, "GET", "/settings/sign-in", 303),
        (&stranger, "GET", "/settings/tokens", 303),
        (&stranger, "GET", "/settings/sign-in", 200),
        (&stranger, "POST", "/settings/tokens", 403),
        (&known, "DELETE", "/settings/tokens", 405),
        (&stranger, "GET", style.as_str(), 200),
        (&stranger, "POST", style.as_str(), 405),
        (&stranger, "GET", "/settings/assets/none.css", 404),
    ] {
        let page = visitor.send(method, path, &[], None).await;
        assert_eq!(page.status, status, "{method} {path}: {page:?}");
        let csp = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
            assert!(csp.contains(part), "{method} {path}: {csp}");
        }
        assert!(!csp.contains("unsafe"), "{csp}");
        let is_file = path == style && status == 200;
        let cache = if is_file { "public, max-age=31536000, immutable" } else { "no-store" };
        for (name, value) in [
            ("cache-control", cache),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), value, "{method} {path}");
        }
        assert!(page.header("access-control-allow-origin").is_empty());
    }
}

#[tokio::test]
async fn who_is_signed_in_sees_their_own_tokens_only() {
    let server = Server::of(ACME).start();
    let theirs = server.token_for("somebody", "theirs-alone", &["notes:read"]);
    server.token("ours-alone", &["notes:read"]);
    let id = |name: &str| {
        let list = server.command(&["token", "list"]).stdout;
        let line = list.lines().find(|line| line.contains(name)).expect("a row");
        line.split(' ').next().expect("an id").to_owned()
    };
    let ours = Visitor::signed_in(&server, &[]).await;
    let somebody = Visitor::signed_in(&server, &["--subject", "somebody"]).await;
    let (seen, seen_there) = (ours.get("/settings/tokens").await.html, somebody.get("/settings/tokens").await.html);
    assert!(seen.contains("ours-alone") && !seen.contains("theirs-alone"));
    assert!(seen_there.contains("theirs-alone") && !seen_there.contains("ours-alone"));
    let before = kept(&server).await;
    for absent in [id("theirs-alone").as_str(), "tok_aaaaaaaaaaaa", "theirs-alone", "first", ""] {
        let page = ours.submit("/settings/tokens/revoke", &[("id", absent)]).await;
        assert_eq!(page.status, 404, "{absent}: {page:?}");
    }
    assert_eq!(kept(&server).await, before);
    let mut client = Client::http(server.url(), Some(&theirs), Revision::V2025_11_25);
    assert_eq!(client.call("list_notes", json!({})).await.status, Some(200));
}
