//! Resources: who is shown them, who may read them, what they say, and how their variables go on.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, Transport, promises::assert_kept};

use crate::{
    ACME, ACME_ALL, ACME_GATED, ACME_LIMITS, SCOPES, connect, full,
    prompts::{assert_denied, holding},
};

/// A resource; a URI of it; whether it can be read by a caller who holds one scope only, for each of [`SCOPES`], or none at
/// all; and the scopes that it requires.
type Row = (&'static str, &'static str, [u8; 6], &'static [&'static str]);

#[rustfmt::skip]
const TABLE: [Row; 8] = [
    //                                                        read write admin billing keys none
    ("guide",         "acme://guide",                        [1,   1,    1,    0,      0,   0], &["notes:read"]),
    ("logo",          "acme://logo",                         [1,   1,    1,    1,      1,   1], &[]),
    ("prices",        "acme://prices",                       [0,   0,    0,    0,      0,   0], &["notes:read", "billing:read"]),
    ("policy",        "acme://policy",                       [0,   0,    1,    0,      0,   0], &["notes:admin"]),
    ("notes",         "acme://notes",                        [1,   1,    1,    0,      0,   0], &["notes:read"]),
    ("colored_notes", "acme://notes/red",                    [1,   1,    1,    0,      0,   0], &["notes:read"]),
    ("similar_notes", "acme://beginnings/A%20note/5",        [1,   1,    1,    0,      0,   0], &["notes:read"]),
    ("mishap",        "acme://mishaps/fail",                 [1,   1,    1,    1,      1,   1], &[]),
];

const TEMPLATES: [&str; 3] = ["colored_notes", "similar_notes", "mishap"];

fn ways() -> impl Iterator<Item = (Transport, Revision)> {
    Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
}

async fn read(client: &mut Client, uri: &str) -> Reply {
    client.request("resources/read", json!({"uri": uri})).await
}

async fn complete(client: &mut Client, template: &str, variable: &str, typed: &str) -> Reply {
    let reference = json!({"type": "ref/resource", "uri": template});
    let argument = json!({"name": variable, "value": typed});
    client.request("completion/complete", json!({"ref": reference, "argument": argument})).await
}

/// The one that a read has.
fn contents(reply: &Reply) -> &Value {
    let all = reply.result()["contents"].as_array().unwrap_or_else(|| panic!("no contents: {reply:?}"));
    assert_eq!(all.len(), 1, "{reply:?}");
    &all[0]
}

#[tokio::test]
async fn the_whole_lists_are_the_generated_ones() {
    let server = Server::of(ACME).start();
    let declared = |list: &str| serde_json::from_str::<Value>(list).expect("the generated list");
    let spec = &acme_tools::SERVER;
    for revision in Revision::ALL {
        let mut client = full(&server, revision).await;
        for (method, key, list) in [
            ("resources/list", "resources", spec.resource_list),
            ("resources/templates/list", "resourceTemplates", spec.resource_template_list),
        ] {
            let reply = client.request(method, json!({})).await;
            assert_eq!(reply.result()[key], declared(list), "{method}, {revision:?}");
            let cache = [reply.result().get("cacheScope"), reply.result().get("ttlMs")].map(|hint| hint.is_some());
            assert_eq!(cache, [revision.is_stateless(); 2], "{method}, {revision:?}");
            let bad = client.request(method, json!({"cursor": "2"})).await;
            assert_eq!(bad.error_code(), Some(-32602), "{bad:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_with_every_scope() {
    let server = Server::of(ACME).start();
    for column in 0..=SCOPES.len() {
        let held: Vec<&str> = SCOPES.get(column).copied().into_iter().collect();
        let token = server.token(&format!("holds {}", held.join("+")), &held);
        for (transport, revision) in ways() {
            let mut client = connect(&server, transport, revision, &token).await;
            let allowed = |template: bool| {
                let rows =
                    TABLE.iter().filter(|(name, _, by, _)| by[column] == 1 && TEMPLATES.contains(name) == template);
                rows.map(|(name, ..)| *name).collect::<Vec<_>>()
            };
            let case = format!("{held:?}, {transport:?}, {revision:?}");
            let listed = client.request("resources/list", json!({})).await.resource_names();
            assert_eq!(listed, allowed(false), "{case}");
            let listed = client.request("resources/templates/list", json!({})).await.resource_template_names();
            assert_eq!(listed, allowed(true), "{case}");
            for (name, uri, by, required) in TABLE {
                let case = format!("{name} with {case}");
                let reply = read(&mut client, uri).await;
                if by[column] == 0 {
                    assert_missing(&reply, name, required, &held, &case);
                } else if name == "mishap" {
                    assert_eq!(reply.error_data(), &json!({"reason": "wrong_state", "uri": uri}), "{case}: {reply:?}");
                } else {
                    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
                    assert_eq!(contents(&reply)["uri"], uri, "{case}");
                    let cache = [reply.result().get("cacheScope"), reply.result().get("ttlMs")];
                    let is_call = !["guide", "logo", "prices", "policy"].contains(&name);
                    let expected = (json!("private"), json!(if is_call { 0 } else { 60_000 }));
                    let expected = revision.is_stateless().then_some(expected);
                    assert_eq!(
                        cache,
                        [expected.as_ref().map(|hints| &hints.0), expected.as_ref().map(|hints| &hints.1)]
                    );
                }
            }
        }
    }
}

fn assert_missing(reply: &Reply, name: &str, required: &[&str], held: &[&str], case: &str) {
    if let [only] = required {
        return assert_denied(reply, name, only, held, case);
    }
    // The prices alone take two.
    let widened = ["notes:read", "notes:write", "notes:admin"];
    let has = |scope: &str| {
        held.contains(&scope) || scope == "notes:read" && held.iter().any(|scope| widened.contains(scope))
    };
    let missing: Vec<&str> = required.iter().copied().filter(|scope| !has(scope)).collect();
    assert_eq!(reply.error_code(), Some(-31403), "{case}: {reply:?}");
    assert_eq!(reply.error_data()["missing"], json!(missing), "{case}");
    if reply.status.is_some() {
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        let start = format!(r#"Bearer error="insufficient_scope", scope="{}", error_description=""#, missing.join(" "));
        assert!(challenge.starts_with(&start), "{case}: {challenge}");
    }
}

#[tokio::test]
pub(super) async fn the_lists_obey_the_listing() {
    let all: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).filter(|name| !TEMPLATES.contains(name)).collect();
    for (binary, scope, expected) in
        [(ACME, "private", vec!["logo"]), (ACME_ALL, "public", all.clone()), (ACME_GATED, "private", all)]
    {
        let server = Server::of(binary).start();
        let mut client = holding(&server, &["billing:read"], Revision::V2026_07_28).await;
        let list = client.request("resources/list", json!({})).await;
        assert_kept(Promise::ListOfOne, &list, binary);
        assert_eq!(list.resource_names(), expected, "{binary}");
        assert_eq!(list.result()["cacheScope"], scope, "{binary}");
        let templates = client.request("resources/templates/list", json!({})).await;
        assert_eq!(templates.result()["cacheScope"], scope, "{binary}");
        if binary == ACME_GATED {
            let gated = "Not available with this Access Key: it lacks notes:read.";
            assert_eq!(list.result()["resources"][0]["description"], format!("How notes are kept. {gated}"));
            assert_eq!(
                templates.result()["resourceTemplates"][0]["description"],
                format!("All notes of a color. {gated}")
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_says_what_is_declared_or_what_its_tool_answers() {
    let server = Server::of(ACME).start();
    let logo = BASE64_STANDARD.encode(include_bytes!("../../logo.png"));
    for (transport, revision) in ways() {
        let name = format!("{transport:?}-{}", revision.as_str());
        let token = server.token_for(&name, &name, &["notes:write"]);
        let mut client = connect(&server, transport, revision, &token).await;
        for (text, color) in [("A note", "red"), ("A/note é", "blue"), ("Another", "red")] {
            client.call("add_note", json!({"text": text, "color": color})).await;
        }
        let guide = read(&mut client, "acme://guide").await;
        let text = "# Notes\n\nA note has a text, and may have a color and tags.\n";
        let expected = json!({"uri": "acme://guide", "mimeType": "text/markdown", "text": text});
        assert_eq!(contents(&guide), &expected, "{name}");
        let picture = read(&mut client, "acme://logo").await;
        let expected = json!({"uri": "acme://logo", "mimeType": "image/png", "blob": logo});
        assert_eq!(contents(&picture), &expected, "{name}");
        let cases = [
            ("acme://notes", json!({"limit": 50}), 3),
            ("acme://notes/red", json!({"color": "red"}), 2),
            ("acme://beginnings/A%20n/5", json!({"beginning": "A n", "limit": 5}), 1),
            ("acme://beginnings/A%2Fnote%20%C3%A9/1", json!({"beginning": "A/note é", "limit": 1}), 1),
            ("acme://beginnings/../50", json!({"beginning": "..", "limit": 50}), 0),
            ("acme://beginnings/a%0D%0Ab/50", json!({"beginning": "a\r\nb", "limit": 50}), 0),
        ];
        for (uri, arguments, number) in cases {
            let reply = read(&mut client, uri).await;
            let said = contents(&reply);
            assert_eq!((&said["uri"], &said["mimeType"]), (&json!(uri), &json!("application/json")), "{name}");
            let said: Value = serde_json::from_str(said["text"].as_str().expect("a text")).expect("JSON");
            assert_eq!(said["notes"].as_array().map(Vec::len), Some(number), "{uri}, {name}");
            assert_eq!(&said, client.call("list_notes", arguments).await.structured(), "{uri}, {name}");
        }
    }
}

/// What was never declared has no method.
#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_server_without_resources_has_none_of_their_methods() {
    let server = Server::of(ACME_LIMITS).start();
    let token = server.token("all", &SCOPES);
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        for method in ["resources/list", "resources/templates/list", "resources/read", "resources/subscribe"] {
            let reply = client.request(method, json!({"uri": "acme://notes"})).await;
            let promise = if revision.is_stateless() { Promise::UnknownMethod } else { Promise::UnknownMethodBefore };
            assert_kept(promise, &reply, &format!("{method}, {transport:?}, {revision:?}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_uri_of_nothing_is_unknown() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let long = format!("acme://beginnings/{}/1", "a".repeat(4000));
    let shown: String = long.chars().take(256).collect();
    let uris = [
        "acme://nothing",
        "acme://guide/",
        "acme://%67uide",
        "ACME://guide",
        "acme://notes/",
        "acme://notes/red/blue",
        "acme://notes/../notes",
        "acme://notes/red?x",
        "acme://notes/red#x",
        "acme://beginnings/A note/1",
        "acme://beginnings/%C3/1",
        "acme://beginnings/%zz/1",
        "acme://beginnings/a\r\nb/1",
        "file:///etc/passwd",
        "../../etc/passwd",
        "",
    ];
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        let promise = if revision.is_stateless() { Promise::UnknownResource } else { Promise::UnknownResourceBefore };
        for (uri, shown) in uris.iter().map(|uri| (*uri, *uri)).chain([(long.as_str(), shown.as_str())]) {
            let reply = read(&mut client, uri).await;
            let case = format!("{uri:?}, {transport:?}, {revision:?}");
            assert_kept(promise, &reply, &case);
            assert_eq!(reply.error_data(), &json!({"reason": "unknown_resource", "uri": shown}), "{case}");
            assert!(
                reply.error_message().starts_with(&format!("There is no resource `{shown}`. ")),
                "{case}: {reply:?}"
            );
        }
        // Their tool does not take them.
        for uri in ["acme://notes/pink", "acme://beginnings/a/51", "acme://beginnings/a/1.0", "acme://beginnings/a/+1"]
        {
            let reply = read(&mut client, uri).await;
            assert_kept(promise, &reply, uri);
            assert_eq!(reply.error_data(), &json!({"reason": "unknown_resource", "uri": uri}), "{reply:?}");
        }
        for params in [json!({}), json!({"uri": null}), json!({"uri": 5})] {
            let reply = client.request("resources/read", params).await;
            assert_eq!(reply.error_code(), Some(-32602), "{reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_goes_wrong_is_an_error() {
    let server = Server::of(ACME).start();
    let token = server.token("nothing", &[]);
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        for (how, reason) in [("fail", "wrong_state"), ("panic", "internal")] {
            let uri = format!("acme://mishaps/{how}");
            let reply = read(&mut client, &uri).await;
            assert_eq!(reply.error_code(), Some(-32603), "{reply:?}");
            assert_eq!(reply.error_data(), &json!({"reason": reason, "uri": uri}), "{reply:?}");
        }
    }
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, &token).await;
    let reply = read(&mut client, "acme://mishaps/hang").await;
    assert_eq!(reply.error_data()["reason"], "timed_out", "{reply:?}");
    server.wait_for_line(&["misbehave was dropped"]);
    server.wait_for_line(&["operation=\"mishap\"", "outcome=\"timed_out\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_completed() {
    let server = Server::of(ACME).start();
    for (transport, revision) in ways() {
        let name = format!("{transport:?}-{}", revision.as_str());
        let token = server.token_for(&name, &name, &["notes:write"]);
        let mut client = connect(&server, transport, revision, &token).await;
        for text in ["Zebra", "Ant", "Antelope"] {
            client.call("add_note", json!({"text": text})).await;
        }
        let whole = |values: &[&str]| json!({"values": values, "total": values.len(), "hasMore": false});
        let (colors, beginnings) = ("acme://notes/{color}", "acme://beginnings/{beginning}/{limit}");
        for (template, variable, typed, expected) in [
            (colors, "color", "", whole(&["red", "green", "blue"])),
            (colors, "color", "GR", whole(&["green"])),
            (beginnings, "limit", "1", whole(&[])),
            (beginnings, "beginning", "", json!({"values": ["Zebra", "Ant"], "hasMore": true})),
            (beginnings, "beginning", "An", whole(&["Ant", "Antelope"])),
        ] {
            let reply = complete(&mut client, template, variable, typed).await;
            assert_eq!(reply.result()["completion"], expected, "{template} {variable} `{typed}`, {name}");
        }
        let unknown = complete(&mut client, colors, "colour", "").await;
        assert_eq!(unknown.error_code(), Some(-32602), "{unknown:?}");
        assert!(unknown.error_message().contains("did you mean `color`?"), "{unknown:?}");
        let code = if revision.is_stateless() { -32602 } else { -32002 };
        for template in ["acme://notes/{colour}", "acme://notes/red", "acme://guide"] {
            let unknown = complete(&mut client, template, "color", "").await;
            assert_eq!(unknown.error_code(), Some(code), "{unknown:?}");
            assert_eq!(unknown.error_data(), &json!({"reason": "unknown_resource", "uri": template}));
        }
        let neither = client
            .request(
                "completion/complete",
                json!({"ref": {"type": "ref/tool", "name": "x"}, "argument": {"name": "x", "value": ""}}),
            )
            .await;
        assert!(neither.error_message().starts_with("`ref` is neither a prompt, "), "{neither:?}");
    }
}

#[tokio::test]
async fn nothing_is_suggested_to_whom_the_template_is_not_shown() {
    for (binary, is_shown) in [(ACME, false), (ACME_ALL, true), (ACME_GATED, true)] {
        let server = Server::of(binary).start();
        let mut client = holding(&server, &["billing:read"], Revision::V2026_07_28).await;
        let words = complete(&mut client, "acme://notes/{color}", "color", "g").await;
        let listed = complete(&mut client, "acme://beginnings/{beginning}/{limit}", "beginning", "").await;
        if is_shown {
            assert_eq!(words.result()["completion"]["values"], json!(["green"]), "{binary}");
            assert_denied(&listed, "similar_notes", "notes:read", &["billing:read"], binary);
        } else {
            for reply in [words, listed] {
                assert_eq!(reply.error_data()["reason"], "unknown_resource", "{binary}: {reply:?}");
            }
        }
    }
}
