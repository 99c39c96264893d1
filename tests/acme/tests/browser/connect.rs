//! Connecting a client, and checking that it would be let in.

use toolwright_browser::browse;
use toolwright_tests::Server;

use crate::{ACME, read_by_claude_code};

#[tokio::test]
async fn a_connection_is_checked_as_a_client_makes_it() {
    let server = Server::of(ACME).start();
    let good = server.token("good", &["notes:read"]);
    let revoked = server.token("revoked", &["notes:read"]);
    server.revoke("revoked");
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.click("link", "MCP Connect").await;
        for (token, said) in [
            ("", "Paste a credential first."),
            (good.as_str(), "Connected to Acme Notes by revision 2026-07-28 of the protocol: 6 tools are listed."),
            (&revoked, "Refused (401)"),
            ("acme_not-a-token", "Refused (401)"),
            (&good, "Connected to"),
        ] {
            if said.contains("401") {
                browser.expect_in_console("status of 401");
            }
            browser.fill("textbox", "Access Key", token).await;
            browser.click("button", "Check the connection").await;
            browser.wait_for(said).await;
            assert!(token.is_empty() || !browser.text().await.contains(token), "a secret is not repeated");
        }
    })
    .await;
}

#[tokio::test]
async fn the_snippets_follow_the_name_that_is_written() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.allow_clipboard().await;
        browser.click("link", "MCP Connect").await;
        browser.fill("textbox", "What it calls the server", "notes-at-work").await;
        browser.wait_for("mcp add --transport http --scope user notes-at-work").await;
        browser.click("radio", "Claude Code").await;
        browser.click("button", "Copy the command for Claude Code").await;
        browser.wait_for("Copied").await;
        let told = read_by_claude_code(&browser.clipboard().await, "NOTES_AT_WORK_KEY");
        assert_eq!((told.name.as_deref(), told.url.as_deref()), (Some("notes-at-work"), Some(server.url())));
        // The address of the page is that of what it shows.
        let url = browser.url().await;
        assert!(url.contains("name=notes-at-work"), "{url}");

        browser.fill("textbox", "What it calls the server", "two words").await;
        browser.wait_for("Write letters, digits, hyphens and underscores").await;
        browser.fill("textbox", "What it calls the server", "acme").await;
        browser.wait_until_gone("Write letters").await;
        browser.wait_for("--scope user acme ").await;
    })
    .await;
}

/// So a fetch fails that is sent to sign in elsewhere.
#[tokio::test]
async fn whoever_has_to_sign_in_elsewhere_is_sent_there() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.click("link", "MCP Connect").await;
        browser.ask("window.fetch = () => Promise.reject(new TypeError('refused')); return true", vec![]).await;
        browser.fill("textbox", "What it calls the server", "elsewhere").await;
        browser.wait_for("mcp add --transport http --scope user elsewhere").await;
        let is_own = "return String(window.fetch).includes('native')";
        assert_eq!(browser.ask(is_own, vec![]).await, true, "the page was loaded anew");
    })
    .await;
}
