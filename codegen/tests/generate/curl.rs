//! The commands of the documentation that call tools: a shell reads them as they are meant.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use crate::{clients::run_in_shell, workspace::Workspace};

/// The blocks of code below a heading.
fn blocks_below(page: &str, heading: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let (mut seen, mut is_below, mut is_code) = (String::new(), false, false);
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => seen.clear(),
            Event::End(TagEnd::Heading(_)) => is_below = seen == heading,
            Event::Start(Tag::CodeBlock(_)) if is_below => {
                blocks.push(String::new());
                is_code = true;
            }
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Text(text) if is_code => blocks.last_mut().expect("a block").push_str(&text),
            Event::Text(text) => seen.push_str(&text),
            _ => {}
        }
    }
    blocks
}

#[test]
fn curl_is_given_the_call_whatever_is_in_it() {
    let workspace = Workspace::of("every-type");
    assert_eq!(workspace.run(&[]).code, Some(0));
    let commands = blocks_below(&workspace.read("generated/every-type/docs/README.md"), "Call a tool with curl");
    let calls =
        [("count_words", json!({"self_id": "it's $HOME, '`id`' \"x\" \\ !1\n```é"})), ("list_things", json!({}))];
    assert_eq!(commands.len(), calls.len(), "{commands:?}");
    for (command, (tool, arguments)) in commands.iter().zip(calls) {
        workspace.write("call.sh", command);
        let words = run_in_shell(&workspace, "call.sh", "curl", Some(("EVERY_KEY", "every_secret")));
        let expected = [
            "https://every.example/v1/YOUR-TYPE/mcp",
            "-H",
            "Authorization: Bearer every_secret",
            "-H",
            "Content-Type: application/json",
            "-d",
        ];
        assert_eq!(words[..expected.len()], expected);
        let body: Value = serde_json::from_str(&words[expected.len()]).expect("the body");
        let params = json!({"name": tool, "arguments": arguments});
        assert_eq!(body, json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}));
    }
}

#[test]
fn curl_asks_for_a_token_as_the_manifest_says() {
    let workspace = Workspace::of("every-type");
    assert_eq!(workspace.run(&[]).code, Some(0));
    let blocks = blocks_below(&workspace.read("generated/every-type/docs/README.md"), "With a password (legacy)");
    let [command, answer] = blocks.as_slice() else { panic!("not a command and an answer: {blocks:?}") };
    workspace.write("call.sh", command);
    let words = run_in_shell(&workspace, "call.sh", "curl", None);
    let expected = ["https://every.example/v1/oauth/token", "-H", "Content-Type: application/json", "-d"];
    assert_eq!(words[..expected.len()], expected);
    let body: Value = serde_json::from_str(&words[expected.len()]).expect("the body");
    let asked = json!({"grant_type": "password", "email": "you@example.com", "password": "YOUR_PASSWORD"});
    assert_eq!(body, asked);
    let answer: Value = serde_json::from_str(answer).expect("the answer");
    let given = json!({
        "access_token": format!("every_{}", "x".repeat(24)),
        "token_type": "Bearer",
        "expires_in": 5400,
        "created_at": 1_767_225_600,
        "scope": "things:write audit:read",
    });
    assert_eq!(answer, given);
}

#[test]
fn a_manifest_decides_which_tools_are_called() {
    let heading = "## Call a tool with curl";
    let called = |tools: Option<&str>| {
        let workspace = Workspace::of("every-type");
        let line = tools.map(|tools| format!("  curl: {tools}\n")).unwrap_or_default();
        workspace.replace("tools.yaml", "  curl: [count_words, list_things]\n", &line);
        let ran = workspace.run(&[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let page = workspace.read("generated/every-type/docs/README.md");
        let commands = blocks_below(&page, "Call a tool with curl");
        assert_eq!(page.contains(heading), !commands.is_empty());
        let name = |command: &String| {
            let (_, rest) = command.split_once("\"name\": \"").expect("a name");
            rest.split_once('"').expect("its end").0.to_owned()
        };
        commands.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(called(None), ["list_things"], "the first that reads and has an example");
    assert_eq!(called(Some("[]")), [""; 0]);
    assert_eq!(called(Some("[count_words]")), ["count_words"]);
}
