//! The prompts: what they say, and how their arguments are completed. Who may have them is held in
//! `authorization.rs`.

use std::{fs, path::Path};

use infatica_tools::SERVER;
use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, Transport, Variables};

const VARIABLES: Variables = Variables { credential: "INFATICA_PAT", gateway: "GATEWAY_BASE_URL" };

/// The newest revision, and the one that most clients open with.
const REVISIONS: [Revision; 2] = [Revision::V2026_07_28, Revision::V2025_11_25];

const READ: &str = "runs:read";
const WRITE: &str = "runs:write";

/// What the prompts need, together.
const SCOPES: [&str; 4] = [READ, WRITE, "analyses:read", "analyses:write"];

/// Each prompt with arguments, and the file that has its text with them: without those that can be
/// left out (`required`), with every one (`all`), and with some.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let urls = "https://example.com/a, https://example.com/b\nhttps://example.com/c";
    vec![
        ("scrape_urls", "required", json!({"urls": urls})),
        ("scrape_urls", "all", json!({"urls": "https://example.com/{{ engine }}", "engine": "metadata"})),
        ("compare_latest", "required", json!({"type": "feed"})),
        ("compare_latest", "all", json!({"type": "urls", "count": "4", "template": "trends"})),
        ("usage_report", "required", json!({})),
        ("usage_report", "since", json!({"since": "2026-03-01"})),
        ("usage_report", "until", json!({"until": "2026-03-31"})),
        ("usage_report", "all", json!({"since": "2026-03-01", "until": "2026-03-31"})),
        ("run_status", "all", json!({"run_id": "run_01"})),
        ("check_account", "all", json!({})),
    ]
}

fn start() -> Server {
    Server::of(env!("CARGO_BIN_EXE_infatica")).arg("--allow-private-targets=127.0.0.1").start()
}

fn ways() -> impl Iterator<Item = (Transport, Revision)> {
    Transport::ALL.into_iter().flat_map(|transport| REVISIONS.map(|revision| (transport, revision)))
}

async fn connect(server: &Server, transport: Transport, revision: Revision, token: &str) -> Client {
    let mut client = Client::of(server, VARIABLES, transport, revision, Some(token));
    client.open().await;
    client
}

async fn get(client: &mut Client, prompt: &str, arguments: &Value) -> Reply {
    client.request("prompts/get", json!({"name": prompt, "arguments": arguments})).await
}

async fn complete(client: &mut Client, prompt: &str, argument: &str, typed: &str) -> Reply {
    let reference = json!({"type": "ref/prompt", "name": prompt});
    let argument = json!({"name": argument, "value": typed});
    client.request("completion/complete", json!({"ref": reference, "argument": argument})).await
}

/// With the arguments that are required, and with all of them, whatever else the cases have.
#[test]
fn every_prompt_has_its_cases() {
    let cases = cases();
    for prompt in SERVER.prompts {
        let given = |arguments: &Value| arguments.as_object().expect("arguments").keys().cloned().collect::<Vec<_>>();
        let names = |all: bool| {
            let wanted = prompt.arguments.iter().filter(|argument| all || argument.required);
            wanted.map(|argument| argument.name.to_owned()).collect::<Vec<_>>()
        };
        for wanted in [names(false), names(true)] {
            let mut of_prompt = cases.iter().filter(|(name, ..)| *name == prompt.name);
            assert!(of_prompt.any(|(.., arguments)| given(arguments) == wanted), "{} with {wanted:?}", prompt.name);
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/prompts");
    assert_eq!(fs::read_dir(folder).expect("the texts").count(), cases.len(), "a text without a case");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_say_exactly_what_is_expected() {
    let server = start();
    let token = server.token("reader", &SCOPES);
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        for (prompt, case, arguments) in cases() {
            let file = format!("tests/data/prompts/{prompt}.{case}.txt");
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).expect(&file);
            let text = text.replace("\r\n", "\n");
            // The file ends its last line; the message does not.
            let expected = json!([{"role": "user", "content": {"type": "text", "text": text.trim_end()}}]);
            let reply = get(&mut client, prompt, &arguments).await;
            assert_eq!(reply.result()["messages"], expected, "{file}, {transport:?}, {revision:?}");
        }
    }
}

/// Creates a run, and gives its id.
async fn run(client: &mut Client) -> String {
    let created = client.call("create_run", json!({"urls": ["http://127.0.0.1:9/"]})).await;
    created.structured()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn run_ids_are_completed_from_the_callers_own_runs() {
    let server = start();
    let [own, other] = ["own", "other"].map(|account| server.token_for(account, account, &[READ, WRITE]));
    let mut foreign = connect(&server, Transport::Http, Revision::V2026_07_28, &other).await;
    run(&mut foreign).await;
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, &own).await;
    let mut ids = [run(&mut client).await, run(&mut client).await, run(&mut client).await];
    run(&mut foreign).await;
    ids.reverse();
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &own).await;
        let cases = [
            ("", &ids[..]),
            ("RUN_", &ids[..]),
            (&ids[1], &ids[1..2]),
            (&ids[2][..16], &ids[2..3]),
            ("http", &[]),
            (&ids[0][4..], &[]),
        ];
        for (typed, values) in cases {
            let reply = complete(&mut client, "run_status", "run_id", typed).await;
            let expected = json!({"values": values, "total": values.len(), "hasMore": false});
            assert_eq!(reply.result()["completion"], expected, "`{typed}`, {transport:?}, {revision:?}");
        }
    }
    let token = server.token_for("own", "writer", &[WRITE]);
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        let reply = complete(&mut client, "run_status", "run_id", "").await;
        assert_eq!(reply.error_data()["reason"], "unknown_prompt", "{transport:?}, {revision:?}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_a_hundred_run_ids_are_sent() {
    let server = start();
    let token = server.token("many", &[READ, WRITE]);
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, &token).await;
    let mut ids = Vec::new();
    for _ in 0..101 {
        ids.push(run(&mut client).await);
    }
    ids.reverse();
    let reply = complete(&mut client, "run_status", "run_id", "").await;
    assert_eq!(reply.result()["completion"], json!({"values": ids[..100], "hasMore": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_completed() {
    let server = start();
    let token = server.token("reader", &SCOPES);
    let cases: [(&str, &str, &str, &[&str]); 8] = [
        ("scrape_urls", "engine", "", &["raw", "text", "metadata"]),
        ("scrape_urls", "engine", "M", &["metadata"]),
        ("scrape_urls", "urls", "https", &[]),
        ("compare_latest", "type", "", &["urls", "feed"]),
        ("compare_latest", "type", "F", &["feed"]),
        ("compare_latest", "count", "", &[]),
        ("compare_latest", "template", "", &["differences", "overlap", "trends"]),
        ("usage_report", "since", "2026", &[]),
    ];
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        for (prompt, argument, typed, words) in cases {
            let reply = complete(&mut client, prompt, argument, typed).await;
            let expected = json!({"values": words, "total": words.len(), "hasMore": false});
            let case = format!("{prompt}.{argument} `{typed}`, {transport:?}, {revision:?}");
            assert_eq!(reply.result()["completion"], expected, "{case}");
        }
    }
}

#[test]
fn the_terminal_shows_what_each_prompt_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = toolwright_tests::run(env!("CARGO_BIN_EXE_infatica"), folder.path(), &["tools"]);
    let (_, prompts) = ran.stdout.split_once("\n\n").expect("two tables");
    let expected = [
        "PROMPT          ARGUMENTS                SCOPE",
        "scrape_urls     urls [engine]            runs:write and runs:read",
        "compare_latest  type [count] [template]  runs:read and analyses:write and analyses:read",
        "usage_report    [since] [until]          runs:read",
        "run_status      run_id                   runs:read",
        "check_account   (none)                   (signed in)",
    ];
    assert_eq!(prompts.lines().collect::<Vec<_>>(), expected);
}
