//! The documentation holds together: links lead somewhere, and numbers are those of the tables.

use std::collections::{BTreeMap, BTreeSet};

use codegen::names::anchor;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use toolwright_core::ErrorCode;

use crate::workspace::Workspace;

/// A page: where its links lead, the anchors of its headings, and the rows of each of its tables.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
    tables: Vec<Vec<Vec<String>>>,
}

impl Page {
    fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut heading = String::new();
        let mut cell = String::new();
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => page.links.push(dest_url.into_string()),
                Event::Start(Tag::Heading { .. }) => heading.clear(),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.insert(anchor(&heading));
                }
                Event::Start(Tag::Table(_)) => page.tables.push(Vec::new()),
                Event::Start(Tag::TableHead | Tag::TableRow) => page.rows().push(Vec::new()),
                Event::Start(Tag::TableCell) => cell.clear(),
                Event::End(TagEnd::TableCell) => {
                    let cell = cell.clone();
                    page.rows().last_mut().expect("a row").push(cell);
                }
                Event::Text(text) | Event::Code(text) => {
                    heading.push_str(&text);
                    cell.push_str(&text);
                }
                _ => {}
            }
        }
        page
    }

    fn rows(&mut self) -> &mut Vec<Vec<String>> {
        self.tables.last_mut().expect("a table")
    }

    /// The rows of the tables whose first column has this heading.
    fn table(&self, first: &str) -> Vec<&Vec<String>> {
        let tables = self.tables.iter().filter(|table| table[0][0] == first);
        tables.flat_map(|table| &table[1..]).collect()
    }
}

fn pages() -> BTreeMap<String, Page> {
    let workspace = Workspace::of("every-type");
    assert_eq!(workspace.run(&[]).code, Some(0));
    let files = workspace.tree().into_iter().filter_map(|(name, content)| {
        let name = name.strip_prefix("generated/every-type/docs/").filter(|name| !name.starts_with("site/assets/"))?;
        Some((name.to_owned(), Page::read(&String::from_utf8(content).expect("UTF-8"))))
    });
    files.collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let names = [
        "README.md",
        "operations.md",
        "promises.md",
        "site/connect.html",
        "site/tools.html",
        "tools/things.md",
        "tools/words.md",
        "types.md",
    ];
    assert_eq!(pages.keys().collect::<Vec<_>>(), names);
    let mut followed = 0;
    for (name, page) in &pages {
        for link in page.links.iter().filter(|link| !link.starts_with("https://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match (path, path.strip_prefix("../"), name.rsplit_once('/')) {
                ("", _, _) => name.clone(),
                (_, Some(above), Some(_)) => above.to_owned(),
                (_, None, Some((folder, _))) => format!("{folder}/{path}"),
                (_, _, None) => path.to_owned(),
            };
            let target = pages.get(&target).unwrap_or_else(|| panic!("{name}: {link} leads nowhere"));
            assert!(anchor.is_empty() || target.anchors.contains(anchor), "{name}: {link} has no heading");
            followed += 1;
        }
    }
    assert!(followed > 20, "only {followed} links");
}

#[test]
fn the_page_has_every_tool_and_every_scope() {
    let page = &pages()["README.md"];
    let tools: Vec<&str> = page.table("Tool").iter().map(|row| row[0].as_str()).collect();
    assert_eq!(tools, ["list_things", "move", "drop_thing", "count_words", "whoami", "show_things"]);
    let access: Vec<&str> = page.table("Tool").iter().map(|row| row[3].as_str()).collect();
    assert_eq!(access, ["read-only", "write", "destructive", "read-only", "read-only, leaves a record", "write"]);
    let scopes: Vec<&str> = page.table("Tool").iter().map(|row| row[2].as_str()).collect();
    assert_eq!(
        scopes,
        [
            "things:read",
            "things:write and audit:read",
            "things:admin or things:write",
            "things:admin",
            "none",
            "things:write"
        ]
    );
    let rows: Vec<Vec<&str>> = page.table("Scope").iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        rows,
        [
            ["things:read", "Read things | all of them.", "–", "1", "1"],
            ["things:write", "Change things.", "things:read", "3", "3"],
            ["things:admin", "Own things.", "things:read and things:write", "2", "4"],
            ["audit:read", "Read the audit.", "–", "1", "none"],
            ["keys:read", "Read keys.", "–", "none", "none"],
        ]
    );
}

#[test]
fn the_page_tells_how_each_client_connects() {
    let page = &pages()["README.md"];
    let rows = page.table("Client").into_iter().map(|row| row.iter().map(String::as_str).collect::<Vec<_>>());
    let referred = "header, which refers to EVERY_KEY in the environment";
    let filled = "header, filled in in the file";
    let bridged = "header, which the bridge takes from AUTH_HEADER in the file";
    let claude_code = "header, with the value that EVERY_KEY has when you add the server";
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ["Claude Code", "Streamable HTTP", claude_code, "none"],
            ["Cursor", "Streamable HTTP", referred, "none"],
            ["Claude.ai", "Streamable HTTP", "header, filled in among the connector's values", "none"],
            ["Local, over stdio", "stdio", "EVERY_KEY in the environment of the process", "none"],
            ["Claude Desktop", "stdio", bridged, "mcp-remote"],
            [
                "MCP Inspector",
                "Streamable HTTP",
                "header, with the value of EVERY_KEY, or filled in on its page",
                "none"
            ],
            [
                "Other clients",
                "Streamable HTTP",
                "header, given as the client asks for it",
                "mcp-remote, where the client speaks stdio only",
            ],
            ["VS Code", "Streamable HTTP", "header, with what you are asked for when it starts the server", "none"],
            ["Windsurf", "Streamable HTTP", referred, "none"],
            ["Codex", "Streamable HTTP", "header, with the value of EVERY_KEY in the environment", "none"],
            ["OpenCode", "Streamable HTTP", referred, "none"],
            ["Gemini CLI", "Streamable HTTP", referred, "none"],
            ["Zed", "Streamable HTTP", filled, "none"],
            ["Goose", "Streamable HTTP", filled, "none"],
            ["Continue", "Streamable HTTP", "header, which refers to its secret EVERY_KEY", "none"],
            ["Kiro", "Streamable HTTP", referred, "none"],
            ["Roo Code", "Streamable HTTP", referred, "none"],
            ["Cline", "Streamable HTTP", filled, "none"],
            ["Copilot CLI", "Streamable HTTP", referred, "none"],
            ["LM Studio", "Streamable HTTP", filled, "none"],
            ["Warp", "Streamable HTTP", filled, "none"],
            ["JetBrains AI Assistant", "stdio", bridged, "mcp-remote"],
        ]
    );
}

#[test]
fn text_in_tables_is_what_the_manifest_says() {
    let pages = pages();
    let page = &pages["README.md"];
    let list_things = page.table("Tool")[0][1].as_str();
    assert_eq!(list_things, "List things: a|b, <none>, [link](x), 5 * 3 * 2 and \"quotes\"; ends with a backslash \\");
    let arguments = pages["tools/things.md"].table("Name");
    let text = arguments.iter().find(|row| row[0] == "text").expect("the argument");
    assert_eq!(text[3], r#""say \"hi\" | `now`\nand # then""#);
    let words: Vec<&Vec<String>> = pages["types.md"].table("Value");
    assert_eq!(words[0][1], "Little, as in 0|1.");
    assert_eq!(words[2], &["text/html", "<b>markup</b>"]);
}

const REVOKED: &str =
    "Create another in Settings → \"Keys\" | API and put it into your client's configuration; it starts with every_.";

#[test]
fn every_error_has_a_row_without_a_placeholder() {
    let page = &pages()["README.md"];
    let rows = page.table("What you see");
    // The path says what its calls are about, and not the credential; and the server keeps its tokens itself.
    let is_of_others =
        |code: &&ErrorCode| code.is_about_bound_values() || code.is_about_upstreams() || code.is_about_issuers();
    let said = ErrorCode::ALL.iter().filter(|code| !is_of_others(code));
    assert_eq!(rows.len(), said.count() + 4);
    for row in &rows {
        assert!(!row.iter().any(|cell| cell.contains(['{', '}'])), "{row:?}");
        assert!(row.len() == 3 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
    for expected in [
        ["401, unknown or revoked", "The API Key is mistyped or was revoked.", REVOKED],
        [
            "401, expired, after 90 minutes",
            "The API Key was given for a password.",
            "Ask for another; better, create one in Settings → \"Keys\" | API, which lives for 36 hours.",
        ],
        [
            "/v1/oauth/token answers invalid_grant",
            "The email address or the password is wrong, or the user has no password.",
            "Check both; better, create your API Key in Settings → \"Keys\" | API, which needs no password.",
        ],
        ["It says a|b", "–", "Use one of them | not both"],
        ["It says nothing", "There is <nothing> | to say.", "Wait."],
    ] {
        assert!(rows.iter().any(|row| **row == expected), "no {expected:?} in {rows:?}");
    }
}
