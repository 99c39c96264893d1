//! What edits make of a data flow.

use integrate_io_tools::FlowType;
use serde_json::{Value, json};

use crate::dataflow::{Edit, EditError, edit::merge, edited};

fn flow() -> Value {
    json!({
        "components": [
            {"name": "orders", "type": "database_source", "connection_id": 42, "table": "orders"},
            {"name": "large", "type": "filter", "condition": "amount > 1000"},
            {"name": "columns", "type": "select", "fields": [{"expression": "id"}, {"expression": "amount"}]},
            {"name": "target", "type": "database_destination", "connection_id": 42, "schema": "main", "table": "t", "mode": "append"},
        ],
        "edges": [{"from": "orders", "to": "large"}, {"from": "large", "to": "columns"}, {"from": "columns", "to": "target"}],
    })
}

fn after(data_flow: &Value, edits: &Value) -> Result<(Value, Vec<String>), EditError> {
    let edits = edits.as_array().expect("edits").iter().map(|edit| Edit {
        component: edit[0].as_str().expect("a name").to_owned(),
        updates: edit[1].as_object().expect("updates").clone(),
    });
    edited(FlowType::Dataflow, data_flow, &edits.collect::<Vec<_>>())
}

/// Edits, and what is different afterwards, by JSON pointer.
#[test]
fn updates_are_merged() {
    let cases = [
        // Values and lists replace.
        (json!([["large", {"condition": "amount > 5000"}]]), json!({"/components/1/condition": "amount > 5000"})),
        (
            json!([["columns", {"fields": [{"expression": "id"}]}]]),
            json!({"/components/2/fields": [{"expression": "id"}]}),
        ),
        // Null takes away, and what stays keeps its order.
        (
            json!([["target", {"schema": null}]]),
            json!({"/components/3": {"name": "target", "type": "database_destination", "connection_id": 42, "table": "t", "mode": "append"}}),
        ),
        (json!([["target", {"unknown": null}]]), json!({})),
        // A type can change when its fields do.
        (
            json!([["large", {"type": "limit", "condition": null, "rows": 5}]]),
            json!({"/components/1": {"name": "large", "type": "limit", "rows": 5}}),
        ),
        // Several at once.
        (
            json!([["target", {"mode": "replace"}], ["orders", {"table": "all_orders"}]]),
            json!({"/components/3/mode": "replace", "/components/0/table": "all_orders"}),
        ),
        // Edges follow a name, also when two are exchanged.
        (
            json!([["large", {"name": "larger"}]]),
            json!({"/components/1/name": "larger", "/edges/0/to": "larger", "/edges/1/from": "larger"}),
        ),
        (
            json!([["large", {"name": "columns"}], ["columns", {"name": "large"}]]),
            json!({"/components/1/name": "columns", "/components/2/name": "large", "/edges/0/to": "columns",
                   "/edges/1": {"from": "columns", "to": "large"}, "/edges/2/from": "large"}),
        ),
    ];
    for (edits, differences) in cases {
        let mut expected = flow();
        for (pointer, value) in differences.as_object().expect("differences") {
            *expected.pointer_mut(pointer).expect("a place") = value.clone();
        }
        let (edited, _) = after(&flow(), &edits).unwrap_or_else(|error| panic!("{edits}: {error:?}"));
        assert_eq!(edited.to_string(), expected.to_string(), "{edits}");
    }
    let (_, names) =
        after(&flow(), &json!([["large", {"name": "larger"}], ["orders", {"table": "x"}]])).expect("edits");
    assert_eq!(names, ["larger", "orders"]);
}

#[test]
fn objects_are_merged_at_any_depth() {
    // From RFC 7396, appendix A, where a component can be like that: any other is refused afterwards.
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        (json!({"z": 1, "y": 2, "x": 3}), json!({"z": null}), json!({"y": 2, "x": 3})),
    ];
    for (mut target, patch, expected) in cases {
        for (key, update) in patch.as_object().expect("a patch") {
            merge(&mut target, key, update);
        }
        assert_eq!(target.to_string(), expected.to_string(), "{patch}");
    }
}

/// Edits that are refused, and what is said.
#[test]
fn wrong_edits_are_refused() {
    let cases = [
        (
            json!([["large", {"condition": "a"}], ["lagre", {"condition": "b"}]]),
            "Edit(1, \"there is no component `lagre`; there are `orders`, `large`, `columns`, `target`\")",
        ),
        (json!([["large", {"condition": "a"}], ["large", {"name": "b"}]]), "`large` is there twice"),
        (json!([["large", {"condition": null}]]), "component `large`, `condition`: missing, and required"),
        (
            json!([["large", {"conditon": "a > 1"}]]),
            "component `large`, `conditon`: unknown; there are name, type, condition",
        ),
        (
            json!([["large", {"condition": {"and": []}}]]),
            "component `large`, `condition`: expected text, got {\"and\":[]}",
        ),
        (json!([["large", {"type": "limit"}]]), "component `large`, `rows`: missing, and required"),
        (json!([["large", {"name": "Orders"}]]), "component `large`, `name`: another component is called `Orders`"),
        (json!([["large", {"name": null}]]), "component `large`, `name`: missing, and required"),
        (json!([["large", {"name": "a b"}]]), "component `large`, `name`: expected a letter"),
        (
            json!([["large", {"name": "x"}], ["orders", {"name": "X"}]]),
            "component `orders`, `name`: another component is called",
        ),
        (json!([["large", {"condition": "x".repeat(300_000)}]]), "bytes of JSON"),
    ];
    for (edits, message) in cases {
        let said = match after(&flow(), &edits) {
            Err(EditError::Faults(faults)) => faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Err(error) => format!("{error:?}"),
            Ok(edited) => panic!("{edits} was not refused: {edited:?}"),
        };
        assert!(said.contains(message), "{edits}: {said}");
    }
}

#[test]
fn what_is_wrong_elsewhere_does_not_matter() {
    let mut data_flow = flow();
    data_flow["components"][0] = json!({"name": "orders", "type": "nonsense"});
    data_flow["edges"][1] = json!("nonsense");
    let (edited, _) = after(&data_flow, &json!([["large", {"condition": "no sql at all ("}]])).expect("an edit");
    assert_eq!(edited["components"][1]["condition"], "no sql at all (");
    // And what is wrong can be mended.
    let orders = json!([["orders", {"type": "database_source", "connection_id": 1, "table": "t"}]]);
    after(&data_flow, &orders).expect("an edit");
}
