//! Every page, as it looks on a desktop and a phone, in light and in dark: nothing in anybody's way.

use serde_json::json;
use toolwright_browser::browse;
use toolwright_tests::{Client, Revision, Server};

use crate::ACME;

/// Names that are no friends of a page.
const NAMES: [&str; 5] = [
    "<script>document.title = 'taken over'</script>",
    "\"><img src=x onerror=alert(1)>",
    "دفتر الملاحظات للحاسوب المحمول",
    "{{ 7 * 7 }}{% raw %}",
    "a-name-that-is-as-long-as-a-name-can-be-without-a-single-space",
];

#[tokio::test]
async fn every_page_can_be_used_by_everybody() {
    let server = Server::of(ACME).start();
    let token = server.token("laptop", &["notes:read"]);
    server.token("desk, all scopes", &["notes:read", "notes:write", "notes:admin", "billing:read", "keys:read"]);
    server.token("old phone", &["notes:admin"]);
    server.revoke("old phone");
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    client.call("list_notes", json!({})).await;
    client.call("delete_note", json!({"id": "x"})).await;
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.assert_usable("tokens").await;
        for (link, name) in [("MCP Connect", "connect"), ("Tools", "tools")] {
            browser.click("link", link).await;
            browser.find("heading", link).await;
            browser.assert_usable(name).await;
        }
        // What is written down in the background is there at a later look.
        let shown = loop {
            browser.click("link", "Activity").await;
            browser.find("heading", "Activity").await;
            let shown = browser.text().await;
            if shown.contains("delete_note") {
                break shown;
            }
        };
        for part in ["list_notes", "delete_note", "insufficient_scope", "laptop", "1 call", "1 denial"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("1 calls"), "{shown}");
        browser.assert_usable("activity").await;
        browser.click("link", "Tools").await;
        browser.click("checkbox", "notes:read").await;
        for summary in browser.select("summary").await.iter().take(3) {
            summary.click().await.expect("it opens");
        }
        browser.assert_usable("tools-ticked").await;
        browser.click("link", "Tokens").await;
        browser.click("button", "Revoke laptop").await;
        browser.assert_usable("tokens-revoke").await;
        browser.click("button", "Keep it").await;
        browser.fill("textbox", "Name", "new").await;
        browser.click("checkbox", "notes:write").await;
        browser.click("button", "Create").await;
        browser.find("dialog", "new is ready").await;
        browser.assert_usable("token").await;
    })
    .await;
}

#[tokio::test]
async fn hostile_names_are_text() {
    let server = Server::of(ACME).start();
    for name in NAMES {
        server.token(name, &["notes:read"]);
    }
    browse(async |browser| {
        browser.sign_in(&server).await;
        let text = browser.text().await;
        for name in NAMES {
            assert!(text.contains(name), "{name}:\n{text}");
            browser.find("button", &format!("Revoke {name}")).await;
        }
        assert_eq!(browser.ask("return document.title", vec![]).await, "Tokens · Acme Notes");
        browser.assert_usable("tokens-hostile").await;
        browser.click("button", &format!("Revoke {}", NAMES[0])).await;
        browser.click("button", "Revoke").await;
        browser.wait_for("is revoked").await;
        assert_eq!(browser.ask("return document.title", vec![]).await, "Tokens · Acme Notes");
    })
    .await;
}
