//! Balances: by the ledger, and by a billing system that may be slow, wrong or down.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Executor as _;
use tokio::net::TcpListener;
use toolwright_tests::{Client, Revision, Server, run};

use crate::{
    account::{Account, again, server, start, text},
    billing::{BillingSystem, Question, Say, balance},
    site::Site,
    store,
};

/// What is presented to the billing system, and must not be found anywhere.
const TOKEN: &str = "billing-canary-8sKd92LmQpX4";

impl Account {
    async fn check(&mut self) -> Value {
        self.call("check_balance", json!({})).await
    }

    async fn refresh(&mut self) -> Value {
        self.call("refresh_balance", json!({})).await
    }

    /// What the account's requests have cost.
    async fn spent(&mut self) -> i64 {
        let summary = self.call("get_usage_summary", json!({})).await;
        summary["total"]["credits"].as_i64().expect("credits")
    }
}

fn start_with(billing: &BillingSystem, arguments: &[&str]) -> Server {
    let url = format!("--balance-url={}", billing.url());
    arguments
        .iter()
        .fold(server(&[&url]), |server, argument| server.arg(*argument))
        .env("INFATICA_BALANCE_TOKEN", TOKEN)
        .start()
}

fn as_of(balance: &Value) -> Timestamp {
    text(&balance["as_of"]).parse().expect("a time")
}

/// A balance without its time.
fn timeless(balance: &Value) -> Value {
    let mut balance = balance.clone();
    balance.as_object_mut().expect("a balance").shift_remove("as_of");
    balance
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_has_what_an_account_started_with_and_what_it_used() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let by_ledger = |balance: i64, change_since: i64| {
        json!({
            "account": "local", "balance": balance, "unit": "credits", "source": "ledger",
            "change_since": change_since, "status": "active",
        })
    };
    assert_eq!(timeless(&account.check().await), by_ledger(10_000, 0));

    // Until it is asked for, the balance is what the ledger says at the time.
    account.collect("text", &site.urls(&["/page/1", "/status/404", "/page/2"])).await;
    account.collect("raw", &["http://127.0.0.1:1/".to_owned()]).await;
    assert_eq!(account.spent().await, 5);
    assert_eq!(timeless(&account.check().await), by_ledger(9_995, 0));

    // From then on it is the one that was asked for; what was used since is told beside it.
    let refreshed = account.refresh().await;
    assert_eq!(timeless(&refreshed), by_ledger(9_995, 0));
    account.collect("raw", &site.urls(&["/page/3"])).await;
    let checked = account.check().await;
    assert_eq!(timeless(&checked), by_ledger(9_995, -1));
    assert_eq!(checked["as_of"], refreshed["as_of"]);
    let again = account.refresh().await;
    assert_eq!(timeless(&again), by_ledger(9_994, 0));
    assert!(as_of(&again) > as_of(&refreshed));
    assert_eq!(account.check().await, again);

    let mut stranger = Account::named(&server, "stranger");
    let balance = stranger.check().await;
    assert_eq!((&balance["account"], &balance["balance"]), (&json!("stranger"), &json!(10_000)));
    let log = account.call("get_audit_log", json!({"action": "balance.refreshed"})).await;
    assert_eq!((&log["total"], &log["entries"][0]["object_id"]), (&json!(2), &json!("local")));
}

/// What an account starts with, and how it stands after 2 credits were used.
const STATUSES: &[(&str, i64, &str)] = &[
    ("503", 501, "active"),
    ("502", 500, "active"),
    ("501", 499, "low"),
    ("3", 1, "low"),
    ("2", 0, "exhausted"),
    ("0", -2, "exhausted"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_what_is_left_and_stops_nothing() {
    let site = Site::start().await;
    for (opening, left, status) in STATUSES {
        let server = start(&[&format!("--opening-credits={opening}")]);
        let mut account = Account::of(&server);
        let opening: i64 = opening.parse().expect("a number");
        assert_eq!(account.refresh().await["balance"], opening);
        let run = account.collect("text", &site.urls(&["/page/1"])).await;
        assert_eq!(run["run"]["status"], "completed", "{opening}");
        // What was used since it was asked for counts.
        let checked = account.check().await;
        assert_eq!((&checked["balance"], &checked["status"]), (&json!(opening), &json!(status)));
        let refreshed = account.refresh().await;
        assert_eq!((&refreshed["balance"], &refreshed["status"]), (&json!(left), &json!(status)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_sees_the_balance() {
    let server = start(&[]);
    let mut signed_in = Account::with_token(&server, &server.token_for("owner", "none", &[]));
    assert_eq!(signed_in.check().await["account"], "owner");
    assert_eq!(signed_in.refresh().await["balance"], 10_000);
    for token in [None, Some("infpat_unknown")] {
        let mut client = Client::http(server.url(), token, Revision::V2026_07_28);
        for tool in ["check_balance", "refresh_balance"] {
            assert_eq!(client.call(tool, json!({})).await.status, Some(401), "{tool} with {token:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_billing_system_is_asked_for_the_account_when_that_is_wanted() {
    let site = Site::start().await;
    let billing = BillingSystem::start(Say::balance(250)).await;
    let server = start_with(&billing, &[]);
    let mut account = Account::named(&server, "a&account=b #1");
    assert_eq!(account.check().await["source"], "ledger");
    assert_eq!(billing.questions(), []);

    account.collect("text", &site.urls(&["/page/1"])).await;
    let refreshed = account.refresh().await;
    let expected = json!({
        "account": "a&account=b #1", "balance": 250, "unit": "credits", "source": "upstream",
        "change_since": 0, "status": "low",
    });
    assert_eq!(timeless(&refreshed), expected);
    let question = Question {
        parameters: vec![("account".to_owned(), "a&account=b #1".to_owned())],
        authorization: Some(format!("Bearer {TOKEN}")),
    };
    assert_eq!(billing.questions(), [question]);
    assert_eq!(account.check().await, refreshed);

    // What is used from then on is not in it.
    billing.say(Say::balance(-3));
    account.collect("text", &site.urls(&["/page/1"])).await;
    let checked = account.check().await;
    assert_eq!((&checked["balance"], &checked["change_since"]), (&json!(250), &json!(-2)));
    assert_eq!(billing.questions().len(), 1);
    let refreshed = account.refresh().await;
    assert_eq!((&refreshed["balance"], &refreshed["status"]), (&json!(-3), &json!("exhausted")));
}

/// What goes wrong with a billing system, and what is said of it.
fn faults(elsewhere: &str) -> Vec<(Say, &'static str)> {
    let at = |status, body: &str| Say::At(status, body.to_owned());
    vec![
        (at(500, "down"), "it answered with HTTP status 500 Internal Server Error"),
        (at(401, &format!("the token {TOKEN} is unknown")), "it answered with HTTP status 401 Unauthorized"),
        (at(403, &format!("{}{TOKEN}", "x".repeat(290))), "it answered with HTTP status 403 Forbidden"),
        (at(404, &"x".repeat(100_000)), "it answered with HTTP status 404 Not Found"),
        (at(204, ""), "its answer is not JSON: "),
        (Say::Elsewhere(elsewhere.to_owned()), "it answered with HTTP status 302 Found"),
        (at(200, ""), "its answer is not JSON: "),
        (at(200, "<html>"), "its answer is not JSON: "),
        (at(200, r#"{"balance": 7"#), "its answer is not JSON: "),
        (at(200, "7"), "its answer is not what was expected: "),
        (at(200, "{}"), "its answer is not what was expected: missing field `unit`"),
        (at(200, r#"{"unit": "credits"}"#), "its answer is not what was expected: missing field `balance`"),
        (at(200, r#"{"balance": 7}"#), "its answer is not what was expected: missing field `unit`"),
        (at(200, r#"{"balance": 7, "unit": "USD"}"#), "its answer is not what was expected: unknown variant `USD`"),
        (at(200, r#"{"balance": 7.5, "unit": "credits"}"#), "its answer is not what was expected: "),
        (at(200, r#"{"balance": "7", "unit": "credits"}"#), "its answer is not what was expected: "),
        (at(200, r#"{"balance": 9223372036854775808, "unit": "credits"}"#), "its answer is not what was expected: "),
        (
            at(200, &format!(r#"{{"balance": 7, "unit": "{TOKEN}"}}"#)),
            "its answer is not what was expected: unknown variant `[redacted]`",
        ),
        (at(200, &" ".repeat(64 * 1024 + 1)), "its answer has more than 65536 bytes"),
        (Say::Never, "it has not answered within 1 s"),
        (Say::Begin, "it has not answered within 1 s"),
        (Say::BreakOff, "it cannot be reached: its answer broke off"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_system_that_fails_leaves_the_balance_as_it_was() {
    let other = BillingSystem::start(Say::balance(7)).await;
    let billing = BillingSystem::start(Say::balance(600)).await;
    let server = start_with(&billing, &["--balance-seconds=1"]);
    let mut account = Account::of(&server);
    let known = account.refresh().await;
    for (at, (say, expected)) in faults(other.url()).into_iter().enumerate() {
        billing.say(say);
        let refusal = account.refusal("refresh_balance", json!({})).await;
        let expected = format!("unavailable: the billing system was asked in vain: {expected}");
        assert!(refusal.starts_with(&expected), "{at}: {refusal}");
        assert!(refusal.contains("; the balance is kept as it was"), "{at}: {refusal}");
        assert!(!refusal.contains(TOKEN), "{at}: {refusal}");
        assert_eq!(account.check().await, known, "{at}");
    }
    assert_eq!(other.questions(), []);
    assert_eq!(account.call("get_audit_log", json!({})).await["total"], 1);
    server.wait_for_line(&["the billing system was asked in vain", "the token [redacted] is unknown"]);
    // Not even its beginning, where what is repeated ends.
    assert!(!server.log().contains(&TOKEN[..9]), "{}", server.log());

    billing.say(Say::balance(601));
    assert_eq!(account.refresh().await["balance"], 601);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_system_that_is_down_leaves_the_ledger() {
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let server = start(&[&format!("--balance-url=http://localhost:{port}/")]);
    let mut account = Account::of(&server);
    let refusal = account.refusal("refresh_balance", json!({})).await;
    assert!(refusal.contains("it cannot be reached: Connection refused"), "{refusal}");
    assert_eq!(account.check().await["source"], "ledger");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_an_earlier_question_does_not_replace_a_later_one() {
    let billing = BillingSystem::start(Say::Held(balance(1_000))).await;
    let first = start_with(&billing, &["--balance-seconds=30"]);
    let second = again(&first, &[&format!("--balance-url={}", billing.url())]);
    let mut account = Account::of(&first);
    let token = second.token("second", &[]);

    let slow = tokio::spawn(async move {
        let answer = account.refresh().await;
        (account, answer)
    });
    billing.asked(1).await;
    billing.say(Say::balance(900));
    let mut other = Account::with_token(&second, &token);
    let latest = other.refresh().await;
    assert_eq!(latest["balance"], 900);

    billing.open_gate();
    let (mut account, answer) = slow.await.expect("an answer");
    assert_eq!(answer, latest);
    assert_eq!(account.check().await, latest);
    assert_eq!(other.check().await, latest);
    assert_eq!(account.call("get_audit_log", json!({})).await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_can_ask_at_the_same_time() {
    let billing = BillingSystem::start(Say::balance(800)).await;
    let first = start_with(&billing, &[]);
    let second = again(&first, &[]);
    let mut tasks = Vec::new();
    for number in 0..16 {
        let server = if number % 2 == 0 { &first } else { &second };
        let mut account = Account::with_token(server, &server.token(&format!("number {number}"), &["runs:read"]));
        tasks.push(tokio::spawn(async move {
            let answer = account.refresh().await;
            let checked = account.check().await;
            assert!(as_of(&checked) >= as_of(&answer), "{answer} {checked}");
            as_of(&checked)
        }));
    }
    let mut latest = Vec::new();
    for task in tasks {
        latest.push(task.await.expect("a balance"));
    }
    let kept = Account::of(&second).check().await;
    assert_eq!(Some(as_of(&kept)), latest.into_iter().max());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_keeps_its_entries() {
    let site = Site::start().await;
    let server = start(&[]);
    Account::of(&server).collect("text", &site.urls(&["/page/1"])).await;
    let mut database = store::open(&server).await;
    for statement in [
        "UPDATE ledger SET credits = -1",
        "DELETE FROM ledger",
        "INSERT INTO ledger (account, at, kind, credits, usage) SELECT account, at, kind, credits, usage FROM ledger",
    ] {
        database.execute(statement).await.expect_err(statement);
        let entries = store::column(&server, "SELECT credits || ' for ' || usage FROM ledger").await;
        assert_eq!(entries, ["-2 for 1"], "{statement}");
    }
}

/// URLs that no token is sent to, and why.
const REFUSED: &[(&str, &str)] = &[
    ("billing.example.com", "it is no URL"),
    ("ftp://billing.example.com/", "it must start with https://"),
    ("http://billing.example.com/", "it must start with https://"),
    ("http://10.0.0.1/", "it must start with https://"),
    ("http://localhost.example.com/", "it must start with https://"),
    ("https://user@billing.example.com/", "it has a user name or password"),
    ("https://:word@billing.example.com/", "it has a user name or password"),
    ("https://billing.example.com/#balance", "it has a `#`"),
];

#[test]
fn a_billing_system_is_asked_in_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    for (url, expected) in REFUSED {
        // The second fault ends it where the first is none.
        let arguments = ["serve", "--balance-url", url, "--opening-credits=none"];
        let ran = run(env!("CARGO_BIN_EXE_infatica"), folder.path(), &arguments);
        assert_eq!(ran.status.code(), Some(2), "{url}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{url}: {}", ran.stderr);
    }
}
