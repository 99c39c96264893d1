//! Prompts that ask a person for what was not given with them.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, Transport, promises::assert_kept};

use crate::{ACME, SCOPES, VARIABLES, connect, prompts::get};

async fn able(server: &Server, transport: Transport, can: Value, token: &str) -> Client {
    let mut client = Client::of(server, VARIABLES, transport, Revision::V2026_07_28, Some(token)).capable(can);
    client.open().await;
    client
}

/// The prompt, with what a person answered.
async fn answered(client: &mut Client, arguments: &Value, answers: &Value) -> Reply {
    let params = json!({"name": "plan_notes", "arguments": arguments, "inputResponses": answers});
    client.request("prompts/get", params).await
}

fn accepted(content: impl Into<Value>) -> Value {
    let content = content.into();
    json!({"action": "accept", "content": content})
}

/// The keys of what is asked, and the fields of each.
fn asked(reply: &Reply) -> Vec<(String, Vec<String>)> {
    assert_eq!(reply.result()["resultType"], "input_required", "{reply:?}");
    let requests = reply.result()["inputRequests"].as_object().expect("requests");
    let fields = |request: &Value| {
        let fields = request["params"]["requestedSchema"]["properties"].as_object().expect("properties");
        fields.keys().cloned().collect()
    };
    requests.iter().map(|(key, request)| (key.clone(), fields(request))).collect()
}

fn text(reply: &Reply) -> &str {
    reply.result()["messages"][0]["content"]["text"].as_str().unwrap_or_else(|| panic!("{reply:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_shows_forms_is_told_what_to_ask() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let expected = json!({
        "plan": {
            "method": "elicitation/create",
            "params": {
                "mode": "form",
                "message": "How many notes about `'milk'`, and for whom?",
                "requestedSchema": {
                    "type": "object",
                    "properties": {
                        "reader": {"type": "string", "title": "Reader", "description": "Who reads them.", "minLength": 2, "maxLength": 20},
                        "count": {"type": "integer", "description": "How many.", "minimum": 1, "maximum": 50, "default": 3},
                        "color": {"type": "string", "description": "Their color.", "enum": ["red", "green", "blue"]},
                    },
                    "required": ["reader"],
                },
            },
        },
        "style": {
            "method": "elicitation/create",
            "params": {
                "mode": "form",
                "message": "In which style?",
                "requestedSchema": {
                    "type": "object",
                    "properties": {
                        "formal": {"type": "boolean", "description": "Whether it is formal."},
                        "share": {"type": "number", "description": "How much of the page they fill."},
                    },
                    "required": ["formal"],
                },
            },
        },
    });
    for transport in Transport::ALL {
        let mut client = able(&server, transport, json!({"elicitation": {}}), &token).await;
        let arguments = json!({"topic": "`milk`"});
        let reply = get(&mut client, "plan_notes", arguments.clone()).await;
        assert_eq!(reply.result()["inputRequests"], expected, "{transport:?}");
        let order: Vec<String> = asked(&reply).remove(0).1;
        assert_eq!(order, ["reader", "count", "color"], "{transport:?}");
        let answers = json!({
            "plan": accepted(json!({"reader": "Ada", "count": 5, "color": "blue"})),
            "style": accepted(json!({"formal": true, "share": 0.5})),
            "nobody_asked": accepted(json!({"reader": "Eve"})),
        });
        let reply = answered(&mut client, &arguments, &answers).await;
        let said = "Plan 5 notes about `milk` for Ada with list_notes.\nThey are blue.\nBe formal (formal: true).\nFill 0.5 of the page.\n";
        assert_eq!(text(&reply), said, "{transport:?}");
    }
    server.wait_for_line(&["operation=\"plan_notes\"", "outcome=\"not_answered\""]);
}

#[tokio::test]
async fn what_fits_is_taken_and_all_else_is_asked_again() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let mut client = able(&server, Transport::Http, json!({"elicitation": {"form": {}}}), &token).await;
    let no = json!({"action": "decline"});
    let plan = |content: Value| json!({"plan": accepted(content), "style": {"action": "cancel"}});
    let topic = json!({"topic": "milk"});
    let said = [
        // What is left out has its default, or nothing.
        (topic.clone(), plan(json!({"reader": "Ada"})), "Plan 3 notes about milk for Ada with list_notes.\n"),
        (
            topic.clone(),
            plan(json!({"reader": "Ada", "count": 4.0, "color": ""})),
            "Plan 4 notes about milk for Ada with list_notes.\n",
        ),
        (
            topic.clone(),
            plan(json!({"reader": "{{ topic }}", "color": "red", "beside": 1})),
            "Plan 3 notes about milk for {{ topic }} with list_notes.\nThey are urgent.\n",
        ),
        (
            topic.clone(),
            plan(json!({"reader": "Ada", "count": null, "color": null})),
            "Plan 3 notes about milk for Ada with list_notes.\n",
        ),
        (
            json!({"topic": "milk", "reader": "1815"}),
            json!({"style": no}),
            "Plan 3 notes about milk for 1815 with list_notes.\n",
        ),
        (
            topic.clone(),
            json!({"plan": accepted(json!({"reader": "Ada"})), "style": accepted(json!({"formal": false}))}),
            "Plan 3 notes about milk for Ada with list_notes.\n",
        ),
        // What was given is not asked for, and counts whatever a form says.
        (
            json!({"topic": "milk", "reader": "Eve", "formal": "true"}),
            json!({}),
            "Plan 3 notes about milk for Eve with list_notes.\nBe formal (formal: true).\n",
        ),
        (
            json!({"topic": "milk", "count": "7"}),
            plan(json!({"reader": "Eve", "count": 9})),
            "Plan 7 notes about milk for Eve with list_notes.\n",
        ),
        (
            json!({"topic": "milk", "reader": "Eve", "share": "0.25"}),
            json!({"style": no}),
            "Plan 3 notes about milk for Eve with list_notes.\nFill 0.25 of the page.\n",
        ),
    ];
    for (arguments, answers, expected) in said {
        let reply = answered(&mut client, &arguments, &answers).await;
        assert_eq!(text(&reply), expected, "{arguments}, {answers}");
    }
    let both: &[(&str, &[&str])] = &[("plan", &["reader", "count", "color"]), ("style", &["formal", "share"])];
    let (only_plan, only_style) = (&both[..1], &both[1..]);
    let again = [
        (topic.clone(), json!({}), both),
        (topic.clone(), json!({"plan": "Ada"}), both),
        (topic.clone(), json!({"plan": {"action": "agree", "content": {"reader": "Ada"}}}), both),
        (topic.clone(), json!({"reader": accepted(json!({"reader": "Ada"})), "style": no}), only_plan),
        (topic.clone(), plan(json!({})), only_plan),
        (topic.clone(), plan(json!(["Ada"])), only_plan),
        (topic.clone(), plan(json!({"reader": "A"})), only_plan),
        (topic.clone(), plan(json!({"reader": 5})), only_plan),
        (topic.clone(), plan(json!({"reader": "Ada", "count": 51})), only_plan),
        (topic.clone(), plan(json!({"reader": "Ada", "count": "5"})), only_plan),
        (topic.clone(), plan(json!({"reader": "Ada", "color": "pink"})), only_plan),
        (
            topic.clone(),
            json!({"plan": accepted(json!({"reader": "Ada"})), "style": accepted(json!({"formal": "true"}))}),
            only_style,
        ),
        (json!({"topic": "milk", "reader": "Ada"}), json!({}), only_style),
        (json!({"topic": "milk", "count": "5"}), json!({"style": no}), &[("plan", &["reader", "color"])]),
    ];
    for (arguments, answers, expected) in again {
        let reply = answered(&mut client, &arguments, &answers).await;
        let asked = asked(&reply);
        let asked: Vec<(&str, Vec<&str>)> =
            asked.iter().map(|(key, fields)| (key.as_str(), fields.iter().map(String::as_str).collect())).collect();
        let expected: Vec<(&str, Vec<&str>)> = expected.iter().map(|(key, fields)| (*key, fields.to_vec())).collect();
        assert_eq!(asked, expected, "{arguments}, {answers}");
    }
    let no_answers = answered(&mut client, &topic, &json!("plan")).await;
    assert_eq!(no_answers.error_code(), Some(-32602), "{no_answers:?}");
    for action in ["decline", "cancel"] {
        let reply = answered(&mut client, &topic, &json!({"plan": {"action": action}})).await;
        assert_eq!(reply.error_code(), Some(-32602), "{reply:?}");
        let message = "`reader` is missing: the form that asks for it was not filled in. Correct the arguments and ask for the prompt again.";
        assert_eq!(reply.error_message(), message);
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_client_that_cannot_be_asked_gives_it_as_an_argument() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    for transport in Transport::ALL {
        for can in [json!({}), json!({"elicitation": {"url": {}}}), json!({"sampling": {}})] {
            let mut client = able(&server, transport, can.clone(), &token).await;
            let reply = get(&mut client, "plan_notes", json!({"topic": "milk"})).await;
            let case = format!("{transport:?}, {can}");
            assert_kept(Promise::MissingCapability, &reply, &case);
            let data = json!({"reason": "missing_capability", "operation": "plan_notes", "requiredCapabilities": {"elicitation": {"form": {}}}});
            assert_eq!(reply.error_data(), &data, "{case}");
            let why =
                "`reader` is missing, and this client shows no form to ask for it. It can be given as an argument.";
            assert!(reply.error_message().starts_with(why), "{case}: {reply:?}");
            let reply = get(&mut client, "plan_notes", json!({"topic": "milk", "reader": "Ada"})).await;
            assert_eq!(text(&reply), "Plan 3 notes about milk for Ada with list_notes.\n", "{case}");
        }
        for revision in [Revision::V2025_06_18, Revision::V2025_11_25] {
            let mut client = connect(&server, transport, revision, &token).await;
            let reply = get(&mut client, "plan_notes", json!({"topic": "milk"})).await;
            let case = format!("{transport:?}, {revision:?}");
            assert_kept(Promise::PromptThatCannotAsk, &reply, &case);
            let why = "`reader` is missing, and this client cannot be asked for it: give it as an argument.";
            assert!(reply.error_message().starts_with(why), "{case}: {reply:?}");
            let reply = get(&mut client, "plan_notes", json!({"topic": "milk", "reader": "Ada"})).await;
            assert_eq!(text(&reply), "Plan 3 notes about milk for Ada with list_notes.\n", "{case}");
        }
    }
}

#[tokio::test]
async fn an_argument_is_what_the_form_would_take() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let mut client = able(&server, Transport::Http, json!({"elicitation": {}}), &token).await;
    let cases = [
        (json!({"reader": "A"}), "`reader`: expected at least 2 characters, got 1 character."),
        (json!({"count": "0"}), "`count`: expected at least 1, got 0."),
        (json!({"count": "many"}), "`count`: expected a whole number, got \"many\"."),
        (json!({"count": "1.5"}), "`count`: expected a whole number, got 1.5."),
        (json!({"count": 5}), "`count` is not text."),
        (json!({"share": "true"}), "`share`: expected a number, got true."),
        (json!({"color": "pink"}), "`color` is one of `red`, `green`, `blue`, and not `pink`."),
        (json!({"formal": "yes"}), "`formal` is one of `true`, `false`, and not `yes`."),
    ];
    for (mut arguments, fault) in cases {
        arguments["topic"] = "milk".into();
        let reply = get(&mut client, "plan_notes", arguments.clone()).await;
        assert_eq!(reply.error_code(), Some(-32602), "{arguments}: {reply:?}");
        let message = format!("{fault} Correct the arguments and ask for the prompt again.");
        assert_eq!(reply.error_message(), message, "{arguments}");
    }
}
