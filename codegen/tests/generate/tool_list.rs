//! The list that the protocol shows.

use serde_json::Value;

use crate::workspace::Workspace;

fn tools() -> Vec<Value> {
    let workspace = Workspace::of("every-type");
    assert_eq!(workspace.run(&[]).code, Some(0));
    let list = workspace.read("generated/every-type/tools.json");
    assert!(list.ends_with("]\n"));
    serde_json::from_str(&list).expect("a list")
}

#[test]
fn every_tool_has_all_four_hints() {
    // In this order: read-only, destructive, idempotent, open world.
    let expected = [
        ("list_things", [true, false, true, true]),
        ("move", [false, false, false, false]),
        ("drop_thing", [false, true, true, false]),
        ("count_words", [true, false, true, false]),
        // By the protocol, what it records is an effect of each call, though one that only reads.
        ("whoami", [true, false, false, false]),
        ("show_things", [false, false, false, false]),
    ];
    let hints = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
    let tools = tools();
    assert_eq!(tools.len(), expected.len());
    for (tool, (name, expected)) in tools.iter().zip(expected) {
        assert_eq!(tool["name"], name);
        let annotations = &tool["annotations"];
        assert_eq!(hints.map(|hint| annotations[hint].as_bool()), expected.map(Some), "{name}");
        assert_eq!(annotations.as_object().map(serde_json::Map::len), Some(hints.len() + 1), "{name}");
        assert_eq!(annotations["title"], tool["title"], "{name}");
    }
}

#[test]
fn a_model_is_told_what_a_tool_asks_the_user_itself() {
    let tools = tools();
    let show_things = tools.last().expect("a tool");
    let asked = "`name`, `address`, `age`, `score`, `verified`, `status`, `level`, `place`, `levels`, `places`, `colors`, \
                 `startDate`, `type` and `old`";
    let said = format!("Show things and tell about them. Asks the user for {asked} itself.");
    assert_eq!(show_things["description"], said);
}

#[test]
fn texts_and_schemas_are_those_of_the_manifest() {
    let tools = tools();
    let list_things = &tools[0];
    assert_eq!(list_things["title"], "List things | all");
    assert_eq!(
        list_things["description"],
        "List things: `a|b`, <none>, [link](x), 5 * 3 * 2 and \"quotes\"; ends with a backslash \\"
    );
    assert_eq!(list_things["inputSchema"]["properties"]["lowest"]["default"], i64::MIN);
    for tool in &tools {
        let keys: Vec<&String> = tool.as_object().expect("an object").keys().collect();
        // What answers with content has no properties.
        let schemas =
            if tool["name"] == "show_things" { &["inputSchema"][..] } else { &["inputSchema", "outputSchema"] };
        assert_eq!(keys, [&["name", "title", "description"][..], schemas, &["annotations"]].concat());
        for schema in schemas {
            assert_eq!(tool[schema]["type"], "object", "{}", tool["name"]);
            jsonschema::meta::validate(&tool[schema]).expect("a schema");
        }
    }
}
