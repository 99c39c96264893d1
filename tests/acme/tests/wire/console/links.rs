//! One-time links, and the sessions that they open.

use toolwright_tests::{Server, Visitor, run};

use super::kept;
use crate::{ACME, database};

#[tokio::test]
async fn a_link_signs_in_once_however_often_it_is_looked_at() {
    let server = Server::of(ACME).start();
    let code = Visitor::code(&server, &[]);
    let mut visitor = Visitor::stranger(&server);
    let path = format!("/settings/sign-in?code={code}");
    // What looks at links before a person does: a chat, a mail filter, the browser itself.
    for method in ["GET", "HEAD", "GET"] {
        let page = visitor.send(method, &path, &[], None).await;
        assert_eq!((page.status, page.header("set-cookie")), (200, ""), "{page:?}");
    }
    let page = visitor.get(&path).await;
    assert!(page.html.contains("Sign in as local") && !page.html.contains("is signed in"), "{page:?}");
    // Somebody else's link must sign nobody in as them who does not see it.
    let mallory = Visitor::signed_in(&server, &["--subject", "mallory"]).await;
    let seen = mallory.get(&path).await;
    assert!(seen.html.contains("Sign in as local") && seen.html.contains("mallory is signed in"), "{seen:?}");
    let page = visitor.post("/settings/sign-in", &[("code", &page.field("code"))]).await;
    assert_eq!((page.status, page.header("location")), (303, "/settings/tokens"), "{page:?}");
    visitor.keep(&page);
    assert_eq!(visitor.get("/settings/tokens").await.status, 200);
    // Who is signed in needs no link.
    assert_eq!(visitor.get("/settings/sign-in").await.header("location"), "/settings/tokens");

    let again = Visitor::stranger(&server).post("/settings/sign-in", &[("code", &code)]).await;
    assert_eq!((again.status, again.header("set-cookie")), (403, ""), "{again:?}");
    assert!(again.html.contains("acme sign-in"), "it says how to get another one: {again:?}");
}

#[tokio::test]
async fn a_link_that_is_no_good_opens_nothing() {
    let server = Server::of(ACME).start();
    let expired = Visitor::code(&server, &["--subject", "late"]);
    let mut database = database(&server).await;
    let late = "UPDATE sign_in_links SET expires_at = unixepoch() WHERE subject = 'late'";
    assert_eq!(sqlx::query(late).execute(&mut database).await.expect("an update").rows_affected(), 1);
    let replaced = Visitor::code(&server, &["--subject", "twice"]);
    let good = Visitor::code(&server, &["--subject", "twice"]);
    let ended = Visitor::code(&server, &["--subject", "ended"]);
    server.succeed(&["sign-out", "--subject", "ended"]);
    let cut = &good[..good.len() - 1];
    let visitor = Visitor::stranger(&server);
    for (what, code) in [
        ("expired", expired.as_str()),
        ("replaced", &replaced),
        ("ended", &ended),
        ("cut", cut),
        ("made up", &"A".repeat(43)),
        ("empty", ""),
    ] {
        let page = visitor.get(&format!("/settings/sign-in?code={code}")).await;
        assert!(page.status == 403 && page.html.contains("no good any more"), "{what}: {page:?}");
        let page = visitor.post("/settings/sign-in", &[("code", code)]).await;
        assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{what}: {page:?}");
    }
    assert_eq!(visitor.post("/settings/sign-in", &[]).await.status, 400);
    // A page elsewhere must not sign its visitor in as somebody else.
    for origin in ["https://evil.example", "null"] {
        let page = visitor.send("POST", "/settings/sign-in", &[("Origin", origin)], Some(&[("code", &good)])).await;
        assert_eq!((page.status, page.header("set-cookie")), (403, ""), "{page:?}");
    }
    assert_eq!(visitor.post("/settings/sign-in", &[("code", &good)]).await.status, 303);
}

#[tokio::test]
async fn a_session_is_a_new_one_and_is_kept_nowhere_in_clear() {
    let server = Server::of(ACME).start();
    let mut visitor = Visitor::stranger(&server);
    let code = Visitor::code(&server, &[]);
    // Somebody has put a session of theirs into the browser, which they would then share.
    let planted = Visitor::signed_in(&server, &["--subject", "mallory"]).await;
    visitor.cookie.clone_from(&planted.cookie);
    let page = visitor.post("/settings/sign-in", &[("code", &code)]).await;
    let cookie = page.header("set-cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/settings; HttpOnly; SameSite=Strict");
    visitor.keep(&page);
    assert_ne!(visitor.cookie, planted.cookie);
    assert_eq!(planted.get("/settings/tokens").await.status, 303, "the one before has ended");
    assert_eq!(visitor.get("/settings/tokens").await.status, 200);

    let value = pair.strip_prefix("acme_session=").expect("its name");
    let (dump, log) = (kept(&server).await, server.log());
    for secret in [value, code.as_str()] {
        assert!(secret.len() == 43 && !dump.contains(secret) && !log.contains(secret));
    }
}

#[tokio::test]
async fn each_session_ends_by_itself() {
    let server = Server::of(ACME).start();
    let (one, two) = (Visitor::signed_in(&server, &[]).await, Visitor::signed_in(&server, &[]).await);
    let page = one.submit("/settings/sign-out", &[]).await;
    assert_eq!((page.status, page.header("location")), (303, "/settings/sign-in"));
    assert_eq!(page.header("set-cookie"), "acme_session=; Path=/settings; HttpOnly; SameSite=Strict; Max-Age=0");
    assert_eq!((one.get("/settings/tokens").await.status, two.get("/settings/tokens").await.status), (303, 200));
    let three = Visitor::signed_in(&server, &[]).await;
    let ended = server.command(&["sign-out"]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", "sessions of local that were ended: 2\n"));
    assert_eq!((two.get("/settings/tokens").await.status, three.get("/settings/tokens").await.status), (303, 303));
}

#[tokio::test]
async fn a_session_that_is_used_goes_on_and_not_for_ever() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let mut database = database(&server).await;
    let mut set = async |change: &'static str| {
        assert_eq!(sqlx::query(change).execute(&mut database).await.expect("an update").rows_affected(), 1);
    };
    for _ in 0..3 {
        // Almost twelve hours ago.
        set("UPDATE sessions SET seen_at = unixepoch() - 43100").await;
        assert_eq!(visitor.get("/settings/tokens").await.status, 200);
        set("UPDATE sessions SET seen_at = seen_at - 3600 WHERE seen_at > unixepoch() - 60").await;
    }
    set("UPDATE sessions SET expires_at = unixepoch()").await;
    assert_eq!(visitor.get("/settings/tokens").await.status, 303);
}

#[tokio::test]
async fn behind_an_encrypted_name_the_cookie_is_the_hosts_alone() {
    let server = Server::of(ACME).arg("--public-url").arg("https://notes.acme.example/mcp").start();
    assert!(!server.log().contains("sign-in?code="), "others may read the log of a server that others reach");
    let link = server.succeed(&["sign-in", "--public-url", "https://notes.acme.example/mcp"]);
    let code = link.trim().strip_prefix("https://notes.acme.example/settings/sign-in?code=").expect("a link");
    let visitor = Visitor::stranger(&server);
    let through_proxy = [("Host", "notes.acme.example"), ("Origin", "https://notes.acme.example")];
    let page = visitor.send("POST", "/settings/sign-in", &through_proxy, Some(&[("code", code)])).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-acme_session="), "{page:?}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{cookie}");
}

/// Where no public URL is given, the name tells that was asked for.
#[tokio::test]
async fn the_cookie_is_secure_wherever_the_connection_is_encrypted() {
    const DECLARED: &str = "notes.acme.example";
    const PUBLIC: &str = "tools.acme.example";
    for (url, cases) in [
        (None, [(None, false), (Some(DECLARED), true), (Some("notes.acme.example:443"), true)].as_slice()),
        (Some("HTTPS://tools.acme.example/mcp"), &[(Some(PUBLIC), true), (Some("tools.acme.example:443"), true)]),
        (Some("http://tools.acme.example/mcp"), &[(Some(PUBLIC), false), (Some(DECLARED), false), (None, false)]),
    ] {
        let option = url.map(|url| format!("--public-url={url}"));
        let server = option.into_iter().fold(Server::of(ACME), toolwright_tests::ServerBuilder::arg).start();
        let warns = server.log().contains("the settings are reached without encryption");
        assert_eq!(warns, url == Some("http://tools.acme.example/mcp"), "{url:?}: {}", server.log());
        for (host, is_secure) in cases {
            let host = host.map_or_else(|| server.authority().to_owned(), str::to_owned);
            let origin = format!("{}://{host}", if *is_secure || host == DECLARED { "https" } else { "http" });
            let headers = [("Host", host.as_str()), ("Origin", &origin)];
            let link = server.succeed(&["sign-in", "--listen", server.authority()]);
            let (_, code) = link.trim().split_once("code=").expect("a code");
            let mut visitor = Visitor::stranger(&server);
            let page = visitor.send("POST", "/settings/sign-in", &headers, Some(&[("code", code)])).await;
            let expected = if *is_secure {
                "; Path=/; Secure; HttpOnly; SameSite=Strict"
            } else {
                "; Path=/settings; HttpOnly; SameSite=Strict"
            };
            let cookie = page.header("set-cookie");
            assert!(cookie.ends_with(expected), "{url:?}, {host}: {page:?}");
            assert_eq!(cookie.starts_with("__Host-acme_session="), *is_secure, "{url:?}, {host}: {cookie}");
            visitor.keep(&page);
            let page = visitor.send("GET", "/settings/tokens", &headers[..1], None).await;
            assert_eq!(page.status, 200, "{url:?}, {host}: {page:?}");
        }
    }
}

#[tokio::test]
async fn every_start_prints_a_link_to_who_sits_at_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut codes = Vec::new();
    for _ in 0..2 {
        let server = Server::of(ACME).folder(folder.path()).start();
        let log = server.log();
        let link = log
            .lines()
            .find_map(|line| line.trim().strip_prefix(&format!("{}/settings/sign-in?code=", server.address())));
        let code = link.unwrap_or_else(|| panic!("no link:\n{log}")).to_owned();
        codes.push(code.clone());
        if let [former, _] = codes.as_slice() {
            let page = Visitor::stranger(&server).post("/settings/sign-in", &[("code", former)]).await;
            assert_eq!(page.status, 403, "the link of the start before");
            assert_eq!(Visitor::stranger(&server).post("/settings/sign-in", &[("code", &code)]).await.status, 303);
        }
    }
    let server = Server::of(ACME).folder(folder.path()).arg("--listen").arg("0.0.0.0:0").start();
    assert!(!server.log().contains("/settings/"), "{}", server.log());
}

#[test]
fn the_command_says_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, said) in [
        (["sign-in", "--subject", "a\nb"].as_slice(), "1 to 64 printable characters"),
        (&["sign-in", "--listen", "127.0.0.1:0"], "say the port with --listen"),
        (&["sign-in", "--public-url", "notes"], "`notes` is not a URL"),
        (&["sign-in", "--public-url", "file:///x"], "is not the URL of a server"),
        (&["sign-out", "--subject", ""], "1 to 64 printable characters"),
    ] {
        let ran = run(ACME, folder.path(), arguments);
        assert!(!ran.status.success() && ran.stdout.is_empty() && ran.stderr.contains(said), "{arguments:?}: {ran:?}");
    }
    let ran = run(ACME, folder.path(), &["sign-in", "--listen", "0.0.0.0:8080"]);
    assert!(ran.stdout.starts_with("http://localhost:8080/settings/sign-in?code="), "{ran:?}");
    assert_eq!(ran.stderr, "opens the settings of local, once and within 10 minutes:\n");
}
