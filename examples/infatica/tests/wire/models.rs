//! The keys that language models are asked with, by a server that runs: whose is taken, and that no
//! fault shows one.

use std::{fs, io::Write as _, path::Path};

use serde_json::{Value, json};
use toolwright_tests::{Server, ServerBuilder};

use crate::{
    account::{Account, is_over, server, text},
    keys::{CANARY, add_for, found_in_files, keys},
    model::{Manner, Model},
    site::Site,
    store,
};

/// The key of the server's own endpoint, which must not be found anywhere either.
const SERVERS_CANARY: &str = "canary.of.the.server.Gh5Jk8Lz";

/// Starts a server with little room for an answer, where analyses enough for every case are made at once.
fn start(arguments: &[&str]) -> Server {
    with_room(arguments).start()
}

fn with_room(arguments: &[&str]) -> ServerBuilder {
    server(&[&["--llm-bytes=10000", "--analysis-concurrency=40"], arguments].concat())
}

/// A run of an account with a page.
async fn run(account: &mut Account, site: &Site) -> Value {
    account.collect("text", &site.urls(&["/page/1"])).await["run"]["id"].clone()
}

/// Ways to go wrong, and what an account is told of each.
fn faults(elsewhere: &Model) -> Vec<(Manner, &'static str)> {
    let echo = "This went wrong with [redacted].";
    vec![
        (Manner::Fails(400), echo),
        (Manner::Fails(401), "it refuses the key (HTTP status 401 Unauthorized)"),
        (Manner::Fails(403), "it refuses the key (HTTP status 403 Forbidden)"),
        (Manner::Fails(404), echo),
        (Manner::Fails(429), echo),
        (Manner::Fails(500), echo),
        (Manner::IsBusy { retry_after: "1" }, "HTTP status 429 Too Many Requests"),
        (Manner::SendsTo(elsewhere.base_url()), "HTTP status 307 Temporary Redirect"),
        (Manner::Waits("Too late."), "it has not answered within 1 s"),
        (Manner::Stalls, "it has not answered within 1 s"),
        (Manner::BreaksOff, "it cannot be reached: "),
        (Manner::Floods(10_000), "its answer has more than 10000 bytes"),
        (Manner::Says("<html>"), "its answer is not JSON: "),
        (Manner::Says("{}"), "its answer is no chat completion: "),
        (Manner::Says(r#"{"choices": []}"#), "it answered with nothing"),
        (Manner::Ends("length"), "its answer was cut off at the longest that it writes"),
        (Manner::Ends("content_filter"), "it refuses to answer this"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_shows_the_key_that_it_names() {
    let (site, elsewhere) = (Site::start().await, Model::start().await);
    let (patient, impatient) = (start(&[]), start(&["--llm-seconds=1"]));
    let mut started = Vec::new();
    for (at, (manner, told)) in faults(&elsewhere).into_iter().enumerate() {
        let (name, model) = (format!("account{at}"), Model::start().await);
        model.behave([manner.clone()]);
        let server = if manner.is_late() { &impatient } else { &patient };
        add_for(server.folder(), &name, "Mine", &model.base_url(), CANARY);
        let mut account = Account::named(server, &name);
        let run_id = run(&mut account, &site).await;
        let analysis = account.call("create_analysis", json!({"run_id": run_id})).await;
        started.push((manner, told, model, account, run_id, json!({"analysis_id": analysis["id"]})));
    }
    for (manner, told, model, mut account, run_id, analysis) in started {
        let failed = account.until("get_analysis", analysis.clone(), is_over).await;
        let error = text(&failed["error"]);
        let named = "the language model of the key `Mine` gave no usable answer: ";
        assert!(error.starts_with(named) && error.contains(told), "{manner:?}: {error}");
        assert!(model.asked().iter().all(|asked| asked.key() == Some(CANARY)));
        for (tool, arguments) in [
            ("get_analysis", analysis),
            ("list_analyses", json!({"run_id": run_id})),
            ("list_usage_events", json!({})),
            ("get_audit_log", json!({})),
        ] {
            let answer = account.call(tool, arguments).await.to_string();
            assert!(!answer.contains(CANARY), "{manner:?}, {tool}: {answer}");
        }
    }
    assert!(elsewhere.asked().is_empty(), "a redirect was followed");
    no_key_is_anywhere(&patient, CANARY).await;
    no_key_is_anywhere(&impatient, CANARY).await;
}

/// Neither in the log, nor in a file, nor in what SQL finds.
async fn no_key_is_anywhere(server: &Server, key: &str) {
    assert!(!server.log().contains(key), "{}", server.log());
    assert!(!store::dump(server).await.contains(key));
    assert!(!found_in_files(server.folder(), key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_learns_of_keys_that_come_and_go() {
    let site = Site::start().await;
    let (first, second) = (Model::start().await, Model::start().await);
    second.behave([Manner::Repeats]);
    let server = start(&[]);
    let folder = server.folder();
    let mut account = Account::of(&server);
    let run_id = run(&mut account, &site).await;
    let made_by = async |account: &mut Account| account.analyse(&run_id, "summary").await["result"]["made_by"].clone();
    assert_eq!(made_by(&mut account).await, "builtin");

    add_for(folder, "local", "First", &first.base_url(), CANARY);
    assert_eq!(made_by(&mut account).await, "model");
    keys(folder, &["rewrap"]);
    assert_eq!(made_by(&mut account).await, "model");
    assert_eq!((first.asked().len(), first.asked()[1].key()), (2, Some(CANARY)));

    // What an endpoint repeats of the key is not kept.
    add_for(folder, "local", "Second", &second.base_url(), SERVERS_CANARY);
    let repeated = account.analyse(&run_id, "summary").await["result"].clone();
    assert!(text(&repeated["summary"]).starts_with("You sent [redacted] and "), "{repeated:#}");
    assert_eq!((&repeated["model"], second.asked().len()), (&json!("[redacted]"), 1));

    keys(folder, &["delete", "Second"]);
    assert_eq!((made_by(&mut account).await, first.asked().len()), (json!("model"), 3));
    keys(folder, &["delete", "First"]);
    assert_eq!((made_by(&mut account).await, first.asked().len()), (json!("builtin"), 3));
    for key in [CANARY, SERVERS_CANARY] {
        no_key_is_anywhere(&server, key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_model_writes_for_accounts_without_a_key_and_says_nothing_of_itself() {
    let (site, of_server, of_account) = (Site::start().await, Model::start().await, Model::start().await);
    let url = of_server.base_url();
    let server = with_room(&[])
        .arg(format!("--llm-url={url}"))
        .arg("--llm-model=theirs")
        .env("INFATICA_LLM_KEY", SERVERS_CANARY)
        .start();
    add_for(server.folder(), "owner", "Mine", &of_account.base_url(), CANARY);
    let mut owner = Account::named(&server, "owner");
    let mut other = Account::named(&server, "other");
    let (of_owner, of_other) = (run(&mut owner, &site).await, run(&mut other, &site).await);
    assert_eq!(owner.analyse(&of_owner, "summary").await["result"]["made_by"], "model");
    assert_eq!(other.analyse(&of_other, "summary").await["result"]["made_by"], "model");
    assert_eq!((of_account.asked()[0].key(), of_server.asked()[0].key()), (Some(CANARY), Some(SERVERS_CANARY)));
    assert_eq!(of_server.asked()[0].body["model"], "theirs");

    // Why, is for the operator; an account's own model is not replaced by the server's.
    of_server.behave([Manner::Fails(400)]);
    of_account.behave([Manner::Fails(400)]);
    let failed = other.analyse(&of_other, "summary").await;
    let expected = "the server's language model gave no usable answer: HTTP status 400 Bad Request";
    let error = text(&failed["error"]);
    assert!(error.starts_with(expected) && !error.contains("This went wrong"), "{error}");
    server.wait_for_line(&["This went wrong with [redacted]", "the server's language model"]);
    assert_eq!(owner.analyse(&of_owner, "summary").await["status"], "failed");
    assert_eq!((of_account.asked().len(), of_server.asked().len()), (2, 2));
    for key in [CANARY, SERVERS_CANARY] {
        no_key_is_anywhere(&server, key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_endpoint_is_at_a_public_address_unless_the_operator_allows_it() {
    let (site, model) = (Site::start().await, Model::start().await);
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run_id = run(&mut account, &site).await;
    let elsewhere = model.base_url().replace("127.0.0.1", "127.0.0.2");
    for url in [elsewhere, "http://169.254.169.254/latest".to_owned(), "http://[::1]:1/v1".to_owned()] {
        add_for(server.folder(), "local", &url, &url, CANARY);
        let failed = account.analyse(&run_id, "summary").await;
        let expected = format!(
            "the language model of the key `{url}` gave no usable answer: it is at an address that is not public"
        );
        assert!(text(&failed["error"]).starts_with(&expected), "{failed:#}");
        assert_eq!(failed["attempts"], 1);
    }
    add_for(server.folder(), "local", "Absent", &Model::nowhere().await, CANARY);
    let absent = account.analyse(&run_id, "summary").await;
    let expected = "the language model of the key `Absent` gave no usable answer: it cannot be reached: ";
    assert!(text(&absent["error"]).starts_with(expected), "{absent:#}");
    assert_eq!(absent["attempts"], 3);
    assert!(model.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_is_lost_is_told_to_the_accounts_with_keys_and_no_other() {
    let (site, model) = (Site::start().await, Model::start().await);
    let server = start(&[]);
    add_for(server.folder(), "owner", "Mine", &model.base_url(), CANARY);
    let mut owner = Account::named(&server, "owner");
    let mut other = Account::named(&server, "other");
    let (of_owner, of_other) = (run(&mut owner, &site).await, run(&mut other, &site).await);
    let file = server.folder().join("data/infatica-store.db.key");
    let kept = fs::read(&file).expect("a key file");
    for wrong in [None, Some(vec![7; 32]), Some(vec![7; 31])] {
        match &wrong {
            None => fs::remove_file(&file).expect("a key file"),
            Some(wrong) => write_private(&file, wrong),
        }
        let failed = owner.analyse(&of_owner, "summary").await;
        let expected =
            "the stored key `Mine` cannot be read on this server; whoever runs it finds the reason in its log";
        assert!(text(&failed["error"]).starts_with(expected), "{wrong:?}: {failed:#}");
        assert_eq!(failed["attempts"], 1);
        assert_eq!(other.analyse(&of_other, "summary").await["result"]["made_by"], "builtin");
    }
    for reason in ["there is no key file", "it was sealed with another key file", "is no key file: it has 31 bytes"] {
        server.wait_for_line(&["the stored key `Mine` does not open", reason, "infatica-store.db.key"]);
    }
    assert!(model.asked().is_empty());
    write_private(&file, &kept);
    assert_eq!(owner.analyse(&of_owner, "summary").await["result"]["made_by"], "model");
}

/// Writes a file that only its owner can read.
fn write_private(file: &Path, content: &[u8]) {
    let mut temporary = tempfile::NamedTempFile::new_in(file.parent().expect("a folder")).expect("a file");
    temporary.write_all(content).expect("a file");
    temporary.persist(file).expect("a key file");
}
