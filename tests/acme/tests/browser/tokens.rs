//! Making tokens, and revoking them.

use serde_json::json;
use toolwright_browser::{Browser, Key, browse};
use toolwright_tests::{Client, Revision, Server, Visitor};

use crate::{ACME, read_by_claude_code, status};

/// The token that the page shows, once.
async fn shown(browser: &Browser) -> String {
    let token = browser.find("group", "your key").await.text().await.expect("a text");
    assert!(token.starts_with("acme_") && token.len() == 45, "{token}");
    token
}

async fn status_of(server: &Server, token: &str, tool: &str) -> Option<u16> {
    Client::http(server.url(), Some(token), Revision::V2025_11_25).call(tool, json!({})).await.status
}

#[tokio::test]
async fn a_token_is_made_copied_used_and_revoked() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.fill("textbox", "Name", "laptop").await;
        browser.click("checkbox", "notes:read").await;
        browser.click("checkbox", "billing:read").await;
        browser.wait_for("8 of 12 tools unlocked").await;
        browser.click("button", "Create").await;

        browser.find("dialog", "laptop is ready").await;
        let token = shown(browser).await;
        browser.allow_clipboard().await;
        browser.click("radio", "Claude Code").await;
        browser.click("button", "Copy the command for Claude Code").await;
        browser.wait_for("Copied").await;
        let told = read_by_claude_code(&browser.clipboard().await, "ACME_KEY");
        assert_eq!((told.url.as_deref(), told.credential.as_str()), (Some(server.url()), &*format!("Bearer {token}")));
        assert_eq!(status(&told).await, 200);
        assert_eq!(status_of(&server, &token, "price_notes").await, Some(200));
        assert_eq!(status_of(&server, &token, "add_note").await, Some(403), "it has two scopes and no others");

        browser.click("button", "Check the connection").await;
        browser.wait_for("Connected to Acme Notes by revision 2026-07-28 of the protocol: 8 tools are listed.").await;
        browser.click("button", "Done").await;
        assert!(!browser.text().await.contains(&token), "it is shown once");

        browser.click("button", "Revoke laptop").await;
        browser.find("dialog", "Revoke laptop?").await;
        browser.click("button", "Keep it").await;
        assert_eq!(status(&told).await, 200, "nothing was agreed to");
        browser.click("button", "Revoke laptop").await;
        browser.click("button", "Revoke").await;
        browser.wait_for("laptop is revoked").await;
        assert_eq!(status(&told).await, 401);
        assert!(!browser.names("button").await.contains(&"Revoke laptop".to_owned()), "once is enough");
    })
    .await;
}

/// The same with the keyboard alone; no element is asked for what a key would not reach.
#[tokio::test]
async fn the_keyboard_is_enough() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.press(Key::Tab).await;
        let focused = "return document.activeElement.textContent";
        assert_eq!(browser.ask(focused, vec![]).await, "Skip to the content");
        browser.tab_to("textbox", "Name").await;
        browser.press("desk").await;
        browser.tab_to("checkbox", "notes:write").await;
        browser.press(" ").await;
        browser.tab_to("button", "Create").await;
        browser.press(Key::Enter).await;
        browser.find("dialog", "desk is ready").await;
        let token = shown(browser).await;
        assert_eq!(status_of(&server, &token, "list_notes").await, Some(200));
        // What is beneath the dialog cannot be reached.
        browser.allow_clipboard().await;
        browser.tab_to("radio", "Claude Code").await;
        browser.press(Key::Right).await;
        browser.tab_to("button", "Copy your key").await;
        browser.press(Key::Enter).await;
        browser.wait_for("Copied").await;
        assert_eq!(browser.clipboard().await, token);
        // It is shown this once: no slip puts it away.
        browser.press(Key::Escape).await;
        browser.press(Key::Escape).await;
        assert_eq!(shown(browser).await, token);
        browser.tab_to("button", "Done").await;
        browser.press(Key::Enter).await;

        browser.tab_to("button", "Revoke desk").await;
        browser.press(Key::Enter).await;
        browser.find("dialog", "Revoke desk?").await;
        // The answer that does nothing is the first.
        assert_eq!(browser.ask(focused, vec![]).await, "Keep it");
        browser.press(Key::Tab).await;
        browser.press(Key::Enter).await;
        browser.wait_for("desk is revoked").await;
        assert_eq!(status_of(&server, &token, "list_notes").await, Some(401));
    })
    .await;
}

#[tokio::test]
async fn tokens_are_made_and_revoked_without_scripts() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.scripts(false).await;
        browser.sign_in(&server).await;
        browser.fill("textbox", "Name", "plain").await;
        browser.click("checkbox", "notes:read").await;
        browser.click("button", "Create").await;
        browser.find("dialog", "plain is ready").await;
        let token = shown(browser).await;
        assert_eq!(status_of(&server, &token, "list_notes").await, Some(200));
        assert!(
            !browser.names("button").await.iter().any(|name| name.starts_with("Copy")),
            "nothing that does nothing"
        );
        browser.click("button", "Done").await;
        browser.click("button", "Revoke plain").await;
        browser.click("button", "Revoke").await;
        browser.wait_for("plain is revoked").await;
        assert_eq!(status_of(&server, &token, "list_notes").await, Some(401));

        // What scopes unlock is told by the server then.
        browser.click("link", "Tools").await;
        browser.click("checkbox", "billing:read").await;
        browser.click("button", "Show").await;
        browser.wait_for("5 of 12 tools unlocked").await;
    })
    .await;
}

/// A fault is said beside what it is about, and nothing that was written is lost.
#[tokio::test]
async fn a_form_with_a_fault_comes_back_as_it_was() {
    let server = Server::of(ACME).start();
    server.token("taken", &[]);
    browse(async |browser| {
        browser.expect_in_console("status of 422");
        browser.sign_in(&server).await;
        browser.fill("textbox", "Name", "taken").await;
        browser.click("checkbox", "notes:admin").await;
        browser.click("button", "Create").await;
        browser.wait_for("has this name").await;
        let name = browser.find("textbox", "Name").await;
        assert_eq!(name.value().await.expect("a value").as_deref(), Some("taken"));
        assert_eq!(name.attr("aria-invalid").await.expect("it can be asked").as_deref(), Some("true"));
        assert!(browser.find("checkbox", "notes:admin").await.is_selected().await.expect("it can be asked"));
        browser.assert_usable("tokens-fault").await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_signed_out_is_asked_to_sign_in() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.visit(&format!("{}/settings/connect", server.address())).await;
        browser.wait_for("acme sign-in").await;
        browser.assert_usable("sign-in").await;
        browser.sign_in(&server).await;
        let cookie = "return document.cookie";
        assert_eq!(browser.ask(cookie, vec![]).await, "", "no script can read it");
        browser.click("button", "Sign out").await;
        browser.wait_for("acme sign-in").await;
        browser.visit(&format!("{}/settings/tokens", server.address())).await;
        browser.wait_for("acme sign-in").await;
    })
    .await;
}

/// A page that was opened before the session ended can make nothing any more.
#[tokio::test]
async fn an_old_page_says_that_the_session_is_over() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        server.succeed(&["sign-out"]);
        browser.fill("textbox", "Name", "late").await;
        browser.expect_in_console("status of 403");
        browser.click("button", "Create").await;
        browser.wait_for("signed out").await;
        browser.assert_usable("failure").await;
        browser.click("link", "Back to your tokens").await;
        browser.wait_for("acme sign-in").await;
        assert!(!server.command(&["token", "list"]).stdout.contains("late"));
    })
    .await;
    // Signing in elsewhere shows what was never made.
    let visitor = Visitor::signed_in(&server, &[]).await;
    assert!(!visitor.get("/settings/tokens").await.html.contains("late"));
}
