//! Generated types and generated schemas say the same: what one takes, the other takes, and the
//! defaults are equal. The crate is the golden case with every type.

use every_type_tools::{Chain, Filter, Found, Grade, Plain, Range, SERVER, Thing, drop_thing, list_things, r#move};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The JSON that a type makes of JSON.
fn through<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(typed).expect("JSON"))
}

fn input_schema(tool: &str) -> Value {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("a list");
    let found = list.into_iter().find(|listed| listed["name"] == tool).expect("the tool");
    found["inputSchema"].clone()
}

#[test]
fn defaults_are_those_of_the_schema() {
    let filled = through::<list_things::Input>(&json!({})).expect("arguments");
    let schema = input_schema("list_things");
    let mut defaults = 0;
    for (name, property) in schema["properties"].as_object().expect("properties") {
        match property.get("default") {
            // JSON knows no difference between a whole number and one with a fraction of zero.
            Some(default) if default.is_number() => assert_eq!(filled[name].as_f64(), default.as_f64(), "{name}"),
            Some(default) if name == "labels" => assert_eq!(filled[name], json!({"a": 1.0, "b": -2.5}), "{default}"),
            Some(default) => assert_eq!(filled[name], *default, "{name}"),
            None => assert_eq!(filled.get(name), None, "{name}"),
        }
        defaults += usize::from(property.get("default").is_some());
    }
    assert!(defaults > 10);
    let lowest: list_things::Input = serde_json::from_value(json!({})).expect("arguments");
    assert_eq!((lowest.lowest, lowest.limit, lowest.level), (i64::MIN, 1_000_000, Grade::VeryHigh));
}

#[test]
fn values_stay_as_they_are() {
    let chain = json!({"name": "a", "next": {"name": "b"}, "others": {"c": {"name": "c"}}});
    let least = json!({
        "id": "1", "type": "self_made", "level": null, "parent": null,
        "weight": 0.5, "anything": null, "matrix": [],
    });
    let most = json!({
        "id": "1", "type": "loop", "displayName": "One", "level": "text/html", "parent": chain,
        "weight": -1.5, "anything": {"a": [1, null]}, "matrix": [[1, -2], []], "labels": {"x": ["y"]},
        "found": {"how": "search", "score": 0.25, "thing": {"name": "d"}},
    });
    for value in [&least, &most] {
        assert_eq!(through::<Thing>(value).as_ref(), Ok(value));
        assert_eq!(through::<r#move::Output>(value).as_ref(), Ok(value));
    }
    assert_eq!(through::<Chain>(&chain).as_ref(), Ok(&chain));
    for value in [json!({"how": "chance"}), json!({"how": "search", "score": 1.0})] {
        assert_eq!(through::<Found>(&value).as_ref(), Ok(&value));
    }
    assert_eq!(through::<drop_thing::Input>(&json!({"thing_id": null})), Ok(json!({"thing_id": null})));
}

#[test]
fn what_is_left_out_of_an_object_is_filled_in() {
    assert_eq!(through::<Range>(&json!({})), Ok(json!({"from": -1.5, "to": 1.0})));
    let filter = json!({"by": "text", "contains": "x"});
    assert_eq!(through::<Filter>(&filter), Ok(json!({"by": "text", "contains": "x", "caseSensitive": false})));
    assert_eq!(through::<Filter>(&json!({"by": "level-range"})), Ok(json!({"by": "level-range", "levels": ["low"]})));
}

#[test]
fn a_nullable_value_with_a_default_can_still_be_null() {
    let given = through::<list_things::Input>(&json!({"maybeLevel": null})).expect("arguments");
    assert_eq!(given["maybeLevel"], Value::Null);
    let left_out = through::<list_things::Input>(&json!({})).expect("arguments");
    assert_eq!(left_out["maybeLevel"], "low");
}

#[test]
fn what_the_schema_refuses_is_refused() {
    assert!(through::<r#move::Input>(&json!({"thing_id": "x"})).unwrap_err().contains("missing field `to`"));
    assert!(
        through::<r#move::Input>(&json!({"thing_id": "x", "to": {}, "too": 1})).unwrap_err().contains("unknown field")
    );
    assert!(through::<Filter>(&json!({"by": "level"})).unwrap_err().contains("unknown variant"));
    assert!(through::<list_things::Input>(&json!({"limit": 1.5})).is_err());
    assert!(through::<list_things::Input>(&json!({"limit": 9_223_372_036_854_775_808_u64})).is_err());
}

#[test]
fn words_are_the_same_in_text_and_in_json() {
    for level in Grade::ALL {
        assert_eq!(serde_json::to_value(level).expect("JSON"), level.as_str());
        assert_eq!(Grade::parse(level.as_str()), Some(*level));
        assert_eq!(level.to_string(), level.as_str());
    }
    assert_eq!(Grade::ALL.iter().map(|level| level.as_str()).collect::<Vec<_>>(), ["low", "very-high", "text/html"]);
    assert_eq!(Grade::parse("VeryHigh"), None);
    assert_eq!(format!("[{:>10}]", Plain::Loop), "[      loop]");
}
