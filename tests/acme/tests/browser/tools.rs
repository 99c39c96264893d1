//! What scopes unlock, and which ones tools need: live, and as the one authorization says.

use acme_tools::SERVER;
use serde_json::{Value, json};
use toolwright_browser::{Browser, browse};
use toolwright_core::{Access, ScopeId, ScopeSet, authorize};
use toolwright_tests::Server;

use crate::ACME;

/// Clicks through every combination of the boxes with some names, each once and one click from the last (a Gray code), and
/// writes down what is ticked and unlocked then.
const EVERY: &str = "
    const [names] = arguments;
    const name = (box) => box.dataset.scope ? box.value : box.closest('label').textContent.trim();
    const boxes = [...document.querySelectorAll('[data-scope], [data-tool]')].filter((box) => names.includes(name(box)));
    const seen = [];
    const of = (kind) => [...document.querySelectorAll(`[data-${kind}]`)].filter((box) => box.checked);
    for (let step = 0; step < 1 << boxes.length; step += 1) {
        if (step > 0) {
            boxes[31 - Math.clz32(step & -step)].click();
        }
        const rows = document.querySelectorAll('[data-unlocks][data-standing=unlocked] [data-tool]');
        seen.push({
            scopes: of('scope').map(name),
            tools: of('tool').map(name),
            unlocked: [...rows].map(name),
            count: document.querySelector('[data-count]').textContent,
        });
    }
    return seen;";

fn words(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|word| word.as_str().expect("a word")).collect()
}

fn set(scopes: &Value) -> ScopeSet {
    words(scopes).into_iter().map(|name| SERVER.scopes().find(name).expect("a scope")).collect()
}

/// The tools that a set of scopes lets somebody call.
fn unlocked(held: ScopeSet) -> Vec<&'static str> {
    let tools = SERVER.tools.iter().filter(|tool| authorize(SERVER.scopes(), &tool.requirement, held).is_ok());
    tools.map(|tool| tool.name).collect()
}

/// How much a set allows: less is better, first of what writes.
fn weight(held: ScopeSet) -> (usize, usize) {
    let wide: Vec<ScopeId> = SERVER.scopes().widen(held).iter().collect();
    let writes = wide.iter().filter(|id| SERVER.scopes().get(**id).access != Access::Read).count();
    (writes, wide.len())
}

async fn open_tools(browser: &Browser, server: &Server) {
    browser.sign_in(server).await;
    browser.click("link", "Tools").await;
    browser.find("heading", "Tools").await;
}

#[tokio::test]
async fn scopes_show_what_they_unlock_as_the_authorization_says() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        open_tools(browser, &server).await;
        let scopes: Vec<_> = SERVER.scopes.iter().map(|scope| &scope.name).collect();
        let seen = browser.ask(EVERY, vec![json!(scopes)]).await;
        let seen = seen.as_array().expect("what was seen");
        assert_eq!(seen.len(), 1 << SERVER.scopes.len());
        for state in seen {
            let expected = unlocked(set(&state["scopes"]));
            let count = format!("{} of {} tools unlocked", expected.len(), SERVER.tools.len());
            assert_eq!(state["count"], count, "{state}");
            // Where nothing is ticked, nothing is told of a single tool.
            let told = words(&state["unlocked"]);
            assert!(told == expected || state["scopes"] == json!([]) && told.is_empty(), "{state}: {expected:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn tools_tick_the_least_scopes_that_they_need() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        open_tools(browser, &server).await;
        // The others need none, and change nothing.
        let tools = SERVER.tools.iter().filter(|tool| !tool.requirement.is_session());
        let tools: Vec<_> = tools.map(|tool| tool.name).collect();
        let seen = browser.ask(EVERY, vec![json!(tools)]).await;
        let seen = seen.as_array().expect("what was seen");
        assert_eq!(seen.len(), 1 << tools.len());
        let sets: Vec<ScopeSet> = (0..1u64 << SERVER.scopes.len())
            .map(|bits| (0..64).filter(|at| bits & (1 << at) != 0).map(ScopeId).collect())
            .collect();
        for state in seen {
            let (held, tools) = (set(&state["scopes"]), words(&state["tools"]));
            let does = |held: ScopeSet| tools.iter().all(|tool| unlocked(held).contains(tool));
            assert!(does(held), "{state}");
            let least = sets.iter().filter(|other| does(**other)).map(|other| weight(*other)).min();
            assert_eq!(Some(weight(held)), least, "{state}");
            let spare = held.iter().find(|one| does(held.iter().filter(|id| id != one).collect()));
            assert_eq!(spare, None, "{state}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_ticked_by_hand_stays() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        open_tools(browser, &server).await;
        let ticked = async || {
            let script = "return [...document.querySelectorAll('[data-scope], [data-tool]')].filter(box => box.checked)
                .map(box => box.closest('li, label').querySelector('code').textContent)";
            browser.ask(script, vec![]).await
        };
        browser.click("checkbox", "keys:read").await;
        browser.click("checkbox", "price_notes").await;
        assert_eq!(ticked().await, json!(["notes:read", "billing:read", "keys:read", "price_notes"]));
        // What the tool needs goes with it, and what a person has ticked does not.
        browser.click("checkbox", "price_notes").await;
        assert_eq!(ticked().await, json!(["keys:read"]));
        // A scope that is taken away takes the tools that need it.
        browser.click("checkbox", "add_note").await;
        browser.click("checkbox", "count_notes").await;
        browser.click("checkbox", "notes:write").await;
        let left = ticked().await;
        assert!(!words(&left).contains(&"add_note"), "{left}");
        // Then a token can be made with what was found.
        browser.click("button", "New key with these").await;
        browser.find("heading", "New Access Key").await;
    })
    .await;
}

#[tokio::test]
async fn tools_are_searched_by_their_words() {
    let server = Server::of(ACME).start();
    browse(async |browser| {
        open_tools(browser, &server).await;
        let tools = async || {
            let script =
                "return [...document.querySelectorAll('tr[data-unlocks]')].filter(row => row.checkVisibility())
                .map(row => row.querySelector('code').textContent)";
            browser.ask(script, vec![]).await
        };
        assert_eq!(words(&tools().await).len(), SERVER.tools.len());
        browser.fill("searchbox", "Search", "Delete NOTE").await;
        let found = tools().await;
        assert!(words(&found).contains(&"delete_note") && !words(&found).contains(&"whoami"), "{found}");
        browser.fill("searchbox", "Search", "nothing is called so").await;
        assert_eq!(tools().await, json!([]));
        browser.wait_for("No tool has these words.").await;
        browser.assert_usable("tools-none").await;
    })
    .await;
}
