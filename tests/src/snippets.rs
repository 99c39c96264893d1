//! What a snippet tells a client, as the client itself would read it: a real parser of its format, or a shell in
//! which the client's program writes down what it is given.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::{Value, json};

/// What the variable of a snippet holds when it is run in a shell.
const VALUE: &str = "held-by-the-variable";

/// What a client is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// What it shall call the server, where it is told a name.
    pub name: Option<String>,
    /// The URL of the endpoint; over stdio the address to forward to, if there is one.
    pub url: Option<String>,
    /// The value of the header, over stdio that of the credential's variable; of a shell, with the variable's name in
    /// the place of its value. A client that signs in by itself is told nothing of it.
    pub credential: String,
}

impl Told {
    /// Reads a snippet as `client` does; `format` is how its file ends, `variable` the one in which the credential
    /// is, and `gateway` the one of an address to forward to over stdio.
    ///
    /// # Panics
    /// When it has another form than the client knows, or something beside it.
    pub fn read(client: &str, format: &str, text: &str, variable: &str, gateway: &str) -> Self {
        match format {
            "json" => Self::from_json(client, &serde_json::from_str(text).expect(text), gateway),
            "toml" => Self::from_toml(client, &toml::from_str(text).expect(text)),
            "yaml" => Self::from_yaml(client, &serde_saphyr::from_str(text).expect(text)),
            "sh" => Self::from_shell(client, text, variable, gateway),
            "txt" => Self::from_fields(client, text),
            _ => panic!("{client} has a snippet in {format}"),
        }
    }

    fn over_http(name: &str, url: &Value, credential: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let credential = if credential.is_null() { String::new() } else { text(credential) };
        Self { name: Some(name.to_owned()), url: Some(text(url)), credential }
    }

    fn from_json(client: &str, configuration: &Value, gateway: &str) -> Self {
        let (root, beside) = match client {
            "vscode" if configuration.get("inputs").is_none() => ("servers", vec![]),
            "vscode" => ("servers", vec!["inputs"]),
            "opencode" => ("mcp", vec!["$schema"]),
            "zed" => ("context_servers", vec![]),
            _ => ("mcpServers", vec![]),
        };
        let keys: Vec<&str> = configuration.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, [beside, vec![root]].concat(), "{client}");
        let servers: Vec<_> = configuration[root].as_object().expect("servers").iter().collect();
        let &[(name, server)] = servers.as_slice() else { panic!("{client} has servers: {servers:?}") };
        let header = &server["headers"]["Authorization"];
        let with = |mut server: Value, more: Value| {
            let more = more.as_object().expect("an object").clone();
            server.as_object_mut().expect("an object").extend(more);
            server
        };
        // Who signs in by itself would not do so if it had a header.
        let signs_in = server.get("headers").is_none();
        let http = |url: &str| {
            let told = json!({url: server[url]});
            if signs_in { told } else { with(told, json!({"headers": {"Authorization": header}})) }
        };
        let url = if client == "windsurf" { "serverUrl" } else { "url" };
        let expected = match client {
            "cursor" | "windsurf" | "zed" | "lm-studio" | "warp" => http(url),
            "kiro" => with(http(url), json!({"disabled": false})),
            "roo" => with(http(url), json!({"type": "streamable-http"})),
            "cline" => with(http(url), json!({"type": "streamableHttp", "disabled": false})),
            "copilot-cli" => with(http(url), json!({"type": "http", "tools": ["*"]})),
            "vscode" if signs_in => with(http(url), json!({"type": "http"})),
            "vscode" => {
                let input = &configuration["inputs"][0];
                let (id, description) = (input["id"].as_str().expect("an id"), &input["description"]);
                assert_eq!(*header, format!("Bearer ${{input:{id}}}"));
                let input = json!([{"type": "promptString", "id": id, "description": description, "password": true}]);
                assert_eq!(configuration["inputs"], input);
                with(http(url), json!({"type": "http"}))
            }
            "gemini-cli" => with(http(url), json!({"type": "http"})),
            "opencode" => {
                assert_eq!(configuration["$schema"], "https://opencode.ai/config.json");
                let told = with(http(url), json!({"type": "remote", "enabled": true}));
                if signs_in { told } else { with(told, json!({"oauth": false})) }
            }
            "claude-desktop" | "jetbrains" if server.get("env").is_none() => {
                let url = &server["args"][2];
                let args = json!(["-y", "mcp-remote", url, "--transport", "http-only"]);
                assert_eq!(*server, json!({"command": "npx", "args": args}));
                return Self::over_http(name, url, &Value::Null);
            }
            "claude-desktop" | "jetbrains" => {
                let (url, header) = (&server["args"][2], &server["env"]["AUTH_HEADER"]);
                let args = json!(["-y", "mcp-remote", url, "--header", BRIDGED, "--transport", "http-only"]);
                assert_eq!(*server, json!({"command": "npx", "args": args, "env": {"AUTH_HEADER": header}}));
                return Self::over_http(name, url, header);
            }
            "stdio" => {
                assert_eq!(
                    (server.as_object().map(serde_json::Map::len), &server["args"]),
                    (Some(3), &json!(["stdio"]))
                );
                let variables: Vec<_> = server["env"].as_object().expect("variables").values().collect();
                let url = server["env"].get(gateway).map(|url| url.as_str().expect("an address").to_owned());
                let credential = variables[0].as_str().expect("a credential").to_owned();
                return Self { name: Some(name.clone()), url, credential };
            }
            _ => panic!("{client} reads no JSON"),
        };
        assert_eq!(*server, expected, "{client}");
        Self::over_http(name, &server[url], header)
    }

    fn from_toml(client: &str, configuration: &Value) -> Self {
        assert_eq!(client, "codex");
        let servers: Vec<_> = configuration["mcp_servers"].as_object().expect("servers").iter().collect();
        let &[(name, server)] = servers.as_slice() else { panic!("{client} has servers: {servers:?}") };
        let (url, variable) = (&server["url"], server.get("bearer_token_env_var").unwrap_or(&Value::Null));
        let server = if variable.is_null() {
            json!({"url": url})
        } else {
            json!({"url": url, "bearer_token_env_var": variable})
        };
        let server = json!({name: server});
        assert_eq!(*configuration, json!({"mcp_servers": server}));
        Self::over_http(name, url, variable)
    }

    fn from_yaml(client: &str, configuration: &Value) -> Self {
        match client {
            "goose" => {
                let servers: Vec<_> = configuration["extensions"].as_object().expect("extensions").iter().collect();
                let &[(name, server)] = servers.as_slice() else { panic!("{client} has extensions: {servers:?}") };
                let (url, header) = (&server["uri"], server.pointer("/headers/Authorization"));
                let mut expected =
                    json!({"name": name, "type": "streamable_http", "uri": url, "enabled": true, "timeout": 300});
                if let Some(header) = header {
                    expected["headers"] = json!({"Authorization": header});
                }
                assert_eq!(*configuration, json!({"extensions": {name: expected}}));
                Self::over_http(name, url, header.unwrap_or(&Value::Null))
            }
            "continue" => {
                let server = &configuration["mcpServers"][0];
                let (name, url) = (&server["name"], &server["url"]);
                let header = server.pointer("/requestOptions/headers/Authorization");
                let mut expected = json!({"name": name, "type": "streamable-http", "url": url});
                if let Some(header) = header {
                    expected["requestOptions"] = json!({"headers": {"Authorization": header}});
                }
                let expected = json!({"name": name, "version": "0.0.1", "schema": "v1", "mcpServers": [expected]});
                assert_eq!(*configuration, expected);
                Self::over_http(name.as_str().expect("a name"), url, header.unwrap_or(&Value::Null))
            }
            _ => panic!("{client} reads no YAML"),
        }
    }

    fn from_shell(client: &str, text: &str, variable: &str, gateway: &str) -> Self {
        let ran = run_in_shell(client, text, variable, gateway);
        let said: Vec<&str> = ran.iter().map(String::as_str).collect();
        let told = |name: Option<&str>, url: &str, credential: &str| Self {
            name: name.map(str::to_owned),
            url: Some(url.to_owned()).filter(|url| !url.is_empty()),
            credential: credential.replace(VALUE, &format!("${variable}")),
        };
        match (client, said.as_slice()) {
            (
                "claude-code",
                ["mcp", "add", "--transport", "http", "--scope", "user", name, url, "--header", header, ..],
            ) => told(Some(name), url, header.strip_prefix("Authorization: ").expect("a header")),
            ("claude-code", ["mcp", "add", "--transport", "http", "--scope", "user", name, url, _, _, _]) => {
                told(Some(name), url, "")
            }
            ("codex", ["mcp", "add", name, "--url", url, _, _, _, "mcp", "login", again, _, _, _]) => {
                assert_eq!(name, again);
                told(Some(name), url, "")
            }
            ("codex", ["mcp", "add", name, "--url", url, "--bearer-token-env-var", variable, _, _, _]) => {
                told(Some(name), url, variable)
            }
            (
                "inspector",
                [
                    "-y",
                    "@modelcontextprotocol/inspector",
                    "--cli",
                    url,
                    "--transport",
                    "http",
                    "--method",
                    "tools/list",
                    "--header",
                    header,
                    _,
                    _,
                    _,
                ],
            ) => told(None, url, header.strip_prefix("Authorization: ").expect("a header")),
            ("other", ["-y", "mcp-remote", url, "--header", BRIDGED, "--transport", "http-only", header, _, _]) => {
                told(None, url, header)
            }
            ("other", ["-y", "mcp-remote", url, "--transport", "http-only", _, _, _]) => told(None, url, ""),
            ("stdio", ["stdio", _, credential, address]) => told(None, address, credential),
            _ => panic!("{client} is run with {said:?}"),
        }
    }

    fn from_fields(client: &str, text: &str) -> Self {
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let (url, header) = match lines.as_slice() {
            ["Transport: Streamable HTTP", url, header] if client == "inspector" => (url, Some(header)),
            ["Transport: Streamable HTTP", url] if client == "inspector" => (url, None),
            [url, header] => (url, Some(header)),
            [url] => (url, None),
            _ => panic!("{client}: {text}"),
        };
        let after = |line: &str, start: &str| line.strip_prefix(start).unwrap_or_else(|| panic!("{line}")).to_owned();
        let credential = header.map(|header| after(header, "Header: Authorization: ")).unwrap_or_default();
        Self { name: None, url: Some(after(url, "URL: ")), credential }
    }
}

/// What `mcp-remote` is told of the header.
const BRIDGED: &str = "Authorization:${AUTH_HEADER}";

/// Runs a snippet in a shell that has no program but the client's, which writes down its arguments and, after
/// them, `AUTH_HEADER`, the credential's variable and the gateway's.
fn run_in_shell(client: &str, text: &str, variable: &str, gateway: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let program = match client {
        "claude-code" => "claude".to_owned(),
        "codex" => "codex".to_owned(),
        "stdio" => {
            let last = text.lines().last().expect("a command");
            let command = last.trim_end_matches(" stdio");
            command.rsplit(' ').next().expect("a program").to_owned()
        }
        _ => "npx".to_owned(),
    };
    let stub = folder.path().join(&program);
    let script = format!("#!/bin/sh\nprintf '%s\\0' \"$@\" \"$AUTH_HEADER\" \"${variable}\" \"${gateway}\"\n");
    fs::write(&stub, script).expect("a program");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("a program");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-eu", "-c", text]).current_dir(folder.path()).env_clear().env("PATH", folder.path());
    let output = shell.env(variable, VALUE).env(gateway, "").env("AUTH_HEADER", "").output().expect("a shell");
    assert!(output.status.success(), "{client}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
    let written = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "{client} left a file:\n{text}");
    written.split_terminator('\0').map(str::to_owned).collect()
}
