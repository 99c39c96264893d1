//! The snippets do what they are for: JSON and TOML are parsed, and what goes into a shell is run in one.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::workspace::Workspace;

const FOLDER: &str = "generated/every-type/clients";
const URL: &str = "https://every.example/v1/YOUR-TYPE/mcp";
const GATEWAY: &str = "https://gateway.example/a|b's";

fn generated() -> Workspace {
    let workspace = Workspace::of("every-type");
    assert_eq!(workspace.run(&[]).code, Some(0));
    workspace
}

#[test]
fn each_declared_client_has_its_files() {
    let workspace = generated();
    let files: Vec<String> =
        workspace.tree().into_keys().filter_map(|name| Some(name.strip_prefix(FOLDER)?.to_owned())).collect();
    let expected = [
        "/claude-ai.txt",
        "/claude-code.sh",
        "/claude-desktop.json",
        "/claude-desktop/manifest.json",
        "/cline.json",
        "/codex.sh",
        "/codex.toml",
        "/continue.yaml",
        "/copilot-cli.json",
        "/cursor.json",
        "/gemini-cli.json",
        "/goose.yaml",
        "/inspector.sh",
        "/inspector.txt",
        "/jetbrains.json",
        "/kiro.json",
        "/lm-studio.json",
        "/opencode.json",
        "/other.sh",
        "/other.txt",
        "/roo.json",
        "/stdio.json",
        "/stdio.sh",
        "/vscode.json",
        "/warp.json",
        "/windsurf.json",
        "/zed.json",
    ];
    assert_eq!(files, expected);
}

#[test]
fn configurations_are_json() {
    let workspace = generated();
    let read =
        |file: &str| -> Value { serde_json::from_str(&workspace.read(&format!("{FOLDER}/{file}"))).expect(file) };
    let cursor = json!({"mcpServers": {"Every_type-1": {
        "url": URL,
        "headers": {"Authorization": "Bearer ${env:EVERY_KEY}"},
    }}});
    assert_eq!(read("cursor.json"), cursor);
    let stdio = json!({"mcpServers": {"Every_type-1": {
        "command": "every-type",
        "args": ["stdio"],
        "env": {"EVERY_KEY": format!("every_{}", "x".repeat(24)), "EVERY_TYPE_ACCOUNT": "YOUR-TYPE", "EVERY_GATEWAY": GATEWAY},
    }}});
    assert_eq!(read("stdio.json"), stdio);
    let desktop = json!({"mcpServers": {"Every_type-1": {
        "command": "npx",
        "args": ["-y", "mcp-remote", URL, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only"],
        "env": {"AUTH_HEADER": format!("Bearer every_{}", "x".repeat(24))},
    }}});
    assert_eq!(read("claude-desktop.json"), desktop);
    let vscode = json!({
        "inputs": [
            {"type": "promptString", "id": "every-key", "description": "API Key for Every_type-1", "password": true},
        ],
        "servers": {"Every_type-1": {
            "type": "http",
            "url": URL,
            "headers": {"Authorization": "Bearer ${input:every-key}"},
        }},
    });
    assert_eq!(read("vscode.json"), vscode);
    let windsurf = json!({"mcpServers": {"Every_type-1": {
        "serverUrl": URL,
        "headers": {"Authorization": "Bearer ${env:EVERY_KEY}"},
    }}});
    assert_eq!(read("windsurf.json"), windsurf);
    let opencode = json!({
        "$schema": "https://opencode.ai/config.json",
        "mcp": {"Every_type-1": {
            "type": "remote",
            "url": URL,
            "enabled": true,
            "oauth": false,
            "headers": {"Authorization": "Bearer {env:EVERY_KEY}"},
        }},
    });
    assert_eq!(read("opencode.json"), opencode);
    let gemini_cli = json!({"mcpServers": {"Every_type-1": {
        "type": "http",
        "url": URL,
        "headers": {"Authorization": "Bearer $EVERY_KEY"},
    }}});
    assert_eq!(read("gemini-cli.json"), gemini_cli);
    let codex: Value = toml::from_str(&workspace.read(&format!("{FOLDER}/codex.toml"))).expect("TOML");
    let server = json!({"url": URL, "bearer_token_env_var": "EVERY_KEY"});
    assert_eq!(codex, json!({"mcp_servers": {"Every_type-1": server}}));
}

#[test]
fn configurations_of_editors_and_terminals_are_json_and_yaml() {
    let workspace = generated();
    let text = |file: &str| workspace.read(&format!("{FOLDER}/{file}"));
    let written = format!("Bearer every_{}", "x".repeat(24));
    let server = |more: Value, header: &str| {
        let mut server = json!({"url": URL, "headers": {"Authorization": header}});
        server.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        server
    };
    for (client, root, server) in [
        ("zed", "context_servers", server(json!({}), &written)),
        ("kiro", "mcpServers", server(json!({"disabled": false}), "Bearer ${EVERY_KEY}")),
        ("roo", "mcpServers", server(json!({"type": "streamable-http"}), "Bearer ${env:EVERY_KEY}")),
        ("cline", "mcpServers", server(json!({"type": "streamableHttp", "disabled": false}), &written)),
        ("copilot-cli", "mcpServers", server(json!({"type": "http", "tools": ["*"]}), "Bearer ${EVERY_KEY}")),
        ("lm-studio", "mcpServers", server(json!({}), &written)),
        ("warp", "mcpServers", server(json!({}), &written)),
    ] {
        let read: Value = serde_json::from_str(&text(&format!("{client}.json"))).expect(client);
        assert_eq!(read, json!({root: {"Every_type-1": server}}), "{client}");
    }
    assert_eq!(text("jetbrains.json"), text("claude-desktop.json"));

    let read = |file: &str| -> Value { serde_saphyr::from_str(&text(file)).expect(file) };
    let goose = json!({"extensions": {"Every_type-1": {
        "name": "Every_type-1",
        "type": "streamable_http",
        "uri": URL,
        "headers": {"Authorization": written},
        "enabled": true,
        "timeout": 300,
    }}});
    assert_eq!(read("goose.yaml"), goose);
    let header = json!({"Authorization": "Bearer ${{ secrets.EVERY_KEY }}"});
    let server =
        json!({"name": "Every_type-1", "type": "streamable-http", "url": URL, "requestOptions": {"headers": header}});
    let file = json!({"name": "Every_type-1", "version": "0.0.1", "schema": "v1", "mcpServers": [server]});
    assert_eq!(read("continue.yaml"), file);
}

#[test]
fn a_bundle_asks_for_the_credential_and_the_account() {
    let workspace = generated();
    let text = workspace.read(&format!("{FOLDER}/claude-desktop/manifest.json"));
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    let url = "https://every.example/v1/${user_config.account}/mcp";
    let server = json!({
        "command": "npx",
        "args": ["-y", "mcp-remote", url, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only"],
        "env": {"AUTH_HEADER": "Bearer ${user_config.credential}"},
    });
    assert_eq!(bundle["server"]["mcp_config"], server);
    let asked: Vec<_> = bundle["user_config"].as_object().expect("questions").keys().collect();
    assert_eq!(asked, ["account", "credential"]);
    assert_eq!(bundle["user_config"]["credential"]["sensitive"], true);
}

/// Runs a file in a shell in which `program` writes down its arguments and three variables; answers with them.
pub(crate) fn run_in_shell(
    workspace: &Workspace,
    file: &str,
    program: &str,
    variable: Option<(&str, &str)>,
) -> Vec<String> {
    let bin = workspace.path("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let stub = bin.join(program);
    fs::write(&stub, "#!/bin/sh\nprintf '%s\\0' \"$@\" \"$EVERY_KEY\" \"$EVERY_GATEWAY\" \"$AUTH_HEADER\"\n")
        .expect("a program");
    assert!(Command::new("chmod").arg("+x").arg(&stub).status().expect("chmod").success());
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let mut shell = Command::new("sh");
    shell.arg(workspace.path(file)).env_clear().env("PATH", path).envs(variable);
    let output = shell.output().expect("a shell");
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    let written = String::from_utf8(output.stdout).expect("UTF-8");
    written.split_terminator('\0').map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn claude_code_is_given_the_value_of_the_variable() {
    let workspace = generated();
    let ran =
        run_in_shell(&workspace, &format!("{FOLDER}/claude-code.sh"), "claude", Some(("EVERY_KEY", "every_secret")));
    let words = [
        "mcp",
        "add",
        "--transport",
        "http",
        "--scope",
        "user",
        "Every_type-1",
        URL,
        "--header",
        "Authorization: Bearer every_secret",
        "every_secret",
        "",
        "",
    ];
    assert_eq!(ran, words);
}

#[cfg(unix)]
#[test]
fn codex_is_told_the_name_of_the_variable() {
    let workspace = generated();
    let ran = run_in_shell(&workspace, &format!("{FOLDER}/codex.sh"), "codex", None);
    let words = ["mcp", "add", "Every_type-1", "--url", URL, "--bearer-token-env-var", "EVERY_KEY", "", "", ""];
    assert_eq!(ran, words);
}

#[cfg(unix)]
#[test]
fn a_local_server_finds_its_credential_and_its_gateway() {
    let workspace = generated();
    let ran = run_in_shell(&workspace, &format!("{FOLDER}/stdio.sh"), "every-type", None);
    assert_eq!(ran, ["stdio", &format!("every_{}", "x".repeat(24)), GATEWAY, ""]);
}

#[cfg(unix)]
#[test]
fn the_inspector_and_the_bridge_are_given_the_value_of_the_variable() {
    let workspace = generated();
    let variable = Some(("EVERY_KEY", "every_secret"));
    let header = "Authorization: Bearer every_secret";
    let inspector = ["-y", "@modelcontextprotocol/inspector", "--cli", URL];
    let inspector = [&inspector[..], &["--transport", "http", "--method", "tools/list", "--header", header]].concat();
    let bridge = ["-y", "mcp-remote", URL, "--header", "Authorization:${AUTH_HEADER}", "--transport", "http-only"];
    for (snippet, words, auth_header) in
        [("inspector.sh", &inspector[..], ""), ("other.sh", &bridge, "Bearer every_secret")]
    {
        let ran = run_in_shell(&workspace, &format!("{FOLDER}/{snippet}"), "npx", variable);
        assert_eq!(ran, [words, &["every_secret", "", auth_header]].concat());
    }
}

#[test]
fn the_documentation_adds_the_server_once_more_under_another_name() {
    let workspace = generated();
    let page = workspace.read("generated/every-type/docs/README.md");
    let (_, section) = page.split_once("\n### Several times, under different names\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("an end");
    let command = format!("{URL} \\\n  --header \"Authorization: Bearer $EVERY_TYPE_1_2_EVERY_KEY\"\n```");
    assert!(
        section.contains(&format!("claude mcp add --transport http --scope user Every_type-1-2 {command}")),
        "{section}"
    );
    assert!(section.contains("`every-type snippet claude-code --name Every_type-1-2`"), "{section}");
}

#[test]
fn every_page_says_which_clients_cannot_connect() {
    // One explains other clients, and one does not.
    for server in ["every-type", "minimal"] {
        let workspace = Workspace::of(server);
        assert_eq!(workspace.run(&[]).code, Some(0));
        let page = workspace.read(&format!("generated/{server}/docs/README.md"));
        let said = "A client has to send a header of your choice with every request.";
        assert_eq!(page.matches(said).count(), 1, "{server}");
        let (before, _) = page.split_once(said).expect("it is there");
        assert_eq!(before.contains("### Other clients"), server == "every-type", "{server}");
        assert_eq!(before.contains("### Claude Code"), server == "every-type", "{server}");
        assert_eq!(
            page.contains("processes can use the server [over stdio](#local-over-stdio)"),
            server == "every-type"
        );
    }
}

#[test]
fn the_documentation_shows_the_same_snippets() {
    let workspace = generated();
    let page = workspace.read("generated/every-type/docs/README.md");
    // A bundle is for those who pack it.
    let is_shown = |name: &str| name.starts_with(FOLDER) && !name.ends_with("/manifest.json");
    for (name, content) in workspace.tree().into_iter().filter(|(name, _)| is_shown(name)) {
        let content = String::from_utf8(content).expect("UTF-8");
        let snippet: Vec<&str> = content.lines().filter(|line| !line.starts_with("# @generated")).collect();
        assert!(page.contains(&format!("\n{}\n```", snippet.join("\n"))), "{name} is not in the documentation");
    }
}
