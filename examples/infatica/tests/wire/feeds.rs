//! Runs whose pages a sitemap or feed lists.

use serde_json::json;

use crate::{
    account::{Account, items, start, text},
    site::{Site, data, gzip},
};

/// Files under `data/feeds`, each with the pages that it lists beside it.
const FEEDS: &[(&str, &str)] = &[
    ("sitemap.xml", "application/xml"),
    ("sitemap-prefixed.xml", "text/xml"),
    ("rss.xml", "application/rss+xml"),
    ("rdf.xml", "application/rdf+xml"),
    ("atom.xml", "application/atom+xml; charset=utf-8"),
    ("entities.xml", "application/xml"),
];

/// A sitemap of some of the site's pages.
fn sitemap(pages: impl IntoIterator<Item = u32>) -> String {
    let urls: Vec<String> =
        pages.into_iter().map(|page| format!("<url><loc>{{base}}/page/{page}</loc></url>")).collect();
    format!("<urlset>{}</urlset>", urls.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn sitemaps_and_feeds_become_items() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (file, media_type) in FEEDS {
        site.publish_file(&format!("/feeds/{file}"), media_type, &format!("feeds/{file}"));
        let expected = String::from_utf8(data(&format!("feeds/{file}.urls"))).expect("UTF-8");
        let expected: Vec<String> = expected.lines().map(|line| line.replace("{base}", &site.url(""))).collect();

        let source_url = site.url(&format!("/feeds/{file}"));
        let run_id = account.create(json!({"type": "feed", "source_url": source_url})).await;
        let run = account.over(&run_id).await;
        assert_eq!(items(&run, "url"), expected, "{file}");
        assert_eq!(run["run"]["source_url"], json!(source_url), "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_sitemaps_is_read_one_level_deep() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    site.publish_file("/index.xml", "application/xml", "feeds/index.xml");
    site.publish("/first.xml", "application/xml", sitemap(1..3));
    let second = sitemap([3, 1]).replace("{base}", &site.url(""));
    site.publish("/second.xml.gz", "application/gzip", gzip(second.as_bytes()));
    site.publish(
        "/nested.xml",
        "application/xml",
        "<sitemapindex><sitemap><loc>/third.xml</loc></sitemap></sitemapindex>",
    );
    site.publish("/third.xml", "application/xml", sitemap([9]));
    let run_id = account.create(json!({"type": "feed", "source_url": site.url("/index.xml")})).await;
    let run = account.over(&run_id).await;

    assert_eq!(items(&run, "url"), site.urls(&["/page/1", "/page/2", "/page/3"]));
    assert_eq!(site.hits("/third.xml"), 0);
    let events = account.events(&run_id).await;
    let read = events.iter().find(|event| event["event"] == "source.completed").expect("an event");
    let detail = "3 pages; passed over: 0 addresses that are not collected, 2 sitemaps that could not be read";
    assert_eq!(read["detail"], detail);
    assert_eq!(read.get("item_id"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_pages_are_taken_than_asked_for() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    site.publish("/sitemap.xml", "application/xml", sitemap(0..600));
    for (max_items, expected) in [(json!(7), 7), (json!(1), 1), (json!(null), 100)] {
        let mut arguments = json!({"type": "feed", "source_url": site.url("/sitemap.xml")});
        if !max_items.is_null() {
            arguments["max_items"] = max_items;
        }
        let run_id = account.create(arguments).await;
        let run = account.over(&run_id).await;
        assert_eq!(run["run"]["items"]["total"], expected);
        assert_eq!(run["items"][0]["url"], site.url("/page/0"));
    }
}

/// Documents that are no list of pages, and what their run fails with.
const BROKEN: &[(&str, &str)] = &[
    ("", "expected a sitemap, RSS or Atom, and it is empty"),
    ("no markup", "expected a sitemap, RSS or Atom, and it is empty"),
    ("<html><body>hello</body></html>", "expected a sitemap, RSS or Atom, and it is <html>"),
    ("<urlset><url><loc>/page/1</loc></urlset>", "it is not well-formed XML"),
    ("<urlset></urlset>", "it lists no page to collect"),
    ("<urlset><url><loc>ftp://example.com/</loc></url></urlset>", "passed over: 1 addresses"),
    ("<urlset><url><loc>http://user:word@example.com/</loc></url></urlset>", "passed over: 1 addresses"),
    ("<sitemapindex><sitemap><loc>/none.xml</loc></sitemap></sitemapindex>", "HTTP status 404 Not Found"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_run_fails_with_a_feed_that_lists_nothing() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (at, (document, expected)) in BROKEN.iter().enumerate() {
        let path = format!("/broken/{at}");
        site.publish(&path, "application/xml", *document);
        let run_id = account.create(json!({"type": "feed", "source_url": site.url(&path)})).await;
        let run = account.over(&run_id).await;
        assert_eq!(run["run"]["status"], "failed", "{document}");
        let error = text(&run["run"]["error"]);
        assert!(error.starts_with("the sitemap or feed could not be read: "), "{document}: {error}");
        assert!(error.contains(expected), "{document}: {error}");
        assert_eq!(run["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_could_not_be_read_is_read_again_on_retry() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"type": "feed", "source_url": site.url("/late.xml")})).await;
    assert_eq!(account.over(&run_id).await["run"]["status"], "failed");

    site.publish("/late.xml", "application/xml", "<urlset><url><loc>/page/1</loc></url></urlset>");
    let retried = account.call("retry_run", json!({"run_id": run_id})).await;
    assert_eq!((&retried["run"]["status"], &retried["retried"]), (&json!("queued"), &json!(0)));
    let run = account.over(&run_id).await;
    assert_eq!(run["run"]["status"], "completed");
    assert_eq!(run["run"].get("error"), None);
    assert_eq!(items(&run, "url"), site.urls(&["/page/1"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_cannot_grow() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let levels: Vec<String> =
        (1..12).map(|level| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10))).collect();
    let declarations = format!("<!ENTITY l0 \"lol\">{}", levels.concat());
    let external = "<!ENTITY x SYSTEM \"file:///etc/passwd\">";
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE urlset [{declarations}{external}]>\
         <urlset><url><loc>/page/&l11;</loc></url><url><loc>/page/&x;</loc></url></urlset>"
    );
    site.publish("/bomb.xml", "application/xml", bomb);
    let run_id = account.create(json!({"type": "feed", "source_url": site.url("/bomb.xml")})).await;
    let run = account.over(&run_id).await;
    assert_eq!(items(&run, "url"), site.urls(&["/page/&l11;", "/page/&x;"]));
}
