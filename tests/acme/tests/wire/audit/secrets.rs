//! What is a secret by the manifest (`secret: omit`) is in no database, no log and no answer.

use serde_json::{Value, json};
use toolwright_tests::{Client, Postgres, Reply, Revision, Server, dump};

use super::{entries, servers};

const CANARY: &str = "canary-4c1d";

/// Calls with the canary in every place that a secret can stand in or be put into by mistake, and the arguments in the log.
fn cases() -> Vec<(&'static str, Value, Value)> {
    let long = format!("{CANARY}-and-more");
    vec![
        ("misbehave", json!({"how": "fail", "phrase": long}), json!({"how": "fail", "phrase": "[omitted]"})),
        // Too short, of another type, and under another name.
        ("misbehave", json!({"how": "fail", "phrase": &CANARY[..7]}), json!({"how": "fail", "phrase": "[omitted]"})),
        ("misbehave", json!({"how": "fail", "phrase": [CANARY]}), json!({"how": "fail", "phrase": "[omitted]"})),
        ("misbehave", json!({"how": "fail", "Phrase": CANARY}), json!({"how": "fail", "Phrase": "[omitted]"})),
        ("misbehave", json!({"how": CANARY.len(), "pass": {"word": CANARY}}), json!({"how": 11, "pass": "[omitted]"})),
        (
            "misbehave",
            json!({"how": "fail", "login": {"user": "ada", "passwords": [CANARY]}}),
            json!({"how": "fail", "login": {"user": "ada", "passwords": "[omitted]"}}),
        ),
        // Too many, of another type, under another name, without what is required, and as a text.
        (
            "misbehave",
            json!({"how": "fail", "login": {"user": "ada", "passwords": [CANARY, CANARY, CANARY]}}),
            json!({"how": "fail", "login": {"user": "ada", "passwords": "[omitted]"}}),
        ),
        (
            "misbehave",
            json!({"how": "fail", "login": {"passwords": CANARY, "passwort": CANARY}}),
            json!({"how": "fail", "login": {"passwords": "[omitted]", "passwort": "[omitted]"}}),
        ),
        (
            "misbehave",
            json!({"how": "fail", "login": format!("{{\"user\": \"ada\", \"passwords\": [\"{CANARY}\"]}}")}),
            json!({"how": "fail", "login": "[omitted]"}),
        ),
        (
            "misbehave",
            json!({"how": "fail", "login": [{"passwords": [CANARY]}]}),
            json!({"how": "fail", "login": ["[omitted]"]}),
        ),
        // In a question.
        ("print_note", json!({"note_id": "n1", "pin": CANARY}), json!({"note_id": "n1", "pin": "[omitted]"})),
    ]
}

/// What of a canary can be recognized.
fn assert_absent(text: &str, place: &str) {
    for part in [CANARY, &CANARY[..7]] {
        assert!(!text.contains(part), "{place} has it: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_argument_is_told_to_the_handler_only() {
    for server in servers("audit_secrets") {
        let token = server.token("careful", &["notes:write"]);
        let mut expected = Vec::new();
        for (tool, arguments, recorded) in cases() {
            let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
            let reply: Reply = client.call(tool, arguments.clone()).await;
            assert!(reply.is_tool_error(), "{arguments}: {reply:?}");
            assert_absent(&reply.body.to_string(), "an answer");
            expected.push(recorded);
            let mut asking =
                Client::http(server.url(), Some(&token), Revision::V2026_07_28).capable(json!({"elicitation": {}}));
            if tool == "print_note" {
                let asked = asking.call(tool, arguments).await;
                let question = asked.body["result"]["inputRequests"].to_string();
                assert!(question.contains("by the pin `[omitted]`"), "{asked:?}");
                assert_absent(&asked.body.to_string(), "a question");
                expected.push(expected[expected.len() - 1].clone());
            }
        }
        let entries = entries(&server, "careful", expected.len()).await;
        assert_eq!(entries.iter().map(|entry| entry["arguments"].clone()).collect::<Vec<_>>(), expected);
        assert_absent(&server.log(), "the log");
        assert_absent(&stored(&server).await, "the database");
    }
}

/// Everything that the database has.
async fn stored(server: &Server) -> String {
    let file = server.folder().join("data/acme.db");
    if file.exists() {
        return dump(&file, None).await;
    }
    let postgres = Postgres::shared().expect("it was there before");
    postgres.sql("audit_secrets", "SELECT audit::text FROM toolwright.audit")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_the_form_of_a_secret_is_not_recorded_and_long_texts_are_cut() {
    let server = &servers("audit_forms")[0];
    let token = server.token("loose", &["notes:write"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let text = |length: usize| "x".repeat(length);
    let many: Vec<String> = (0..400).map(|number| format!("{number}{}", text(60))).collect();
    let calls = [
        json!({"text": format!("my key is {token}, and https://ada:hunter2@db.example/x")}),
        json!({"text": text(700)}),
        json!({"labels": {"password": "hunter2", "plain": "kept"}}),
        json!({"numbers": (0..60).collect::<Vec<_>>()}),
        json!({"labels": many.iter().map(|text| (text.clone(), json!(text))).collect::<serde_json::Map<_, _>>()}),
    ];
    for arguments in &calls {
        client.call("echo", arguments.clone()).await.structured();
    }
    let recorded: Vec<_> =
        entries(server, "loose", calls.len()).await.iter().map(|entry| entry["arguments"].clone()).collect();
    assert_eq!(recorded[0]["text"], "my key is [redacted], and https://ada:[redacted]@db.example/x");
    assert_eq!(recorded[1]["text"], format!("{}…", text(500)));
    assert_eq!(recorded[2], json!({"labels": {"password": "[redacted]", "plain": "kept"}}));
    let mut numbers: Vec<Value> = (0..50).map(Value::from).collect();
    numbers.push("… and 10 more".into());
    assert_eq!(recorded[3]["numbers"], Value::from(numbers));
    assert!(recorded[4]["…"].as_str().is_some_and(|size| size.ends_with(" bytes")), "{}", recorded[4]);
}
