//! What is not public is not collected, however it is written.

use serde_json::json;
use toolwright_tests::{Server, workspace};

use crate::{
    account::{Account, items, start},
    site::Site,
};

/// Every spelling of addresses that the site would answer at, and what else is not public.
/// `{port}` is the site's.
const NOT_PUBLIC: &[&str] = &[
    "http://127.0.0.1:{port}/page/1",
    "http://127.0.0.1.:{port}/page/1",
    "http://127.1:{port}/page/1",
    "http://127.0.1:{port}/page/1",
    "http://2130706433:{port}/page/1",
    "http://0177.0.0.1:{port}/page/1",
    "http://017700000001:{port}/page/1",
    "http://0x7f.0.0.1:{port}/page/1",
    "http://0x7f000001:{port}/page/1",
    "http://0X7F.1:{port}/page/1",
    "http://%31%32%37.0.0.1:{port}/page/1",
    "http://127.0.0.2:{port}/page/1",
    "http://0:{port}/page/1",
    "http://0.0.0.0:{port}/page/1",
    "http://localhost:{port}/page/1",
    "http://LOCALHOST:{port}/page/1",
    "http://[::1]:{port}/page/1",
    "http://[0:0:0:0:0:0:0:1]:{port}/page/1",
    "http://[::]:{port}/page/1",
    "http://[::127.0.0.1]:{port}/page/1",
    "http://[::ffff:127.0.0.1]:{port}/page/1",
    "http://[::ffff:7f00:1]:{port}/page/1",
    "http://[::FFFF:7F00:1]:{port}/page/1",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[2001:db8::1]/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://3232235777/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xA9FEA9FE/latest/meta-data/",
    "http://100.64.0.1/",
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
];

/// What the manifest says of them on the page of promises; the tests of this file hold it.
const ONLY_PUBLIC: &str = "only public addresses are collected";

#[test]
fn what_is_promised_of_addresses_is_what_is_held() {
    let page = workspace().join("generated/infatica/docs/promises.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let (_, own) = page.split_once("## Its own tools").expect("a section of its own");
    let rows: Vec<&str> = own.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let [row] = rows[..] else { panic!("a row without a test: {rows:?}") };
    assert!(row.starts_with("| An address to collect that is not public ") && row.contains(ONLY_PUBLIC), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_private_address_is_collected() {
    let site = Site::start().await;
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).start();
    let mut account = Account::of(&server);
    let urls: Vec<String> = NOT_PUBLIC.iter().map(|url| url.replace("{port}", &site.port().to_string())).collect();
    let run = account.collect("raw", &urls).await;

    assert_eq!(run["run"]["status"], "failed");
    for item in run["items"].as_array().expect("items") {
        let error = item["error"].as_str().unwrap_or_default();
        assert!(error.contains(ONLY_PUBLIC), "{item}");
        assert_eq!(item["attempts"], 1, "{item}");
    }
    assert_eq!(site.all_hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_address_a_name_has_is_for_the_log_only() {
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).start();
    let mut account = Account::of(&server);
    let run = account.collect("raw", &["http://localhost/".to_owned()]).await;

    let refusal = "`localhost` is at no public address, and only public addresses are collected";
    assert_eq!(items(&run, "error"), [refusal]);
    let events = account.events(run["run"]["id"].as_str().expect("an id")).await;
    assert!(events.iter().any(|event| event["detail"] == refusal), "{events:?}");
    assert!(!events.iter().any(|event| event.to_string().contains("loopback")), "{events:?}");
    server.wait_for_line(&["localhost", "is loopback"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_at_a_private_address_is_not_read() {
    let site = Site::start().await;
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).start();
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"type": "feed", "source_url": site.url("/sitemap.xml")})).await;
    let run = account.over(&run_id).await;

    assert_eq!(run["run"]["status"], "failed");
    assert!(run["run"]["error"].as_str().unwrap_or_default().contains("127.0.0.1 is loopback"), "{run}");
    assert_eq!(site.all_hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hop_of_a_redirect_is_checked() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let cases: &[(&str, &str)] = &[
        ("/to?http://127.0.0.2:{port}/page/1", "127.0.0.2 is loopback"),
        ("/to?http://%5B::1%5D:{port}/page/1", "::1 is loopback"),
        ("/to?http://%5B::ffff:127.0.0.1%5D:{port}/page/1", "is IPv4 in IPv6"),
        ("/to?http://169.254.169.254/latest/meta-data/", "169.254.169.254 is link-local"),
        ("/to?//10.0.0.1/", "10.0.0.1 is private"),
        ("/to?/to?http://0x7f000002/", "127.0.0.2 is loopback"),
        ("/to?http://user:word@127.0.0.1:{port}/page/1", "user name or password"),
        ("/to?file:///etc/passwd", "only http and https"),
        ("/to?ftp://127.0.0.1/", "only http and https"),
        ("/to?http://", "is no URL"),
        ("/hops/6", "more than 5 redirects"),
    ];
    let urls: Vec<String> =
        cases.iter().map(|(path, _)| site.url(&path.replace("{port}", &site.port().to_string()))).collect();
    let run = account.collect("raw", &urls).await;

    for (item, (path, expected)) in run["items"].as_array().expect("items").iter().zip(cases) {
        let error = item["error"].as_str().unwrap_or_default();
        assert!(error.contains(expected), "{path}: {item}");
        assert_eq!(item["attempts"], 1, "{path}");
    }
    assert_eq!(site.hits("/page/1"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_redirects_are_followed() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/hops/5", "/to?/page/1", "/page/2"])).await;

    assert_eq!(items(&run, "status"), ["completed"; 3]);
    let finals = [site.url("/hops/0"), site.url("/page/1"), String::new()];
    assert_eq!(items(&run, "final_url"), finals);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_private_addresses_can_be_allowed() {
    let site = Site::start().await;
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).arg("--allow-private-targets").start();
    let mut account = Account::of(&server);
    let urls = [site.url("/page/1"), format!("http://localhost:{}/page/2", site.port())];
    let run = account.collect("text", &urls).await;
    assert_eq!(items(&run, "status"), ["completed"; 2], "{run:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_ignored() {
    let site = Site::start().await;
    let proxy = "http://127.0.0.1:1/";
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).arg("--allow-private-targets");
    let server = ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"]
        .iter()
        .fold(server, |server, name| server.env(name, proxy));
    let server = server.start();
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/page/1"])).await;
    assert_eq!(items(&run, "status"), ["completed"]);
}
