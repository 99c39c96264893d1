//! The command `keys check`: the whole way from a stored key to a language model and back.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use toolwright_tests::Ran;

use crate::{
    keys::{BINARY, CANARY, add_at, folder, found_in_files, keys},
    model::{Manner, Model, NAME},
};

/// The key of the server's own endpoint, which must not be found anywhere either.
const SERVERS_CANARY: &str = "canary.of.the.server.Gh5Jk8Lz";

/// Runs `keys check` with these arguments and variables, and little room for an answer.
async fn check(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(BINARY);
    command.args(["keys", "check", "--llm-bytes=10000"]).args(arguments);
    command.envs(variables.iter().copied()).current_dir(folder).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("the binary under test"));
    let output = output.await.expect("an output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let ran = Ran { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) };
    for canary in [CANARY, SERVERS_CANARY] {
        assert!(!ran.stdout.contains(canary) && !ran.stderr.contains(canary), "{ran:?}");
        assert!(!found_in_files(folder, canary), "{arguments:?}");
    }
    ran
}

const LOOPBACK: &str = "--allow-private-targets=127.0.0.1";

#[tokio::test(flavor = "multi_thread")]
async fn the_key_in_use_is_asked_with_and_shown_as_used() {
    let (first, second) = (Model::start().await, Model::start().await);
    let folder = folder();
    let folder = folder.path();
    let nobody = check(folder, &[LOOPBACK], &[]).await;
    assert_eq!(nobody.stdout, "the account `local` has no key, and the server neither\n");

    add_at(folder, "first", &first.base_url(), "sk-another-key-0123456789");
    add_at(folder, "second", &second.base_url(), CANARY);
    let answered = check(folder, &[LOOPBACK], &[]).await;
    assert!(answered.stdout.starts_with(&format!("`{NAME}` answers the key `second` (key_")), "{answered:?}");
    assert_eq!((first.asked().len(), second.asked()[0].key()), (0, Some(CANARY)));
    let list = keys(folder, &["list"]).stdout;
    let used: Vec<bool> = list.lines().skip(1).map(|line| !line.ends_with("never")).collect();
    assert_eq!(used, [false, true], "{list}");

    keys(folder, &["use", "first"]);
    keys(folder, &["rewrap"]);
    let answered = check(folder, &[LOOPBACK], &[]).await;
    assert!(answered.stdout.contains("`first`"), "{answered:?}");
    assert_eq!((first.asked()[0].key(), second.asked().len()), (Some("sk-another-key-0123456789"), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_names_the_key_and_no_secret_is_in_what_is_printed_or_kept() {
    let (model, elsewhere) = (Model::start().await, Model::start().await);
    let folder = folder();
    let folder = folder.path();
    add_at(folder, "Mine", &model.base_url(), CANARY);
    let later = "; it may pass: try again later\n";
    let cases = [
        (Manner::Fails(401), "it refuses the key (HTTP status 401 Unauthorized)\n"),
        (Manner::Fails(500), later),
        (Manner::Fails(400), "HTTP status 400 Bad Request: "),
        (Manner::IsBusy { retry_after: "30" }, later),
        (Manner::SendsTo(elsewhere.base_url()), "HTTP status 307 Temporary Redirect\n"),
        (Manner::BreaksOff, later),
        (Manner::Stalls, "it has not answered within 1 s; it may pass: try again later\n"),
        (Manner::Floods(10_000), "its answer has more than 10000 bytes\n"),
        (Manner::Waits("Too late."), "it has not answered within 1 s; it may pass: try again later\n"),
        (Manner::Says("{"), "its answer is not JSON: "),
        (Manner::Says(r#"{"choices": []}"#), "it answered with nothing; it may pass: try again later\n"),
        (Manner::Ends("length"), "its answer was cut off at the longest that it writes\n"),
    ];
    for (manner, expected) in cases {
        model.behave([manner.clone()]);
        let time = if manner.is_late() { "1" } else { "60" };
        let ran = check(folder, &[LOOPBACK], &[("INFATICA_LLM_SECONDS", time)]).await;
        assert_eq!((ran.status.code(), ran.stdout.as_str()), (Some(1), ""), "{manner:?}");
        let start = "infatica: the language model of the key `Mine` gave no usable answer: ";
        assert!(ran.stderr.starts_with(start) && ran.stderr.contains(expected), "{manner:?}: {}", ran.stderr);
    }
    model.behave([Manner::Repeats]);
    let repeats = check(folder, &[LOOPBACK], &[]).await;
    assert!(repeats.stdout.starts_with("`[redacted]` answers the key `Mine`"), "{repeats:?}");
    assert!(elsewhere.asked().is_empty());
    assert!(model.asked().iter().all(|asked| asked.path == "/v1/chat/completions"));

    // Without leave to reach the loopback address, nothing is sent.
    let asked = model.asked().len();
    let refused = check(folder, &[], &[]).await;
    assert!(refused.stderr.ends_with("it is at an address that is not public\n"), "{refused:?}");
    assert_eq!(model.asked().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_model_has_the_time_that_the_operator_gives_and_an_absent_one_is_told() {
    let model = Model::start().await;
    let folder = folder();
    let folder = folder.path();
    add_at(folder, "Mine", &model.base_url(), CANARY);
    model.behave([Manner::Waits("Ready.")]);
    let slow = async {
        model.when_asked(1).await;
        model.open_gate();
    };
    let (answered, ()) = tokio::join!(check(folder, &[LOOPBACK], &[]), slow);
    assert!(answered.status.success(), "{answered:?}");

    add_at(folder, "Absent", &Model::nowhere().await, CANARY);
    let absent = check(folder, &[LOOPBACK], &[]).await;
    assert!(absent.stderr.contains("the key `Absent` gave no usable answer: it cannot be reached: "), "{absent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_key_is_taken_from_the_environment_only() {
    let model = Model::start().await;
    let folder = folder();
    let folder = folder.path();
    let url = model.base_url();
    let key = ("INFATICA_LLM_KEY", SERVERS_CANARY);
    let arguments = ["--llm-url", url.as_str(), "--llm-model", "theirs"];
    let variables = [("INFATICA_LLM_URL", url.as_str()), ("INFATICA_LLM_MODEL", "theirs")];
    for (arguments, variables, presented) in [
        (&arguments[..], vec![key], Some(SERVERS_CANARY)),
        (&[], [&variables[..], &[key]].concat(), Some(SERVERS_CANARY)),
        (&arguments, vec![], None),
        (&arguments, vec![("INFATICA_LLM_KEY", "")], None),
    ] {
        let answered = check(folder, arguments, &variables).await;
        let expected = format!("`{NAME}` answers the server's key; the account `local` has none\n");
        assert_eq!(answered.stdout, expected, "{answered:?}");
        let asked = model.asked().pop().expect("a request");
        assert_eq!((asked.key(), asked.body["model"].as_str()), (presented, Some("theirs")));
    }
    let asked = model.asked().len();
    for (arguments, variables, expected) in [
        (&["--llm-key", "sk-on-the-command-line"][..], vec![], "unexpected argument '--llm-key'"),
        (&arguments[..2], vec![key], "--llm-model <MODEL>"),
        (&arguments[2..], vec![key], "--llm-url <URL>"),
        (&[], vec![key], "INFATICA_LLM_KEY is set and --llm-url is not"),
        (&arguments, vec![("INFATICA_LLM_KEY", "two words")], "INFATICA_LLM_KEY: a key is a word of 6 to 4096"),
        (&["--llm-url", "https://me:word@example.com", "--llm-model", "x"], vec![], "it has a user name or password"),
    ] {
        let refused = check(folder, arguments, &variables).await;
        assert!(!refused.status.success() && refused.stderr.contains(expected), "{arguments:?}: {}", refused.stderr);
    }
    assert_eq!(model.asked().len(), asked);

    let help = keys(folder, &["check", "--help"]).stdout;
    for name in ["--llm-url", "--llm-model", "INFATICA_LLM_KEY", "INFATICA_KEY_FILE"] {
        assert!(help.contains(name), "{name}: {help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_is_lost_or_wrong_is_told_and_the_right_one_is_found_where_it_is_said_to_be() {
    let model = Model::start().await;
    let folder = folder();
    let folder = folder.path();
    add_at(folder, "Mine", &model.base_url(), CANARY);
    let (usual, moved) = (folder.join("data/infatica-store.db.key"), folder.join("moved.key"));
    fs::rename(&usual, &moved).expect("another place");
    let lost = check(folder, &[LOOPBACK], &[]).await;
    let start = "infatica: the stored key `Mine` does not open: ";
    assert!(lost.stderr.starts_with(&format!("{start}there is no key file")), "{lost:?}");
    fs::write(&moved, [7; 32].repeat(2)).and_then(|()| fs::rename(&moved, &usual)).expect("another key file");
    let wrong = check(folder, &[LOOPBACK], &[]).await;
    assert!(wrong.stderr.starts_with(&format!("{start}it was sealed with another key file")), "{wrong:?}");
    assert!(model.asked().is_empty());

    keys(folder, &["delete", "Mine"]);
    add_at(folder, "Mine", &model.base_url(), CANARY);
    fs::rename(&usual, &moved).expect("another place");
    let found = check(folder, &[LOOPBACK], &[("INFATICA_KEY_FILE", "moved.key")]).await;
    assert!(found.status.success() && model.asked().len() == 1, "{found:?}");
}
