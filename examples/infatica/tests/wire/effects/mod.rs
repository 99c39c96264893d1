//! Every tool, without exception: what it changes is shown by another, and what it must not do it
//! refuses. The areas have tests of their own that go deeper.
//!
//! A new tool is a row in `areas`: of its area among the effects, and of `refusals`.

mod areas;
mod effect;
mod story;

use std::collections::{BTreeMap, BTreeSet};

use infatica_tools::SERVER;
use serde_json::Value;

use crate::{
    account::{Account, start},
    site::Site,
};
use effect::Effect;

pub(crate) use areas::{effects, refusals};
pub(crate) use story::Story;

/// The tools that the server has, with what the list says of each.
fn declared() -> BTreeMap<String, Value> {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("the generated list");
    list.into_iter().map(|tool| (tool["name"].as_str().expect("a name").to_owned(), tool)).collect()
}

fn names(tools: &BTreeMap<String, Value>, are_wanted: impl Fn(&Value) -> bool) -> BTreeSet<&str> {
    tools.iter().filter(|(_, tool)| are_wanted(tool)).map(|(name, _)| name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tool_is_forgotten() {
    let tools = declared();
    let reads = |tool: &Value| tool["annotations"]["readOnlyHint"] == true;
    let effects = effects(&Site::start().await);
    let changing: BTreeSet<&str> = effects.iter().map(|effect| effect.by.0).collect();
    assert_eq!(changing, names(&tools, |tool| !reads(tool)), "every tool that writes has an effect");
    let showing: BTreeSet<&str> = effects.iter().flat_map(Effect::shows).collect();
    let showing: BTreeSet<&str> = showing.difference(&changing).copied().collect();
    assert_eq!(showing, names(&tools, reads), "every tool that reads shows one");
    let refusing: BTreeSet<&str> = refusals().iter().map(|row| row.0).collect();
    assert_eq!(refusing, names(&tools, |_| true), "every tool refuses something");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_changes_is_shown_by_another() {
    let site = Site::start().await;
    let server = start(&[]);
    for (number, effect) in effects(&site).into_iter().enumerate() {
        Story::of(&server, number).tell(&effect).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_must_not_do_it_refuses() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (tool, arguments, expected) in refusals() {
        let refusal = account.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with(expected), "{tool} with {arguments}: {refusal}");
    }
}
