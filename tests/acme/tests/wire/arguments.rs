//! What a caller is told of arguments that do not fit, word for word.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Revision, Server, promises::assert_kept};

use crate::{ACME, full};

/// What the tool is sent, and each line of the answer.
type Case = (Value, &'static [&'static str]);

async fn check(tool: &str, cases: &[Case]) {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    for (arguments, lines) in cases {
        let reply = client.call(tool, arguments.clone()).await;
        let expected = match lines {
            [only] => format!("invalid_arguments: {only}"),
            several => {
                format!(
                    "invalid_arguments: {} faults in the arguments of `{tool}`:\n- {}",
                    several.len(),
                    several.join("\n- ")
                )
            }
        };
        assert_kept(Promise::WrongArgument, &reply, &arguments.to_string());
        assert_eq!(reply.text(), expected, "{arguments}");
    }
}

#[tokio::test]
pub(super) async fn bounds_say_what_came() {
    check(
        "list_notes",
        &[
            (json!({"limit": 0}), &["`limit`: expected at least 1, got 0"]),
            (json!({"limit": 51}), &["`limit`: expected at most 50, got 51"]),
            (json!({"limit": "ten"}), &["`limit`: expected a whole number, got \"ten\""]),
            (json!({"limit": 1.5}), &["`limit`: expected a whole number, got 1.5"]),
            (json!({"limit": null}), &["`limit`: expected a whole number, got null"]),
            (
                json!({"color": "gren"}),
                &["`color`: expected one of red, green, blue (did you mean green?), got \"gren\""],
            ),
            (json!({"color": 7}), &["`color`: expected one of red, green, blue, got 7"]),
        ],
    )
    .await;
    check(
        "add_note",
        &[
            (json!({"text": ""}), &["`text`: expected at least 1 character, got 0 characters"]),
            (json!({"text": "é".repeat(201)}), &["`text`: expected at most 200 characters, got 201 characters"]),
            (
                json!({"text": "x", "tags": ["a", "b", "c", "d", "e", "f"]}),
                &["`tags`: expected at most 5 items, got 6 items"],
            ),
            (
                json!({"text": "x", "tags": ["a", "B2"]}),
                &["`tags[1]`: expected text that matches ^[a-z]+$, got \"B2\""],
            ),
            (json!({"text": "x", "tags": "a"}), &["`tags`: expected an array, got \"a\""]),
        ],
    )
    .await;
}

#[tokio::test]
async fn names_that_are_missing_or_unknown() {
    check(
        "add_note",
        &[
            (json!({}), &["`text`: missing, and required"]),
            (json!({"txt": "x"}), &["`txt`: unknown; did you mean `text`?", "`text`: missing, and required"]),
            (json!({"text": "x", "colour": "red"}), &["`colour`: unknown; did you mean `color`?"]),
            (json!({"text": "x", "urgency": 1}), &["`urgency`: unknown; there are text, color, tags"]),
            (json!({"text": "x", "two words": 1}), &["`[\"two words\"]`: unknown; there are text, color, tags"]),
        ],
    )
    .await;
    check("whoami", &[(json!({"verbose": true}), &["`verbose`: unknown; the tool takes no arguments"])]).await;
}

#[tokio::test]
pub(super) async fn all_faults_come_at_once() {
    check(
        "add_note",
        &[(
            json!({"text": "", "color": "pink", "tags": [1, "B"], "colour": "red"}),
            &[
                "`text`: expected at least 1 character, got 0 characters",
                "`color`: expected one of red, green, blue, got \"pink\"",
                "`tags[0]`: expected text, got 1",
                "`tags[1]`: expected text that matches ^[a-z]+$, got \"B\"",
                "`colour`: unknown; did you mean `color`?",
            ],
        )],
    )
    .await;
}

#[tokio::test]
async fn every_type_is_explained() {
    check(
        "echo",
        &[
            (
                json!({"when": "yesterday"}),
                &["`when`: expected a date and time such as 2026-03-01T12:00:00Z, got \"yesterday\""],
            ),
            (json!({"day": "2026-02-30"}), &["`day`: expected a date such as 2026-03-01, got \"2026-02-30\""]),
            (json!({"ratio": 0}), &["`ratio`: expected more than 0, got 0"]),
            (json!({"ratio": true}), &["`ratio`: expected a number, got true"]),
            (json!({"flag": "yes"}), &["`flag`: expected true or false, got \"yes\""]),
            (json!({"maybe": 1}), &["`maybe`: expected null or text, got 1"]),
            (json!({"numbers": [0, -1]}), &["`numbers[1]`: expected at least 0, got -1"]),
            (json!({"labels": {"a b": 1, "c": "x"}}), &["`labels[\"a b\"]`: expected text, got 1"]),
            (json!({"labels": {"a/~b": 1}}), &["`labels[\"a/~b\"]`: expected text, got 1"]),
            (json!({"labels": ["x"]}), &["`labels`: expected an object, got [\"x\"]"]),
            (
                json!({"tree": {"value": 1, "below": [{"value": 2}, {"value": "x", "bellow": []}]}}),
                &[
                    "`tree.below[1].value`: expected a whole number, got \"x\"",
                    "`tree.below[1].bellow`: unknown; did you mean `below`?",
                ],
            ),
            (json!({"text": "x".repeat(100), "type": 1}), &["`type`: expected text, got 1"]),
            (
                json!({"flag": "x".repeat(100)}),
                &[concat!(
                    "`flag`: expected true or false, got \"",
                    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                    "…"
                )],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn of_several_shapes_the_one_that_was_meant_is_explained() {
    check(
        "echo",
        &[
            (json!({"shape": {"kind": "circle"}}), &["`shape.radius`: missing, and required"]),
            (json!({"shape": {"kind": "circle", "radius": "1"}}), &["`shape.radius`: expected a number, got \"1\""]),
            (
                json!({"shape": {"kind": "label", "txt": "x"}}),
                &["`shape.txt`: unknown; did you mean `text`?", "`shape.text`: missing, and required"],
            ),
            (json!({"shape": {"kind": "square"}}), &["`shape.kind`: expected one of circle, label, got \"square\""]),
            (json!({"shape": {"radius": 1}}), &["`shape.kind`: missing, and required"]),
            (json!({"shape": "circle"}), &["`shape`: expected an object, got \"circle\""]),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_the_schema_allows_and_the_type_does_not() {
    let range = "expected a whole number from -9223372036854775808 to 9223372036854775807";
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    for (number, place) in [
        (json!({"count": 9_223_372_036_854_775_808_u64}), "count"),
        (json!({"count": 1e30}), "count"),
        (json!({"numbers": [1, 18_446_744_073_709_551_615_u64]}), "numbers[1]"),
        (json!({"tree": {"value": -1e19}}), "tree.value"),
    ] {
        let reply = client.call("echo", number.clone()).await;
        let expected = format!("invalid_arguments: `{place}`: {range}, got ");
        assert!(reply.is_tool_error() && reply.text().starts_with(&expected), "{number}: {reply:?}");
    }
}

#[tokio::test]
async fn good_arguments_arrive_as_they_were_meant() {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    let defaults = json!({"flag": true, "color": "green"});
    let with = |more: Value| {
        let mut all = defaults.clone();
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    for (sent, came) in [
        (json!({}), defaults.clone()),
        (json!({"count": 3.0}), with(json!({"count": 3}))),
        (json!({"count": -0.0}), with(json!({"count": 0}))),
        (json!({"count": 1e3}), with(json!({"count": 1000}))),
        (json!({"count": i64::MIN}), with(json!({"count": i64::MIN}))),
        (json!({"count": i64::MAX}), with(json!({"count": i64::MAX}))),
        (json!({"ratio": 2}), with(json!({"ratio": 2.0}))),
        (json!({"numbers": [1.0, 2]}), with(json!({"numbers": [1, 2]}))),
        (
            json!({"tree": {"value": 1.0, "below": [{"value": 2.0}]}}),
            with(json!({"tree": {"value": 1, "below": [{"value": 2}]}})),
        ),
        (json!({"anything": 1.0}), with(json!({"anything": 1.0}))),
        (json!({"anything": {"a": [1.0, null]}}), with(json!({"anything": {"a": [1.0, null]}}))),
        (json!({"labels": {"z": "1", "a": "2"}}), with(json!({"labels": {"a": "2", "z": "1"}}))),
        (json!({"shape": {"kind": "circle", "radius": 1}}), with(json!({"shape": {"kind": "circle", "radius": 1.0}}))),
        (
            json!({"shape": {"kind": "label", "text": "\u{0}\u{202e}"}}),
            with(json!({"shape": {"kind": "label", "text": "\u{0}\u{202e}"}})),
        ),
        (
            json!({"when": "2026-03-01T12:00:00+01:00", "day": "2028-02-29"}),
            with(json!({"when": "2026-03-01T12:00:00+01:00", "day": "2028-02-29"})),
        ),
        (json!({"text": "../../etc/passwd\r\nX: y"}), with(json!({"text": "../../etc/passwd\r\nX: y"}))),
        (
            json!({"flag": false, "color": "red", "type": "r#type"}),
            json!({"flag": false, "color": "red", "type": "r#type"}),
        ),
    ] {
        let reply = client.call("echo", sent.clone()).await;
        assert_eq!(reply.structured()["arguments"], came, "{sent}");
    }
}
