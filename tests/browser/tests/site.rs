//! The pages that the generator writes: nothing in anybody's way, and alive without a server of their own.

#![cfg(unix)]

use std::fs;

use serde_json::json;
use toolwright_browser::{Browser, Scheme, Screen, browse};
use toolwright_tests::{
    fake::{Fake, http},
    workspace,
};

/// The server with the most tools.
const LARGEST: &str = "inference";

/// Serves a server's pages as any web server does.
async fn site(server: &str) -> Fake {
    let folder = workspace().join("generated").join(server).join("docs/site");
    let answer = move |path: &str| {
        let kind = match path.rsplit_once('.')?.1 {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css",
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            _ => return None,
        };
        Some(http("200 OK", kind, &fs::read_to_string(folder.join(path)).ok()?))
    };
    Fake::new(move |asked| {
        let path = asked.line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
        std::future::ready(answer(path).unwrap_or_else(|| http("404 Not Found", "text/plain", "")).into_bytes())
    })
    .await
}

async fn shown_tools(browser: &Browser) -> usize {
    let script =
        "return [...document.querySelectorAll('tr[data-unlocks]')].filter(row => row.checkVisibility()).length";
    usize::try_from(browser.ask(script, vec![]).await.as_u64().expect("a number")).expect("a number of tools")
}

#[tokio::test]
async fn the_pages_of_every_server_can_be_used_by_everybody() {
    let servers = fs::read_dir(workspace().join("generated")).expect("the generated crates").flatten();
    let servers: Vec<_> = servers.filter(|entry| entry.path().join("docs/site").is_dir()).collect();
    assert!(servers.len() > 5, "{servers:?}");
    browse(async |browser| {
        for server in servers {
            let name = server.file_name().into_string().expect("a name");
            let site = site(&name).await;
            for page in ["tools", "connect"] {
                browser.visit(&format!("{}/{page}.html", site.address())).await;
                if name == LARGEST {
                    browser.assert_usable(&format!("site-{page}")).await;
                } else {
                    // What differs is the words, and where there is least room for them.
                    browser.look(Screen::Phone, Scheme::Dark).await;
                    assert_eq!(browser.obstacles().await, [""; 0], "{name}: {page}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn tools_are_found_and_ticked() {
    let site = site(LARGEST).await;
    browse(async |browser| {
        browser.visit(&format!("{}/tools.html", site.address())).await;
        let all = shown_tools(browser).await;
        assert_eq!(all, 39);
        browser.fill("searchbox", "Search", "dataset").await;
        let found = shown_tools(browser).await;
        assert!(0 < found && found < all, "{found}");
        browser.find("searchbox", "Search").await.clear().await.expect("a field");
        browser.click("checkbox", "create_dataset").await;
        let ticked =
            "return [...document.querySelectorAll('[data-scope]')].filter(box => box.checked).map(box => box.value)";
        assert_eq!(browser.ask(ticked, vec![]).await.as_array().map(Vec::len), Some(1));
        browser.scripts(false).await;
        browser.visit(&format!("{}/tools.html", site.address())).await;
        assert_eq!(shown_tools(browser).await, all, "they are there without scripts");
        assert_eq!(browser.names("searchbox").await, [""; 0], "and nothing that does nothing");
    })
    .await;
}

#[tokio::test]
async fn what_a_client_is_told_can_be_copied() {
    let site = site(LARGEST).await;
    browse(async |browser| {
        browser.allow_clipboard().await;
        browser.visit(&format!("{}/connect.html", site.address())).await;
        browser.click("radio", "Codex").await;
        let copied = "return document.querySelector('.tabs input:checked + label + .panel code').textContent";
        let shown = browser.ask(copied, vec![]).await;
        browser.click("button", "Copy the command for Codex").await;
        browser.wait_for("Copied").await;
        assert_eq!(json!(browser.clipboard().await), shown);
        assert!(shown.as_str().is_some_and(|text| text.contains("codex mcp add")), "{shown}");
    })
    .await;
}
