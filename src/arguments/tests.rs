use serde_json::{Value, json};

use super::Schema;

/// Deep enough that trying more than one alternative at each level does not end.
const DEPTH: usize = 60;

fn variant(word: &str, property: &str, schema: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {"kind": {"type": "string", "const": word}, property: schema},
        "required": ["kind", property],
        "additionalProperties": false,
    })
}

/// Expressions of expressions, beside a union in which the same name is an integer or anything.
fn schema() -> Schema {
    let reference = json!({"$ref": "#/$defs/Expr"});
    let nullable = json!({"anyOf": [reference, {"type": "null"}]});
    let several = json!({"type": "array", "items": reference});
    let variants = json!([
        variant("and", "items", &several),
        variant("or", "items", &several),
        variant("not", "inner", &nullable),
        variant("maybe", "inner", &nullable),
        variant("num", "value", &json!({"type": "integer"})),
        variant("raw", "value", &json!({})),
    ]);
    let declared = json!({
        "type": "object",
        "properties": {"expr": reference},
        "$defs": {"Expr": {"description": "An expression.", "oneOf": variants}},
        "additionalProperties": false,
    });
    Schema::compile(declared).expect("a schema")
}

fn nested(leaf: &Value, wrap: impl Fn(Value) -> Value) -> Value {
    json!({"expr": (0..DEPTH).fold(leaf.clone(), |inner, _| wrap(inner))})
}

type Wrap = (fn(Value) -> Value, &'static str);

/// Each way to nest expressions, and how one level of it is written in a place.
const WRAPS: [Wrap; 2] = [
    (|inner| json!({"kind": "or", "items": [inner]}), ".items[0]"),
    (|inner| json!({"kind": "maybe", "inner": inner}), ".inner"),
];

#[test]
fn deep_unions_are_accepted_and_only_the_variant_that_came_makes_numbers_whole() {
    let schema = schema();
    for (wrap, _) in WRAPS {
        for (sent, came) in [
            (json!({"kind": "num", "value": 1.0}), json!({"kind": "num", "value": 1})),
            (json!({"kind": "raw", "value": 1.0}), json!({"kind": "raw", "value": 1.0})),
        ] {
            assert_eq!(schema.check(nested(&sent, wrap)), Ok(nested(&came, wrap)), "{sent}");
        }
    }
}

#[test]
fn faults_deep_in_unions_are_explained_where_they_are() {
    let words = "and, or, not, maybe, num, raw";
    let schema = schema();
    for (wrap, level) in WRAPS {
        let place = format!("expr{}", level.repeat(DEPTH));
        for (leaf, faults) in [
            (json!({"kind": "num", "value": "x"}), vec![".value`: expected a whole number, got \"x\"".to_owned()]),
            (json!({"kind": "num"}), vec![".value`: missing, and required".to_owned()]),
            (json!({"value": 1}), vec![".kind`: missing, and required".to_owned()]),
            (json!({"kind": 7}), vec![format!(".kind`: expected one of {words}, got 7")]),
            (
                json!({"kind": "nut", "value": 1}),
                vec![format!(".kind`: expected one of {words} (did you mean not?), got \"nut\"")],
            ),
            (
                json!({"kind": "num", "valeu": 1}),
                vec![".valeu`: unknown; did you mean `value`?".to_owned(), ".value`: missing, and required".to_owned()],
            ),
        ] {
            let expected: Vec<_> = faults.iter().map(|fault| format!("`{place}{fault}")).collect();
            assert_eq!(schema.check(nested(&leaf, wrap)), Err(expected), "{leaf}");
        }
    }
}

#[test]
fn what_every_variant_requires_is_missing_where_the_tag_is() {
    let circle = json!({
        "type": "object",
        "properties": {"kind": {"const": "circle"}, "name": {}, "radius": {}},
        "required": ["kind", "name", "radius"],
    });
    let label = json!({
        "type": "object",
        "properties": {"kind": {"const": "label"}, "text": {}, "name": {}},
        "required": ["kind", "text", "name"],
    });
    let declared = json!({
        "properties": {"shape": {"$ref": "#/$defs/Shape"}},
        "$defs": {"Shape": {"oneOf": [circle, label]}},
    });
    let schema = Schema::compile(declared).expect("a schema");
    for (shape, expected) in [
        (json!({}), vec!["`shape.kind`: missing, and required", "`shape.name`: missing, and required"]),
        (json!({"name": 1}), vec!["`shape.kind`: missing, and required"]),
        (json!({"kind": "square"}), vec!["`shape.kind`: expected one of circle, label, got \"square\""]),
        (json!({"kind": "label", "text": ""}), vec!["`shape.name`: missing, and required"]),
        (json!("circle"), vec!["`shape`: expected an object, got \"circle\""]),
        (json!(null), vec!["`shape`: expected an object, got null"]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(schema.check(json!({"shape": shape})), Err(expected), "{shape}");
    }
}
