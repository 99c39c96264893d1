//! Forms that another page sends in a visitor's name.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use tokio::io::AsyncWriteExt as _;
use toolwright_tests::{Server, Visitor, raw};

use super::{FORMS, kept};
use crate::ACME;

#[tokio::test]
async fn a_form_is_taken_from_the_own_pages_only() {
    let server = Server::of(ACME)
        .arg("--public-url")
        .arg("http://notes.acme.example/mcp")
        .arg("--allow-origin")
        .arg("https://app.example.com")
        .start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let csrf = visitor.csrf().await;
    let (own, port) = (server.address(), server.authority().rsplit_once(':').expect("a port").1);
    let (elsewhere, encrypted) = (format!("http://localhost:{port}"), format!("https://127.0.0.1:{port}"));
    let cases: [&[(&str, &str)]; 14] = [
        &[],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Origin", "null")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "http://127.0.0.1")],
        &[("Origin", &elsewhere)],
        // Trusted with the endpoint, where it needs a token; not with the settings.
        &[("Origin", "https://app.example.com")],
        &[("Origin", "http://127.0.0.1:1")],
        &[("Origin", &own), ("Origin", &own)],
        &[("Origin", "http://notes.acme.example:81")],
        &[("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", &own), ("Sec-Fetch-Site", "same-site")],
        &[("Origin", &own), ("Sec-Fetch-Site", "none")],
        &[("Origin", "file://"), ("Sec-Fetch-Site", "same-origin")],
    ];
    let before = kept(&server).await;
    for (path, fields) in FORMS {
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        for headers in cases {
            let page = visitor.send("POST", path, headers, Some(&fields)).await;
            assert_eq!(page.status, 403, "{path}, {headers:?}: {page:?}");
        }
    }
    assert_eq!(kept(&server).await, before);
    // The connection before a proxy is another one: the same form is taken under another scheme, and under the public name.
    for (at, headers) in [
        [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")].as_slice(),
        &[("Origin", own.as_str())],
        &[("Origin", encrypted.as_str())],
        &[("Origin", "http://notes.acme.example"), ("Sec-Fetch-Site", "same-origin")],
    ]
    .into_iter()
    .enumerate()
    {
        let (name, csrf) = (format!("own-{at}"), visitor.csrf().await);
        let fields = [("csrf", csrf.as_str()), ("name", &name), ("lifetime", "60")];
        let page = visitor.send("POST", "/settings/tokens", headers, Some(&fields)).await;
        assert_eq!(page.status, 200, "{headers:?}: {page:?}");
    }
}

#[tokio::test]
async fn a_form_is_taken_for_its_own_session_only() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let csrf = visitor.csrf().await;
    let (number, proof) = csrf.split_once('.').expect("two parts");
    let same_person = Visitor::signed_in(&server, &[]).await.csrf().await;
    let other = Visitor::signed_in(&server, &["--subject", "other"]).await.csrf().await;
    let changed = format!("{}.{proof}", number.chars().rev().collect::<String>());
    let before = kept(&server).await;
    for (path, fields) in FORMS {
        assert_eq!(visitor.post(path, fields).await.status, 400, "{path} without csrf");
        for forged in ["", ".", number, proof, changed.as_str(), &same_person, &other] {
            let page = visitor.post(path, &[&[("csrf", forged)], fields].concat()).await;
            assert_eq!(page.status, 403, "{path}, {forged:?}: {page:?}");
        }
        let page = visitor.post(path, &[&[("csrf", csrf.as_str()), ("csrf", other.as_str())], fields].concat()).await;
        assert_eq!(page.status, 400, "{path}, twice: {page:?}");
    }
    assert_eq!(kept(&server).await, before);
}

/// Whoever has the session can prove any number, and the number becomes the id of a token.
#[tokio::test]
async fn a_form_has_a_number_that_the_server_could_have_drawn() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let (_, secret) = visitor.cookie.as_deref().and_then(|cookie| cookie.split_once('=')).expect("a cookie");
    let proven = |number: &str| {
        let proof = digest(&SHA256, format!("form {number}\0{secret}").as_bytes());
        format!("{number}.{}", URL_SAFE_NO_PAD.encode(proof))
    };
    let drawn = visitor.csrf().await;
    assert_eq!(proven(drawn.split('.').next().expect("a number")), drawn, "the proof is computed as the server does");
    let before = kept(&server).await;
    let long = "a".repeat(60_000);
    for number in [
        "",
        "short",
        "aaaaaaaaaaa",
        "aaaaaaaaaaaaa",
        "\u{1b}[2Jaaaaaaaa",
        "aaaaaa aaaaa",
        "éééééé",
        "../../../../",
        &long,
    ] {
        for (path, fields) in FORMS {
            let page = visitor.post(path, &[&[("csrf", proven(number).as_str())], fields].concat()).await;
            assert_eq!(page.status, 403, "{path}, {number:.20?}: {page:?}");
        }
    }
    assert_eq!(kept(&server).await, before);
}

#[tokio::test]
async fn a_session_that_ends_while_its_form_arrives_takes_nothing() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let body = format!("csrf={}&name=late&lifetime=60", visitor.csrf().await);
    let (own, cookie) = (server.address(), visitor.cookie.as_deref().expect("a cookie"));
    let form = "application/x-www-form-urlencoded";
    let headers = [("Origin", own.as_str()), ("Cookie", cookie), ("Content-Type", form)];
    let request = raw::request(server.authority(), "POST /settings/tokens", &headers, body.as_bytes());
    let (first, rest) = request.split_at(request.len() - 1);
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(first).await.expect("it is sent");
    server.succeed(&["sign-out"]);
    stream.write_all(rest).await.expect("it is sent");
    let answer = raw::read(&mut stream).await.expect("an answer");
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(!server.command(&["token", "list"]).stdout.contains("late"));
}

#[tokio::test]
async fn a_form_is_what_a_browser_makes_of_one() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    let (own, csrf) = (server.address(), visitor.csrf().await);
    let body = format!("csrf={csrf}&name=x&lifetime=60");
    let large = format!("{body}&x={}", "a".repeat(70_000));
    let form = "application/x-www-form-urlencoded";
    for (media_type, encoding, body, status) in [
        ("application/json", "-", "{}", 415),
        ("multipart/form-data; boundary=x", "-", "--x--", 415),
        ("text/plain", "-", body.as_str(), 415),
        (form, "gzip", &body, 415),
        (form, "-", &large, 413),
        (form, "-", "csrf", 403),
        (form, "-", "\u{fffd}=%ff&csrf=%00", 403),
        ("application/x-www-form-urlencoded; charset=utf-8", "-", &body, 200),
    ] {
        let headers = [
            ("Origin", own.as_str()),
            ("Cookie", visitor.cookie.as_deref().expect("a cookie")),
            ("Content-Type", media_type),
            ("Content-Encoding", encoding),
        ];
        let request = raw::request(server.authority(), "POST /settings/tokens", &headers, body.as_bytes());
        let answer = raw::send(server.authority(), &request).await;
        assert_eq!(answer.status, status, "{media_type}, {encoding}: {answer:?}");
    }
}

#[tokio::test]
async fn the_pages_answer_under_the_servers_own_names_only() {
    let server = Server::of(ACME).start();
    let visitor = Visitor::signed_in(&server, &[]).await;
    for path in ["/settings/tokens", "/settings/sign-in", "/settings/assets/none.css"] {
        let page = visitor.send("GET", path, &[("Host", "evil.example")], None).await;
        assert_eq!(page.status, 403, "{path}: {page:?}");
        let page = visitor.send("GET", path, &[("Origin", "https://evil.example")], None).await;
        assert_eq!(page.status, 403, "{path}: {page:?}");
    }
}
