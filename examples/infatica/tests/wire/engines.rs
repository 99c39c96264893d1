//! What each engine keeps of a page.

use serde_json::{Value, json};

use crate::{
    account::{Account, items, start, text},
    site::{Site, data},
};

/// Pages under `data/pages`: each has what the engines are to keep of it beside it.
const PAGES: &[&str] = &["article", "plain", "shop", "broken"];

#[tokio::test(flavor = "multi_thread")]
async fn engines_keep_what_a_person_would_expect() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    for page in PAGES {
        site.publish_file(&format!("/pages/{page}.html"), "text/html; charset=utf-8", &format!("pages/{page}.html"));
    }
    let urls: Vec<String> = PAGES.iter().map(|page| site.url(&format!("/pages/{page}.html"))).collect();
    for (engine, extension) in [("raw", "html"), ("text", "txt"), ("metadata", "json")] {
        let run = account.collect(engine, &urls).await;
        let exported = account.exported(&text(&run["run"]["id"])).await;
        for (page, item) in PAGES.iter().zip(exported) {
            let expected = String::from_utf8(data(&format!("pages/{page}.{extension}"))).expect("UTF-8");
            let expected = expected.replace("{base}", &site.url(""));
            let content = text(&item["content"]);
            if engine == "metadata" {
                let (content, expected): (Value, Value) =
                    (serde_json::from_str(&content).expect("JSON"), serde_json::from_str(&expected).expect("JSON"));
                assert_eq!(content, expected, "{page}: {content:#}");
            } else {
                assert_eq!(content.trim_end(), expected.trim_end(), "{page}, {engine}");
            }
            assert_eq!(item["media_type"], "text/html");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_decoded_as_declared() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let words = "Grüße, café — naïve";
    let encoded = |encoding: &'static encoding_rs::Encoding| encoding.encode(words).0.into_owned();
    let html = |encoding, declaration: &str| [declaration.as_bytes(), b"<p>", &encoded(encoding)].concat();
    let (utf8, latin) = (encoding_rs::UTF_8, encoding_rs::WINDOWS_1252);
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(words.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let cases: &[(&str, &'static str, Vec<u8>)] = &[
        ("/header", "text/html; charset=ISO-8859-1", html(latin, "")),
        ("/meta", "text/html", html(latin, "<meta charset='windows-1252'>")),
        ("/http-equiv", "text/html", html(latin, "<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=latin1'>")),
        ("/header-over-meta", "text/html; charset=utf-8", html(utf8, "<meta charset=windows-1252>")),
        ("/undeclared-utf8", "text/html", html(utf8, "")),
        ("/undeclared-other", "text/html", html(latin, "")),
        ("/wrong-label", "text/html; charset=no-such", html(utf8, "")),
        ("/mark-over-header", "text/plain; charset=iso-8859-1", [&b"\xef\xbb\xbf"[..], words.as_bytes()].concat()),
        ("/utf16", "text/plain", utf16),
        ("/japanese", "text/plain; charset=shift_jis", encoding_rs::SHIFT_JIS.encode("日本語").0.into_owned()),
    ];
    for (path, media_type, body) in cases {
        site.publish(path, media_type, body.clone());
    }
    let paths: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let run = account.collect("text", &site.urls(&paths)).await;
    for (item, path) in account.exported(&text(&run["run"]["id"])).await.iter().zip(paths) {
        let expected = if path == "/japanese" { "日本語" } else { words };
        assert_eq!(item["content"], expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_html_is_kept_as_it_is_and_what_is_no_text_is_refused() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let cases: &[(&str, &'static str, &[u8], Option<&str>)] = &[
        ("/a.json", "application/json", b"{\"a\": \"<b>\"}", Some("{\"a\": \"<b>\"}")),
        ("/a.svg", "image/svg+xml", b"<svg><title>x</title></svg>", Some("<svg><title>x</title></svg>")),
        ("/a.txt", "text/plain", b"<p>no markup", Some("<p>no markup")),
        ("/bytes.txt", "application/octet-stream", b"words", Some("words")),
        ("/bytes.bin", "application/octet-stream", b"wor\0ds", None),
        ("/a.pdf", "application/pdf", b"%PDF-1.7", None),
        ("/a.mp4", "video/mp4", b"....", None),
    ];
    for (path, media_type, body, _) in cases {
        site.publish(path, media_type, *body);
    }
    let paths: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let run = account.collect("text", &site.urls(&paths)).await;
    for (item, (path, media_type, _, expected)) in account.exported(&text(&run["run"]["id"])).await.iter().zip(cases) {
        assert_eq!(item["content"].as_str(), *expected, "{path}");
        if expected.is_none() {
            assert_eq!(text(&item["error"]), format!("only text is collected, and this is {media_type}"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decompressed_is_refused() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let cases = [("br", false), ("gzip,gzip", false), ("zstd", false), ("identity", true), ("Identity", true)];
    let urls: Vec<String> = cases.iter().map(|(encoding, _)| site.url(&format!("/encoded?{encoding}"))).collect();
    let run = account.collect("text", &urls).await;
    for (item, (encoding, is_kept)) in account.exported(&text(&run["run"]["id"])).await.iter().zip(cases) {
        if is_kept {
            assert_eq!(item["content"], "words", "{encoding}");
        } else {
            assert_eq!(item["status"], "failed", "{encoding}");
            assert_eq!(item["http_status"], 200, "{encoding}");
            let expected = format!("it is compressed as `{encoding}`, which cannot be decompressed here");
            assert_eq!(item["error"], expected.as_str());
        }
    }
    assert_eq!(site.hits("/encoded"), cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_pages_harm_nobody() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    // Each start tag makes the parser look through all that are open.
    site.publish("/deep", "text/html", "<div>".repeat(200_000));
    // Each paragraph opens once more what the one before it left open.
    let bold: Vec<String> = (0..1_000).map(|n| format!("<b a{n}>")).collect();
    site.publish("/reopened", "text/html", format!("<p>{}{}", bold.concat(), "<p>x".repeat(4_000)));
    let attributes: Vec<String> = (0..1_000).map(|n| format!(" a{n}")).collect();
    site.publish("/attributes", "text/html", format!("<p><b{}>{}", attributes.concat(), "<p>x".repeat(4_000)));
    site.publish("/unclosed", "text/html", "<a href=x><b><i><table><td>".repeat(300));
    site.publish(
        "/wide",
        "text/html",
        format!("<base href='/{}/'>{}", "p".repeat(1900), "<a href=l>x</a>".repeat(5_000)),
    );
    let links: Vec<String> = (0..5_000).map(|n| format!("<a href=/{n}>{n}</a>")).collect();
    site.publish("/many", "text/html", links.concat());
    let (slow, large) = ("its HTML takes too long to parse", "its HTML makes too many elements and attributes");
    let cases = [
        ("/deep", slow),
        ("/reopened", large),
        ("/attributes", large),
        ("/unclosed", ""),
        ("/wide", ""),
        ("/many", ""),
        ("/page/1", ""),
    ];
    let run = account.collect("metadata", &site.urls(&cases.map(|(path, _)| path))).await;

    assert_eq!(items(&run, "error"), cases.map(|(_, error)| error));
    assert_eq!(items(&run, "status"), cases.map(|(_, error)| if error.is_empty() { "completed" } else { "failed" }));
    let exported = account.exported(&text(&run["run"]["id"])).await;
    let many: Value = serde_json::from_str(&text(&exported[5]["content"])).expect("JSON");
    assert_eq!(many["links"].as_array().map(Vec::len), Some(2_000));
    assert_eq!(many["more_links"], json!(true));
}
