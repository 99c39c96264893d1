//! The settings in a browser, with what is Infatica's own.

#![cfg(unix)]

use toolwright_browser::browse;
use toolwright_tests::Server;

const KEY: &str = "sk-of-a-language-model-9f2c";

#[tokio::test]
async fn a_key_is_added_shown_masked_and_deleted() {
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.click("link", "Keys").await;
        browser.wait_for("None is stored.").await;
        browser.assert_usable("keys-none").await;
        browser.fill("textbox", "Name", "mine").await;
        browser.fill("textbox", "URL of the endpoint", "https://models.example.com/v1").await;
        browser.fill("textbox", "Model", "model-1").await;
        browser.fill("textbox", "Key", KEY).await;
        browser.click("button", "Add").await;
        browser.wait_for("…9f2c").await;
        let page = browser.ask("return document.documentElement.outerHTML", vec![]).await;
        assert!(!page.as_str().expect("a page").contains(KEY), "it is never sent back");
        browser.assert_usable("keys").await;

        browser.click("button", "Delete mine").await;
        browser.find("dialog", "Delete mine?").await;
        browser.assert_usable("keys-delete").await;
        browser.click("button", "Keep it").await;
        browser.click("button", "Delete mine").await;
        browser.click("button", "Delete").await;
        browser.wait_for("None is stored.").await;
    })
    .await;
}

#[tokio::test]
async fn all_of_its_tools_have_room() {
    let server = Server::of(env!("CARGO_BIN_EXE_infatica")).start();
    browse(async |browser| {
        browser.sign_in(&server).await;
        browser.assert_usable("infatica-tokens").await;
        browser.click("link", "Tools").await;
        browser.wait_for("of 29 tools unlocked").await;
        browser.click("checkbox", "create_run").await;
        browser.assert_usable("infatica-tools").await;
    })
    .await;
}
