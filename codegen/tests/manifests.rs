//! The manifests of this workspace: they have no fault, and their schemas take and refuse what they should.

use std::path::Path;

use codegen::{
    api::{Api, Output, Shape, Verify},
    load::load,
    manifest::schema,
};
use serde_json::{Value, json};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn server(name: &str) -> Api {
    let loaded = load(root(), Path::new("tools.yaml")).unwrap_or_else(|report| panic!("{report}"));
    assert!(loaded.is_workspace);
    loaded.servers.into_iter().find(|api| api.server.name == name).expect(name)
}

fn tool<'a>(api: &'a Api, name: &str) -> &'a codegen::api::Tool {
    api.tools.iter().find(|tool| tool.name == name).expect(name)
}

fn accepts(schema: &Value, instance: &Value) -> bool {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(schema).expect("a schema").is_valid(instance)
}

#[test]
fn every_schema_is_one_and_an_object_at_its_root() {
    for name in ["infatica", "acme"] {
        for tool in server(name).tools {
            let output = tool.output_schema.as_ref();
            assert_eq!(output.is_none(), matches!(tool.output, Output::Content(_)), "{}", tool.name);
            for schema in std::iter::once(&tool.input_schema).chain(output) {
                jsonschema::draft202012::meta::validate(schema)
                    .unwrap_or_else(|error| panic!("{}: {error}", tool.name));
                assert_eq!(schema["type"], "object", "{}", tool.name);
                for keyword in ["$ref", "anyOf", "oneOf", "allOf"] {
                    assert!(schema.get(keyword).is_none(), "{}: {keyword}", tool.name);
                }
            }
            assert_eq!(tool.input_schema["additionalProperties"], json!(false), "{}", tool.name);
            assert!(output.is_none_or(|schema| schema.get("additionalProperties").is_none()), "{}", tool.name);
        }
    }
}

#[test]
fn inputs_take_what_is_declared_and_nothing_else() {
    let api = server("acme");
    let cases = [
        ("list_notes", json!({}), true),
        ("list_notes", json!({"color": "red", "limit": 50}), true),
        ("list_notes", json!({"color": "pink"}), false),
        ("list_notes", json!({"limit": 51}), false),
        ("list_notes", json!({"limit": "5"}), false),
        ("list_notes", json!({"colour": "red"}), false),
        ("add_note", json!({}), false),
        ("add_note", json!({"text": ""}), false),
        ("add_note", json!({"text": "x", "tags": ["a", "B"]}), false),
        ("add_note", json!({"text": "x", "tags": ["a", "b"]}), true),
        ("whoami", json!({}), true),
        ("whoami", json!({"x": 1}), false),
        ("echo", json!({"maybe": null, "anything": null, "labels": {"a": "b"}}), true),
        ("echo", json!({"text": null}), false),
        ("echo", json!({"labels": {"a": 1}}), false),
        ("echo", json!({"when": "2026-01-02T03:04:05Z", "day": "2026-01-02"}), true),
        ("echo", json!({"when": "yesterday"}), false),
        ("echo", json!({"ratio": 0}), false),
        ("echo", json!({"tree": {"value": 1, "below": [{"value": 2, "below": []}]}}), true),
        ("echo", json!({"tree": {"value": 1, "below": [{"below": []}]}}), false),
        ("echo", json!({"tree": {"value": 1, "above": []}}), false),
        ("echo", json!({"shape": {"kind": "circle", "radius": 1.5}}), true),
        ("echo", json!({"shape": {"kind": "circle", "text": "x"}}), false),
        ("echo", json!({"shape": {"kind": "square"}}), false),
    ];
    for (name, instance, expected) in cases {
        assert_eq!(accepts(&tool(&api, name).input_schema, &instance), expected, "{name}: {instance}");
    }
}

#[test]
fn outputs_take_more_than_is_declared_and_nothing_less() {
    let api = server("infatica");
    let counts = json!({"total": 1, "queued": 1, "running": 0, "completed": 0, "failed": 0, "cancelled": 0});
    let run = json!({"id": "a", "name": "b", "type": "urls", "engine": "raw", "status": "queued", "items": counts,
        "created_at": "2026-01-02T03:04:05Z", "new": true});
    let output = |name: &str| tool(&api, name).output_schema.clone().expect("a schema");
    let schema = &output("create_run");
    assert!(accepts(schema, &run));
    for name in ["id", "items", "created_at"] {
        let mut less = run.clone();
        less.as_object_mut().expect("an object").remove(name);
        assert!(!accepts(schema, &less), "without {name}");
    }
    assert!(accepts(&output("retry_run"), &json!({"run": run, "retried": 0})));
}

#[test]
fn definitions_are_those_that_are_reached_in_the_order_of_their_declaration() {
    let api = server("infatica");
    let defs = |name: &str| -> Vec<String> {
        let schema = tool(&api, name).output_schema.as_ref().expect("a schema");
        schema["$defs"].as_object().map(|defs| defs.keys().cloned().collect()).unwrap_or_default()
    };
    assert_eq!(defs("get_run_logs"), ["LogEvent"]);
    assert_eq!(defs("create_run"), ["RunType", "Engine", "RunStatus", "ItemCounts"]);
    let input = &tool(&api, "create_run").input_schema["properties"];
    let order: Vec<&String> = input.as_object().expect("properties").keys().collect();
    assert_eq!(order, ["type", "engine", "name", "urls", "source_url", "max_items"]);
}

#[test]
fn what_is_left_out_has_its_default() {
    let api = server("acme");
    let [list, add, delete] = ["list_notes", "add_note", "delete_note"].map(|name| tool(&api, name));
    assert_eq!([list, add, delete].map(|tool| tool.idempotent), [true, false, true]);
    assert_eq!([list, add, delete].map(|tool| tool.open_world), [false; 3]);
    assert_eq!(api.server.key, "acme");
    let Verify::Tokens(tokens) = &api.credential.verify else { panic!("{:?}", api.credential.verify) };
    assert_eq!(tokens.lifetime_seconds, 90 * 86_400);
    assert_eq!(api.scopes_without_tools.iter().count(), 1);
    assert!(tool(&api, "whoami").requirement.is_session());
    assert_eq!(tool(&api, "price_notes").requirement.clauses().len(), 2);
    assert_eq!(tool(&api, "count_notes").requirement.clauses()[0].alternatives().len(), 2);
}

#[test]
fn a_reference_to_itself_through_a_list_needs_no_box() {
    let api = server("acme");
    for named in &api.types {
        if let Shape::Object(fields) = &named.shape {
            assert!(fields.iter().all(|field| !field.boxed), "{}", named.name);
        }
    }
}

#[test]
fn editors_see_the_manifests_as_valid() {
    let schema = schema::for_editors();
    for path in [
        "tools.yaml",
        "examples/infatica/tools.yaml",
        "examples/infatica/tools/runs.yaml",
        "tests/acme/tools.yaml",
        "tests/tenants/tools.yaml",
        "tests/forwarder/tools.yaml",
    ] {
        let mut sources = codegen::source::Sources::default();
        let file = sources.read(&root().join(path), path.to_owned()).expect(path);
        let tree = codegen::tree::read(file, sources.text(file)).tree.expect(path);
        assert!(accepts(&schema, &tree.to_json()), "{path}");
    }
}

/// A server with one tool, whose types and input are given.
fn small(types: &str, input: &str) -> Api {
    let manifest = format!(
        "manifest: 1
server: {{name: small, title: Small, version: 1.0.0, description: Small., endpoint: \"https://small.example/mcp\"}}
credential: {{name: Key, abbreviation: key, prefix: small_, length: 40, lifetime: 12h, env: SMALL_KEY, create_at: Keys, verify: tokens}}
groups: {{all: {{title: All}}}}
types: {{{types}}}
tools:
  try: {{title: Try, description: Try., group: all, access: read, scope: session, input: {{{input}}}, output: {{}}}}
clients: [stdio]
"
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("tools.yaml"), manifest).expect("a manifest");
    let loaded = load(folder.path(), Path::new("tools.yaml")).unwrap_or_else(|report| panic!("{report}"));
    loaded.servers.into_iter().next().expect("a server")
}

#[test]
fn only_references_that_would_make_a_type_endless_in_size_are_boxed() {
    let api = small(
        "
        Leaf: {properties: {x: {type: string, description: X.}}},
        Self1: {properties: {next: {type: Self1, description: N.}, leaf: {type: Leaf, description: L.}}},
        Left: {properties: {right: {type: Right, description: R.}, all: {type: array, items: {type: Left}, description: A.}}},
        Right: {properties: {left: {type: Left, required: true, nullable: true, description: L.}}},
        Holder: {properties: {left: {type: Left, description: L.}}},
        Expression: {tag: kind, variants: {
          negate: {properties: {of: {type: Expression, required: true, description: O.}}},
          number: {properties: {value: {type: number, required: true, description: V.}}}}}",
        "a: {type: Self1, description: A.}, b: {type: Holder, description: B.}, c: {type: Expression, description: C.}",
    );
    let mut boxed = Vec::new();
    for named in &api.types {
        let fields: Vec<&codegen::api::Field> = match &named.shape {
            Shape::Enum(_) => Vec::new(),
            Shape::Object(fields) => fields.iter().collect(),
            Shape::Union { variants, .. } => variants.iter().flat_map(|variant| &variant.fields).collect(),
        };
        boxed.extend(
            fields.into_iter().filter(|field| field.boxed).map(|field| format!("{}.{}", named.name, field.wire)),
        );
    }
    assert_eq!(boxed, ["Self1.next", "Left.right", "Right.left", "Expression.of"]);
    assert!(api.tools[0].input.iter().all(|field| !field.boxed));
}

#[test]
fn fields_become_schemas_and_words() {
    let cases = [
        ("type: string", json!({"type": "string"}), ""),
        ("type: string, minLength: 1", json!({"type": "string", "minLength": 1}), "at least 1 character"),
        (
            "type: string, minLength: 2, maxLength: 2",
            json!({"type": "string", "minLength": 2, "maxLength": 2}),
            "exactly 2 characters",
        ),
        ("type: string, enum: [a, b]", json!({"type": "string", "enum": ["a", "b"]}), "one of `a` or `b`"),
        (
            "type: string, enum: [a], nullable: true",
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            "one of `a`",
        ),
        (
            "type: integer, minimum: 1, maximum: 5",
            json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 5}),
            "1 to 5",
        ),
        (
            "type: number, exclusiveMinimum: 0, maximum: 1.5",
            json!({"type": "number", "maximum": 1.5, "exclusiveMinimum": 0}),
            "at most 1.5, above 0",
        ),
        (
            "type: integer, multipleOf: 5",
            json!({"type": "integer", "format": "int64", "multipleOf": 5}),
            "a multiple of 5",
        ),
        ("type: json", json!({}), ""),
        ("type: json, nullable: true", json!({}), ""),
        ("type: boolean, nullable: true", json!({"type": ["boolean", "null"]}), ""),
        ("type: Color", json!({"$ref": "#/$defs/Color"}), ""),
        ("type: Color, nullable: true", json!({"anyOf": [{"$ref": "#/$defs/Color"}, {"type": "null"}]}), ""),
        (
            "type: array, items: {type: array, items: {type: Color}, maxItems: 2}, uniqueItems: true",
            json!({"type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/Color"}, "maxItems": 2}, "uniqueItems": true}),
            "all different; each: at most 2 items",
        ),
        (
            "type: map, values: {type: string, format: uuid}, minProperties: 1, maxProperties: 9",
            json!({"type": "object", "additionalProperties": {"type": "string", "format": "uuid"}, "minProperties": 1, "maxProperties": 9}),
            "1 to 9 entries; each: a UUID",
        ),
    ];
    for (declared, schema, bounds) in cases {
        let color = "Color: {enum: [red]}";
        let input = format!("x: {{{declared}, description: D.}}, color: {{type: Color, description: C.}}");
        let api = small(color, &input);
        let tool = &api.tools[0];
        let mut expected = schema;
        expected["description"] = "D.".into();
        assert_eq!(tool.input_schema["properties"]["x"], expected, "{declared}");
        assert_eq!(tool.input[0].bounds, bounds, "{declared}");
    }
}
