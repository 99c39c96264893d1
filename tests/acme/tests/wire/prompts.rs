//! Prompts: who is shown them, who may use them, what they say, and how their arguments go on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, Transport};

use crate::{ACME, ACME_ALL, ACME_GATED, SCOPES, connect, full};

const PROMPTS: [&str; 6] = ["tidy_notes", "review_notes", "show_note", "show_picture", "plan_notes", "go_wrong"];

pub(crate) async fn holding(server: &Server, scopes: &[&str], revision: Revision) -> Client {
    let name = format!("{}-{}", revision.as_str(), scopes.join("+"));
    connect(server, Transport::Http, revision, &server.token(&name, scopes)).await
}

pub(crate) async fn get(client: &mut Client, prompt: &str, arguments: Value) -> Reply {
    client.request("prompts/get", json!({"name": prompt, "arguments": arguments})).await
}

pub(crate) async fn complete(client: &mut Client, prompt: &str, argument: &str, typed: &str) -> Reply {
    let reference = json!({"type": "ref/prompt", "name": prompt});
    let argument = json!({"name": argument, "value": typed});
    client.request("completion/complete", json!({"ref": reference, "argument": argument})).await
}

fn arguments(prompt: &str) -> Value {
    match prompt {
        "tidy_notes" => json!({"topic": "milk"}),
        "review_notes" => json!({"color": "blue"}),
        "show_note" => json!({"note_id": "n1"}),
        "show_picture" => json!({"note_uri": "notes://1"}),
        "plan_notes" => json!({"topic": "milk", "reader": "Ada"}),
        _ => json!({}),
    }
}

fn declared() -> Value {
    serde_json::from_str(acme_tools::SERVER.prompt_list).expect("the generated list")
}

#[tokio::test]
async fn the_whole_list_is_the_generated_one() {
    let server = Server::of(ACME).start();
    for revision in Revision::ALL {
        let list = full(&server, revision).await.request("prompts/list", json!({})).await;
        assert_eq!(list.result()["prompts"], declared(), "{revision:?}");
        let cache = [list.result().get("cacheScope"), list.result().get("ttlMs")].map(|hint| hint.is_some());
        assert_eq!(cache, [revision.is_stateless(); 2], "{revision:?}");
    }
}

/// A prompt; whether it can be had by a caller who holds one scope only, for each of [`SCOPES`], or none
/// at all; and the scope that it requires.
const TABLE: [(&str, [u8; 6], &str); 6] = [
    //               read write admin billing keys none
    ("tidy_notes", [0, 1, 1, 0, 0, 0], "notes:write"),
    ("review_notes", [1, 1, 1, 0, 0, 0], "notes:read"),
    ("show_note", [1, 1, 1, 0, 0, 0], "notes:read"),
    ("show_picture", [1, 1, 1, 1, 1, 1], ""),
    ("plan_notes", [1, 1, 1, 0, 0, 0], "notes:read"),
    ("go_wrong", [1, 1, 1, 1, 1, 1], ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_prompt_with_every_scope() {
    assert_eq!(TABLE.map(|(prompt, ..)| prompt), PROMPTS);
    let server = Server::of(ACME).start();
    for column in 0..=SCOPES.len() {
        let held: Vec<&str> = SCOPES.get(column).copied().into_iter().collect();
        let token = server.token(&format!("holds {}", held.join("+")), &held);
        for (transport, revision) in
            Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
        {
            let mut client = connect(&server, transport, revision, &token).await;
            let allowed: Vec<_> = TABLE.iter().filter(|(_, by, _)| by[column] == 1).map(|(name, ..)| *name).collect();
            let listed = client.request("prompts/list", json!({})).await.prompt_names();
            assert_eq!(listed, allowed, "{held:?}, {transport:?}, {revision:?}");
            for (prompt, by, scope) in TABLE {
                let case = format!("{prompt} with {held:?}, {transport:?}, {revision:?}");
                let reply = get(&mut client, prompt, arguments(prompt)).await;
                if by[column] == 1 {
                    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
                    assert_eq!(reply.result()["messages"][0]["role"], "user", "{case}");
                } else {
                    assert_denied(&reply, prompt, scope, &held, &case);
                    // What is wrong with the arguments is nothing to those who may not ask.
                    let wrong = get(&mut client, prompt, json!({"nonsense": 1})).await;
                    assert_denied(&wrong, prompt, scope, &held, &case);
                }
            }
        }
    }
}

pub(crate) fn assert_denied(reply: &Reply, prompt: &str, scope: &str, held: &[&str], case: &str) {
    assert_eq!(reply.error_code(), Some(-31403), "{case}: {reply:?}");
    let expected = json!({
        "reason": "insufficient_scope",
        "operation": prompt,
        "required": [scope],
        "missing": [scope],
        "held": held,
        "create_at": "Account → Access Keys",
    });
    assert_eq!(reply.error_data(), &expected, "{case}");
    assert!(reply.error_message().starts_with(&format!("`{prompt}` needs the scope {scope}, ")), "{case}: {reply:?}");
    if reply.status.is_some() {
        assert_eq!(reply.status, Some(403), "{case}");
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        let start = format!(r#"Bearer error="insufficient_scope", scope="{scope}", error_description=""#);
        assert!(challenge.starts_with(&start), "{case}: {challenge}");
    }
}

#[tokio::test]
async fn a_list_obeys_the_listing() {
    let cases = [(ACME, "private", &PROMPTS[1..]), (ACME_ALL, "public", &PROMPTS), (ACME_GATED, "private", &PROMPTS)];
    for (binary, scope, expected) in cases {
        let server = Server::of(binary).start();
        let mut client = holding(&server, &["notes:read"], Revision::V2026_07_28).await;
        let list = client.request("prompts/list", json!({})).await;
        assert_eq!(list.prompt_names(), expected, "{binary}");
        assert_eq!(list.result()["cacheScope"], scope, "{binary}");
        if binary == ACME_GATED {
            let said = declared()[0]["description"].as_str().expect("a description").to_owned();
            let note = " Not available with this Access Key: it lacks notes:write.";
            assert_eq!(list.result()["prompts"][0]["description"], said + note);
            assert_eq!(list.result()["prompts"][1], declared()[1]);
        }
    }
}

/// The arguments, and the text of each message.
fn rendered() -> Vec<(&'static str, Value, Vec<String>)> {
    let tidy = |topic: &str| {
        let find = format!("Find the notes about {topic} with list_notes. Delete what is said twice with delete_note.");
        vec![find, format!("I start with the notes about {topic}.")]
    };
    let review =
        |color: &str, rest: &str| vec![format!("Read the {color} notes with list_notes and sum them up.\n{rest}")];
    let mut cases = vec![
        ("tidy_notes", json!({"topic": "milk"}), tidy("milk")),
        ("review_notes", json!({"color": "blue"}), review("blue", "Begin with the oldest.\n")),
        ("review_notes", json!({"color": "blue", "focus": ""}), review("blue", "Begin with the oldest.\n")),
        ("review_notes", json!({"color": "red"}), review("red", "These are urgent.\nBegin with the oldest.\n")),
        ("review_notes", json!({"color": "green", "focus": "tags"}), review("green", "Look at tags first.\n")),
    ];
    // What a person gives is data, whatever it looks like.
    for topic in [
        "{{ tool('add_note') }}",
        "{% for x in [1, 2] %}x{% endfor %}",
        "{{ topic }}",
        "{% raw %}",
        "{# gone #}",
        "{{",
        "}} {{ topic",
        "<b>&amp;\"'</b>",
        "line\nline\r\n\ttab",
        "\u{0}é→😀\\n",
        "none",
        " ",
    ] {
        cases.push(("tidy_notes", json!({"topic": topic}), tidy(topic)));
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_filled_with_what_was_given() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        for (prompt, arguments, texts) in rendered() {
            let reply = get(&mut client, prompt, arguments.clone()).await;
            let roles = ["user", "assistant"].into_iter().zip(&texts);
            let messages: Value =
                roles.map(|(role, text)| json!({"role": role, "content": {"type": "text", "text": text}})).collect();
            let case = format!("{prompt} of {arguments}, {transport:?}, {revision:?}");
            assert_eq!(reply.result()["messages"], messages, "{case}");
            let place = PROMPTS.iter().position(|name| *name == prompt).expect("a prompt");
            assert_eq!(reply.result()["description"], declared()[place]["description"], "{case}");
        }
    }
    server.wait_for_line(&["operation=\"tidy_notes\"", "status=200", "outcome=\"ok\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_can_be_a_picture_a_sound_or_a_resource() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let [picture, sound] = [
        BASE64_STANDARD.encode(include_bytes!("../../media/note.png")),
        BASE64_STANDARD.encode(include_bytes!("../../media/note.wav")),
    ];
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        let uri = "notes://{{ n1 }}/<&>\"";
        let note = json!({"uri": uri, "mimeType": "text/markdown", "text": "The note at notes://{{ n1 }}/<&>\"."});
        let expected = json!([
            {"role": "user", "content": {"type": "image", "data": picture, "mimeType": "image/png"}},
            {"role": "user", "content": {"type": "audio", "data": sound, "mimeType": "audio/wav"}},
            {"role": "user", "content": {"type": "resource", "resource": note}},
            {"role": "assistant", "content": {"type": "text", "text": "I have seen it."}},
        ]);
        let reply = get(&mut client, "show_picture", json!({"note_uri": uri})).await;
        assert_eq!(reply.result()["messages"], expected, "{transport:?}, {revision:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_do_not_fill_a_prompt_are_named() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let words = "`red`, `green`, `blue`";
    let cases = [
        ("tidy_notes", json!({}), "`topic` is missing.".to_owned()),
        ("tidy_notes", json!(null), "`topic` is missing.".to_owned()),
        ("tidy_notes", json!({"topic": ""}), "`topic` is missing.".to_owned()),
        ("tidy_notes", json!({"topic": 5}), "`topic` is not text.".to_owned()),
        ("tidy_notes", json!({"topic": null}), "`topic` is not text.".to_owned()),
        (
            "tidy_notes",
            json!({"topik": "milk"}),
            "`topic` is missing. `tidy_notes` has no argument `topik`; did you mean `topic`?".to_owned(),
        ),
        ("tidy_notes", json!({"topic": "milk", "tool": "x"}), "`tidy_notes` has no argument `tool`.".to_owned()),
        ("review_notes", json!({"color": "RED"}), format!("`color` is one of {words}, and not `RED`.")),
        (
            "review_notes",
            json!({"color": "x".repeat(1000), "focus": []}),
            format!("`color` is one of {words}, and not `{}`. `focus` is not text.", "x".repeat(64)),
        ),
    ];
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        for (prompt, arguments, fault) in &cases {
            let reply = get(&mut client, prompt, arguments.clone()).await;
            let case = format!("{prompt} of {arguments}, {transport:?}, {revision:?}");
            assert_eq!(reply.error_code(), Some(-32602), "{case}: {reply:?}");
            let message = format!("{fault} Correct the arguments and ask for the prompt again.");
            assert_eq!(reply.error_message(), message, "{case}");
            assert_eq!(reply.error_data(), &json!({"reason": "invalid_prompt_arguments", "operation": prompt}));
        }
        let unknown = get(&mut client, "tidy_note", json!({})).await;
        assert_eq!(unknown.error_code(), Some(-32602), "{unknown:?}");
        assert!(
            unknown.error_message().starts_with("There is no prompt `tidy_note`; did you mean `tidy_notes`?"),
            "{unknown:?}"
        );
        assert_eq!(unknown.error_data(), &json!({"reason": "unknown_prompt", "operation": "tidy_note"}));
    }
}

#[tokio::test]
async fn only_a_visible_prompt_is_suggested() {
    let server = Server::of(ACME).start();
    let mut client = holding(&server, &["notes:read"], Revision::V2025_11_25).await;
    let hidden = get(&mut client, "tidy_note", json!({})).await;
    assert!(hidden.error_message().starts_with("There is no prompt `tidy_note`. "), "{hidden:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_completed_from_what_was_typed() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let cases: [(&str, &str, &str, &[&str]); 7] = [
        ("review_notes", "color", "", &["red", "green", "blue"]),
        ("review_notes", "color", "r", &["red"]),
        ("review_notes", "color", "GRE", &["green"]),
        ("review_notes", "color", "blue", &["blue"]),
        ("review_notes", "color", "e", &[]),
        ("review_notes", "focus", "", &[]),
        ("tidy_notes", "topic", "mi", &[]),
    ];
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        for (prompt, argument, typed, words) in cases {
            let reply = complete(&mut client, prompt, argument, typed).await;
            let expected = json!({"values": words, "total": words.len(), "hasMore": false});
            assert_eq!(reply.result()["completion"], expected, "{prompt}.{argument} `{typed}`, {transport:?}");
        }
        let unknown = complete(&mut client, "review_notes", "colour", "r").await;
        assert_eq!(unknown.error_code(), Some(-32602), "{unknown:?}");
        assert!(unknown.error_message().contains("did you mean `color`?"), "{unknown:?}");
        let unknown = complete(&mut client, "review", "color", "r").await;
        assert_eq!(unknown.error_data()["reason"], "unknown_prompt", "{unknown:?}");
    }
}

#[tokio::test]
async fn words_are_shown_to_whom_the_prompt_is_shown() {
    for (binary, is_shown) in [(ACME, false), (ACME_ALL, true), (ACME_GATED, true)] {
        let server = Server::of(binary).start();
        let mut client = holding(&server, &["billing:read"], Revision::V2025_11_25).await;
        let reply = complete(&mut client, "review_notes", "color", "g").await;
        if is_shown {
            assert_eq!(reply.result()["completion"]["values"], json!(["green"]), "{binary}");
        } else {
            // In the same words as for a prompt that does not exist.
            let absent = complete(&mut client, "review_books", "color", "g").await;
            assert_eq!(reply.error_code(), Some(-32602), "{binary}: {reply:?}");
            assert_eq!(reply.error_message().replace("notes", "books"), absent.error_message(), "{binary}");
        }
    }
}
