//! That the harness of the browser tests sees what it is there to see, on pages made for it.

#![cfg(unix)]

use toolwright_browser::{Key, Scheme, Screen, browse};
use toolwright_tests::fake::{Fake, http};

/// Serves this body as a page, with a policy if there is one, and an image beside it.
async fn page(policy: &str, body: &str) -> Fake {
    let policy = if policy.is_empty() { String::new() } else { format!("\r\nContent-Security-Policy: {policy}") };
    let html = format!(
        "<!DOCTYPE html><html lang=en><title>Made for a test</title>
        <meta name=viewport content='width=device-width'><link rel=icon href='data:,'>{body}"
    );
    Fake::saying(http("200 OK", &format!("text/html; charset=utf-8{policy}"), &html)).await
}

#[tokio::test]
async fn a_page_is_used_as_it_is_called() {
    let page = page(
        "",
        "<main><h1>Greetings</h1><label>Whom <input id=whom></label><button type=button>Greet</button>
        <button type=button hidden>Greet</button><button type=button aria-label='Leave it'>x</button>
        <p id=said role=status></p></main><script>
        document.querySelector('button').onclick = () =>
            setTimeout(() => document.querySelector('#said').textContent = `Hello, ${document.querySelector('#whom').value}!`, 50)
        </script>",
    )
    .await;
    browse(async |browser| {
        browser.visit(page.address()).await;
        assert_eq!(browser.names("button").await, ["Greet", "Leave it"]);
        browser.fill("textbox", "Whom", "Ada").await;
        browser.click("button", "Greet").await;
        browser.wait_for("Hello, Ada!").await;
        browser.fill("textbox", "Whom", "Grace").await;
        browser.tab_to("button", "Greet").await;
        browser.press(Key::Enter).await;
        browser.wait_for("Hello, Grace!").await;
        browser.assert_usable("harness").await;

        let prefers = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]";
        browser.look(Screen::Phone, Scheme::Dark).await;
        assert_eq!(browser.ask(prefers, vec![]).await, serde_json::json!([390, true]));

        browser.scripts(false).await;
        browser.visit(page.address()).await;
        browser.click("button", "Greet").await;
        assert_eq!(browser.ask("return document.querySelector('#said').textContent", vec![]).await, "");
    })
    .await;
}

#[tokio::test]
async fn what_is_in_peoples_way_is_found() {
    const BODIES: [(&str, &str); 5] = [
        ("<main><h1>Fine</h1></main>", ""),
        ("<main><h1>Pale</h1><p style='color: #ccc'>Hardly to be read</p></main>", "color-contrast (serious)"),
        ("<main><h1>Nameless</h1><button></button></main>", "button-name (critical)"),
        ("<main><h1>Unlabelled</h1><input></main>", "label (critical)"),
        (
            "<main><h1>Wide</h1><div style='width: 1400px'>x</div></main>",
            "the page is wider than its window: <div style=\"width: 1400px\">",
        ),
    ];
    browse(async |browser| {
        for (body, expected) in BODIES {
            let page = page("", body).await;
            browser.visit(page.address()).await;
            let found = browser.obstacles().await;
            let as_expected = if expected.is_empty() { found.is_empty() } else { matches!(&found[..], [line] if line.starts_with(expected)) };
            assert!(as_expected, "{body}: {found:#?}");
        }
        // Light is right, and dark is not.
        let page = page("", "<style>@media (prefers-color-scheme: dark) { p { color: #ddd } }</style><main><h1>Dark</h1><p>Text</p></main>").await;
        browser.visit(page.address()).await;
        assert_eq!(browser.obstacles().await, [""; 0]);
        browser.look(Screen::Desktop, Scheme::Dark).await;
        assert_eq!(browser.obstacles().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_no_page_may_do_is_found() {
    const NONE: &str = "default-src 'none'; img-src data:";
    let elsewhere = Fake::saying(http("200 OK", "image/png", "")).await;
    let image = format!("<img alt='' src='{}/it.png'>", elsewhere.address());
    let pages = [
        ("", "<p>Nothing</p>", ""),
        ("", "<script>console.error('it went wrong')</script>", "it went wrong"),
        ("", "<script>nowhere()</script>", "nowhere is not defined"),
        (NONE, "<script>document.title = 'inline'</script>", "Content Security Policy"),
        (NONE, "<p style='color: red'>Inline</p>", "Content Security Policy"),
        ("", &image, elsewhere.address()),
        ("", "<img alt='' src='http://fonts.example.com/it.png'>", "fonts.example.com"),
    ];
    browse(async |browser| {
        for (policy, body, expected) in pages {
            let page = page(policy, body).await;
            browser.visit(page.address()).await;
            let faults = browser.faults().await;
            let as_expected =
                if expected.is_empty() { faults.is_empty() } else { faults.iter().any(|line| line.contains(expected)) };
            assert!(as_expected, "{body}: {faults:#?}");
        }
        let page = page("", "<script>console.error('it went wrong')</script>").await;
        browser.expect_in_console("went wrong");
        browser.visit(page.address()).await;
        assert_eq!(browser.faults().await, [""; 0]);
        browser.expect_in_console("went wrong");
        assert_eq!(browser.faults().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_clipboard_can_be_read() {
    let page = page("", "<button>Copy</button><script>document.querySelector('button').onclick = () => navigator.clipboard.writeText('copied text')</script>").await;
    browse(async |browser| {
        browser.allow_clipboard().await;
        // Only a page of a secure origin has a clipboard, and loopback is one.
        browser.visit(page.address()).await;
        browser.click("button", "Copy").await;
        assert_eq!(browser.clipboard().await, "copied text");
    })
    .await;
}
