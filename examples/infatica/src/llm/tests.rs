//! The client, held to a model that goes wrong in every way.

use std::{fs, time::Duration};

use clap::Parser;
use serde_json::json;
use tempfile::TempDir;
use toolwright_support::vault::VaultOption;

use super::*;
use crate::{
    collect::Recovery::{self, Later, Never},
    store::{
        self,
        actor::{Actor, By},
        llm_keys::NewKey,
    },
};

#[path = "../../tests/wire/model.rs"]
#[allow(dead_code, reason = "tests over the wire use the rest of it")]
mod model;

use model::{Manner, Model};

/// A key that must not be found in any text. Nothing of its form tells that it is one.
const CANARY: &str = "canary.Lm3Nb6Vc9Xz2Qw5";

/// The options as an operator writes them.
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    llm: LlmOptions,
    #[command(flatten)]
    targets: PrivateTargets,
    #[command(flatten)]
    vault: VaultOption,
}

const LOOPBACK: &str = "--allow-private-targets=127.0.0.1";

/// Models on a store of their own, with little room for an answer.
async fn models(options: &[&str]) -> (TempDir, Models) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let usual = ["test", "--llm-bytes=10000"];
    let Options { llm, targets, vault } = Options::parse_from(usual.iter().chain(options));
    let (stores, vault) = (store::open(&store).await.unwrap(), vault.vault(&store));
    vault.create().unwrap();
    let models = Models::new(&llm, &targets, stores, vault, Secrets::default()).unwrap();
    (folder, models)
}

impl Models {
    /// Stores a key for an account, as the command does.
    async fn store_key(&self, account: &str, name: &str, base_url: &str) -> Key {
        let id = llm_keys::new_id();
        let sealed = self.vault.seal(&CANARY.into(), &purpose(account, &id, base_url)).unwrap();
        let actor = Actor { account, by: By::Session { name: "console" } };
        let new = NewKey { id: &id, name, base_url, model: "asked-model", secret: &sealed, last_four: "2Qw5" };
        self.stores.write.add_llm_key(actor, &new).await.unwrap();
        Key::Stored { id, name: name.to_owned() }
    }

    /// Gives the server an endpoint, as its options and its environment do.
    fn with_server(self, base_url: &str, secret: Option<&str>) -> Self {
        let endpoint = Endpoint {
            key: Key::OfServer,
            base_url: base_url.parse().unwrap(),
            model: "servers-model".to_owned(),
            secret: secret.map(SecretString::from),
        };
        Self { endpoint_of_server: Some(endpoint), ..self }
    }

    async fn ask_for(&self, account: &str) -> Result<Option<Completion>, Fault> {
        self.complete(account, &[Message::system("Analyse this."), Message::user("A page.")]).await
    }
}

#[tokio::test]
async fn an_account_asks_with_its_key_and_is_told_what_the_model_wrote_and_took() {
    let model = Model::start().await;
    let (_folder, models) = models(&[LOOPBACK]).await;
    let key = models.store_key("local", "Mine", &model.base_url()).await;
    let [prompt, completion] = model::TOKENS;
    let expected = Completion {
        text: "All is well.".to_owned(),
        model: model::NAME.to_owned(),
        tokens: Some(Tokens { prompt, completion }),
        bytes: model::bytes_of("All is well."),
        key,
    };
    assert_eq!(models.ask_for("local").await.unwrap(), Some(expected));

    let asked = model.asked();
    assert_eq!((asked.len(), asked[0].path.as_str(), asked[0].key()), (1, "/v1/chat/completions", Some(CANARY)));
    let messages = json!([{"role": "system", "content": "Analyse this."}, {"role": "user", "content": "A page."}]);
    assert_eq!(asked[0].body, json!({"model": "asked-model", "messages": messages, "stream": false}));
    assert_eq!(asked[0].headers["content-type"], "application/json");
}

#[tokio::test]
async fn what_an_endpoint_leaves_out_is_not_made_up() {
    let model = Model::start().await;
    let (_folder, models) = models(&[LOOPBACK]).await;
    models.store_key("local", "Mine", &model.base_url()).await;
    for body in [
        r#"{"choices": [{"message": {"content": "Well."}}]}"#,
        r#"{"choices": [{"message": {"content": "Well.", "refusal": null}, "finish_reason": null}], "usage": null, "model": null}"#,
        r#"{"choices": [{"message": {"content": "Well."}}], "usage": {"total_tokens": 7}, "model": "\n"}"#,
    ] {
        model.behave([Manner::Says(body)]);
        let completion = models.ask_for("local").await.unwrap().unwrap();
        let told = (completion.text.as_str(), completion.model.as_str(), completion.tokens);
        assert_eq!(told, ("Well.", "asked-model", None), "{body}");
    }
}

/// What goes wrong, whether it may pass, what the account is told with its own key, and with the server's.
fn faults(elsewhere: &Model) -> Vec<(Manner, Recovery, &'static str, &'static str)> {
    let seconds = |seconds| Later(Some(Duration::from_secs(seconds)));
    let detail = "This went wrong with [redacted].";
    let shape = "its answer is no chat completion";
    vec![
        (Manner::Fails(401), Never, "it refuses the key (HTTP status 401 Unauthorized)", ""),
        (Manner::Fails(403), Never, "it refuses the key (HTTP status 403 Forbidden)", ""),
        (Manner::Fails(404), Never, "the URL or the name of the model is wrong (HTTP status 404 Not Found)", detail),
        (Manner::Fails(400), Never, "HTTP status 400 Bad Request", detail),
        (Manner::Fails(402), Never, "HTTP status 402 Payment Required", detail),
        (Manner::Fails(408), Later(None), "HTTP status 408 Request Timeout", detail),
        (Manner::Fails(429), Later(None), "HTTP status 429 Too Many Requests", detail),
        (Manner::IsBusy { retry_after: "17" }, seconds(17), "HTTP status 429 Too Many Requests", ""),
        (Manner::IsBusy { retry_after: "soon" }, Later(None), "HTTP status 429 Too Many Requests", ""),
        (Manner::Fails(500), Later(None), "HTTP status 500 Internal Server Error", detail),
        (Manner::Fails(503), Later(None), "HTTP status 503 Service Unavailable", detail),
        (Manner::SendsTo(elsewhere.base_url()), Never, "HTTP status 307 Temporary Redirect", ""),
        (Manner::Floods(10_000), Never, "its answer has more than 10000 bytes", ""),
        (Manner::BreaksOff, Later(None), "it cannot be reached", ""),
        (Manner::Stalls, Later(None), "it has not answered within 1 s", ""),
        (Manner::Waits("Too late."), Later(None), "it has not answered within 1 s", ""),
        (Manner::Says(""), Never, "its answer is not JSON", "EOF while parsing a value"),
        (Manner::Says("<!DOCTYPE html>"), Never, "its answer is not JSON", "expected value at line 1 column 1"),
        (Manner::Says("[]"), Never, shape, "invalid length 0"),
        (Manner::Says("{}"), Never, shape, "missing field `choices`"),
        (Manner::Says(r#"{"choices": [{"text": "Well."}]}"#), Never, shape, "missing field `message`"),
        (Manner::Says(r#"{"choices": [{"message": {"content": 1}}]}"#), Never, shape, "invalid type: integer `1`"),
        (Manner::Says(r#"{"choices": []}"#), Later(None), "it answered with nothing", ""),
        (Manner::Says(r#"{"choices": [{"message": {"content": null}}]}"#), Later(None), "it answered with nothing", ""),
        (Manner::Writes(" \n"), Later(None), "it answered with nothing", ""),
        (Manner::Ends("length"), Never, "its answer was cut off at the longest that it writes", ""),
        (Manner::Ends("content_filter"), Never, "it refuses to answer this", ""),
        (
            Manner::Says(r#"{"choices": [{"message": {"content": null, "refusal": "I cannot."}}]}"#),
            Never,
            "it refuses to answer this",
            "",
        ),
    ]
}

#[tokio::test]
async fn what_goes_wrong_is_named_with_its_key_and_told_apart_by_whether_it_may_pass() {
    let (model, elsewhere) = (Model::start().await, Model::start().await);
    let (_folder, patient) = models(&[LOOPBACK]).await;
    let (_other_folder, impatient) = models(&[LOOPBACK, "--llm-seconds=1"]).await;
    let mut both = Vec::new();
    for models in [patient, impatient] {
        models.store_key("local", "Mine", &model.base_url()).await;
        both.push(models.with_server(&model.base_url(), Some(CANARY)));
    }
    for (manner, recovery, words, detail) in faults(&elsewhere) {
        let models = &both[usize::from(manner.is_late())];
        model.behave([manner.clone()]);
        let stored = models.ask_for("local").await.unwrap_err();
        let expected = format!("the language model of the key `Mine` gave no usable answer: {words}");
        let told = stored.to_string();
        assert!(told.starts_with(&expected) && told.contains(detail), "{manner:?}: {told}");
        assert_eq!(stored.in_full(), told, "{manner:?}");

        // Of the operator's endpoint, an account learns no more than that.
        let of_server = models.ask_for("other").await.unwrap_err();
        assert_eq!(of_server.to_string(), format!("the server's language model gave no usable answer: {words}"));
        assert!(of_server.in_full().contains(detail), "{manner:?}: {}", of_server.in_full());

        assert_eq!([stored.recovery(), of_server.recovery()], [recovery; 2], "{manner:?}");
        for text in [told, of_server.in_full(), format!("{stored:?} {of_server:?} {models:?}")] {
            assert!(!text.contains("canary"), "{manner:?}: {text}");
        }
    }
    assert!(elsewhere.asked().is_empty(), "a redirect was followed");
}

#[tokio::test]
async fn what_failed_can_be_asked_again() {
    let model = Model::start().await;
    let (_folder, models) = models(&[LOOPBACK]).await;
    models.store_key("local", "Mine", &model.base_url()).await;
    model.behave([Manner::Fails(500), Manner::Says("?"), Manner::Writes("At last.")]);
    assert_eq!(models.ask_for("local").await.unwrap_err().recovery(), Later(None));
    assert_eq!(models.ask_for("local").await.unwrap_err().recovery(), Never);
    for _ in 0..2 {
        assert_eq!(models.ask_for("local").await.unwrap().unwrap().text, "At last.");
    }
    assert_eq!(model.asked().len(), 4);
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_listens() {
    let (_folder, models) = models(&[LOOPBACK]).await;
    models.store_key("local", "Mine", &Model::nowhere().await).await;
    let fault = models.ask_for("local").await.unwrap_err();
    let expected = "the language model of the key `Mine` gave no usable answer: it cannot be reached: ";
    assert!(fault.to_string().starts_with(expected), "{fault}");
    assert_eq!(fault.recovery(), Later(None));
}

#[tokio::test]
async fn what_an_endpoint_repeats_of_a_key_is_taken_out() {
    let model = Model::start().await;
    model.behave([Manner::Repeats]);
    let (_folder, models) = models(&[LOOPBACK]).await;
    models.store_key("local", "Mine", &model.base_url()).await;
    let completion = models.ask_for("local").await.unwrap().unwrap();
    assert!(completion.text.starts_with("You sent [redacted] and [{"), "{}", completion.text);
    assert_eq!(completion.model, "[redacted]");
}

#[tokio::test]
async fn the_servers_endpoint_is_for_accounts_without_a_key() {
    let (of_account, of_server) = (Model::start().await, Model::start().await);
    // The operator's own endpoint can be anywhere.
    let (_folder, models) = models(&[]).await;
    assert_eq!(models.ask_for("local").await.unwrap(), None);

    let models = models.with_server(&of_server.base_url(), None);
    let completion = models.ask_for("local").await.unwrap().unwrap();
    assert_eq!(completion.key, Key::OfServer);
    assert_eq!((of_server.asked()[0].key(), &of_server.asked()[0].body["model"]), (None, &json!("servers-model")));

    // One that is not public is no account's to name, and the server's is not asked instead.
    models.store_key("local", "Mine", &of_account.base_url()).await;
    let fault = models.ask_for("local").await.unwrap_err();
    let expected = "the language model of the key `Mine` gave no usable answer: it is at an address that is not public";
    assert_eq!((fault.to_string().as_str(), fault.recovery()), (expected, Never));
    assert_eq!((of_account.asked().len(), of_server.asked().len()), (0, 1));
    assert_eq!(models.ask_for("other").await.unwrap().unwrap().key, Key::OfServer);
}

#[tokio::test]
async fn a_key_that_was_moved_is_sent_nowhere() {
    let (model, thief) = (Model::start().await, Model::start().await);
    let url = thief.base_url();
    for change in ["account = 'thief'", "id = 'key_other'", &format!("base_url = '{url}'"), "nonce = zeroblob(24)"] {
        let (folder, models) = models(&[LOOPBACK]).await;
        models.store_key("local", "Mine", &model.base_url()).await;
        let database = sqlx::SqlitePool::connect(folder.path().join("store.db").to_str().unwrap()).await.unwrap();
        let update = sqlx::AssertSqlSafe(format!("UPDATE llm_keys SET {change}"));
        sqlx::query(update).execute(&database).await.unwrap();

        let account = if change.starts_with("account") { "thief" } else { "local" };
        let fault = models.ask_for(account).await.unwrap_err();
        let expected =
            "the stored key `Mine` cannot be read on this server; whoever runs it finds the reason in its log";
        assert_eq!((fault.to_string().as_str(), fault.recovery()), (expected, Never), "{change}");
        assert!(fault.in_full().contains("what it was sealed for has changed"), "{}", fault.in_full());
    }
    assert!(model.asked().is_empty() && thief.asked().is_empty());
}

#[tokio::test]
async fn a_key_file_that_is_lost_concerns_the_accounts_with_stored_keys_only() {
    let model = Model::start().await;
    let (_folder, models) = models(&[LOOPBACK]).await;
    models.store_key("local", "Mine", &model.base_url()).await;
    let models = models.with_server(&model.base_url(), None);
    let kept = fs::read(models.vault.file()).unwrap();
    fs::remove_file(models.vault.file()).unwrap();
    let fault = models.ask_for("local").await.unwrap_err();
    assert!(matches!(fault, Fault::Sealed { .. }), "{fault:?}");
    assert!(fault.in_full().contains("there is no key file"), "{}", fault.in_full());
    assert!(models.ask_for("other").await.unwrap().is_some());

    // As soon as it is back, all is well. What a command writes has its owner's mode.
    models.vault.create().unwrap();
    fs::write(models.vault.file(), kept).unwrap();
    assert!(models.ask_for("local").await.unwrap().is_some());
}
