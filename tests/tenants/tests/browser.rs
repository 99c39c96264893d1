//! The settings of a server with users: everybody has their own.

#![cfg(unix)]

use serde_json::json;
use toolwright_browser::browse;
use toolwright_tests::{Client, Revision, Server, Transport, Variables};

const VARIABLES: Variables = Variables { credential: "TENANTS_TOKEN", gateway: "TENANTS_GATEWAY" };

#[tokio::test]
async fn everybody_sees_and_makes_their_own() {
    let server = Server::of(env!("CARGO_BIN_EXE_tenants")).start();
    let [ours, theirs] = ["ours", "theirs"].map(|subdomain| server.account(subdomain, &["lists"]));
    server.user("ada@example.com", &[&ours]);
    server.user("bob@example.com", &[&theirs]);
    server.token_of_user("bob@example.com", "token-of-bob", &["items:read"]);
    browse(async |browser| {
        browser.sign_in_as(&server, "ada@example.com").await;
        browser.wait_for("ada@example.com").await;
        assert!(!browser.text().await.contains("token-of-bob"));
        browser.fill("textbox", "Name", "token-of-ada").await;
        browser.click("checkbox", "items:read").await;
        browser.click("button", "Create").await;
        browser.find("dialog", "token-of-ada is ready").await;
        let secret = browser.ask("return document.querySelector('.code.secret code').textContent", vec![]).await;
        let token = secret.as_str().expect("a token");
        for (account, expected) in [("ours", Some(200)), ("theirs", Some(403))] {
            let revision = Revision::V2025_11_25;
            let mut client = Client::about(&server, account, VARIABLES, Transport::Http, revision, Some(token));
            assert_eq!(client.call("list_items", json!({})).await.status, expected, "{account}");
        }
        browser.click("button", "Done").await;
        browser.click("link", "MCP Connect").await;
        browser.assert_usable("tenants-connect").await;
        browser.click("button", "Sign out").await;

        browser.sign_in_as(&server, "bob@example.com").await;
        browser.wait_for("token-of-bob").await;
        assert!(!browser.text().await.contains("token-of-ada"));
    })
    .await;
}
