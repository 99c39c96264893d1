//! The command `credits`: what is given to accounts, and what is corrected.

use serde_json::json;

use crate::{
    account::{Account, start},
    store,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_and_adjusted_is_in_the_balance() {
    let server = start(&["--opening-credits=100"]);
    let mut account = Account::named(&server, "acme");
    let mut stranger = Account::named(&server, "stranger");
    account.call("refresh_balance", json!({})).await;
    for (arguments, said) in [
        (["grant", "500", "--reason", "paid by invoice 17"], "the account `acme` has +500 credits"),
        (["adjust", "-20", "--reason", "counted twice"], "the account `acme` has -20 credits"),
        (["adjust", "5", "--reason", "rounded up"], "the account `acme` has +5 credits"),
    ] {
        let ran = server.command(&[&["credits"], &arguments[..], &["--account", "acme"]].concat());
        assert_eq!((ran.status.code(), ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
        assert_eq!(ran.stderr.trim(), said);
    }
    let checked = account.call("check_balance", json!({})).await;
    assert_eq!((&checked["balance"], &checked["change_since"]), (&json!(100), &json!(485)));
    assert_eq!(account.call("refresh_balance", json!({})).await["balance"], 585);
    assert_eq!(stranger.call("check_balance", json!({})).await["balance"], 100);

    let log = account.call("get_audit_log", json!({"via": "session"})).await;
    let actions: Vec<_> = log["entries"].as_array().expect("entries").iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["credits.adjusted", "credits.adjusted", "credits.granted"]);
    let ledger = "SELECT kind || ' ' || credits || ' ' || reason FROM ledger ORDER BY seq";
    let entries = ["grant 500 paid by invoice 17", "adjustment -20 counted twice", "adjustment 5 rounded up"];
    assert_eq!(store::column(&server, ledger).await, entries);
}

#[test]
fn what_changes_nothing_is_refused() {
    let server = start(&[]);
    for arguments in [
        &["grant", "0", "--reason", "nothing"][..],
        &["grant", "-5", "--reason", "less"],
        &["adjust", "0", "--reason", "nothing"],
        &["adjust", "1.5", "--reason", "half"],
        &["grant", "5"],
        &["grant", "5", "--reason", ""],
    ] {
        let ran = server.command(&[&["credits"], arguments].concat());
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {}", ran.stderr);
    }
}
