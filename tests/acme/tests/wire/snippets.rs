//! The command `snippet`: what it prints does what it is for, whatever the name and the address are.

use std::{collections::BTreeMap, fs};

use toolwright_tests::{Ran, Told, run, workspace};

use crate::{ACME, VARIABLES};

const URL: &str = "https://notes.acme.example/mcp";

/// What stands for a credential where the client can be told nothing else.
const PLACEHOLDER: &str = "acme_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Each client and how it is told where the credential is, with `$KEY` for the variable and `KEY-ID` for the id of a
/// question; the first row of a client is what it is told when no format is asked for.
const CLIENTS: [(&str, &str, &str); 26] = [
    ("claude-code", "sh", "Bearer $KEY"),
    ("cursor", "json", "Bearer ${env:KEY}"),
    ("claude-ai", "txt", "Bearer PLACEHOLDER"),
    ("stdio", "json", "PLACEHOLDER"),
    ("stdio", "sh", "PLACEHOLDER"),
    ("claude-desktop", "json", "Bearer PLACEHOLDER"),
    ("inspector", "sh", "Bearer $KEY"),
    ("inspector", "txt", "Bearer PLACEHOLDER"),
    ("other", "txt", "Bearer PLACEHOLDER"),
    ("other", "sh", "Bearer $KEY"),
    ("vscode", "json", "Bearer ${input:KEY-ID}"),
    ("windsurf", "json", "Bearer ${env:KEY}"),
    ("codex", "sh", "KEY"),
    ("codex", "toml", "KEY"),
    ("opencode", "json", "Bearer {env:KEY}"),
    ("gemini-cli", "json", "Bearer $KEY"),
    ("zed", "json", "Bearer PLACEHOLDER"),
    ("goose", "yaml", "Bearer PLACEHOLDER"),
    ("continue", "yaml", "Bearer ${{ secrets.KEY }}"),
    ("kiro", "json", "Bearer ${KEY}"),
    ("roo", "json", "Bearer ${env:KEY}"),
    ("cline", "json", "Bearer PLACEHOLDER"),
    ("copilot-cli", "json", "Bearer ${KEY}"),
    ("lm-studio", "json", "Bearer PLACEHOLDER"),
    ("warp", "json", "Bearer PLACEHOLDER"),
    ("jetbrains", "json", "Bearer PLACEHOLDER"),
];

/// Whether a client is told a name in this format.
fn is_named(client: &str, format: &str) -> bool {
    !matches!((client, format), ("claude-ai" | "inspector" | "other", _) | ("stdio", "sh"))
}

fn snippet(arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(ACME, folder.path(), &[&["snippet"], arguments].concat());
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0, "no database was opened");
    ran
}

fn is_first(client: &str, format: &str) -> bool {
    CLIENTS.iter().find(|row| row.0 == client).is_some_and(|row| row.1 == format)
}

#[test]
fn without_options_it_prints_the_file_of_the_client() {
    let folder = workspace().join("generated/acme/clients");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let entries = fs::read_dir(&folder).expect("the clients").map(|entry| entry.expect("an entry").path());
    for path in entries.filter(|path| path.is_file()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("UTF-8");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("# @generated")).collect();
        files.insert(name, format!("{}\n", lines.join("\n")));
    }
    for (client, format, _) in CLIENTS {
        let told = files.remove(&format!("{client}.{format}")).expect(client);
        assert_eq!(snippet(&[client, "--format", format]).stdout, told, "{client} {format}");
        if is_first(client, format) {
            assert_eq!(snippet(&[client]).stdout, told, "{client}");
        }
    }
    assert!(files.is_empty(), "no row has {files:?}");
}

#[test]
fn every_client_reads_the_name_the_address_and_the_variable_that_were_asked_for() {
    // What a shell, JSON or TOML would take for something else, as it is and as the URL's own syntax writes it.
    let hostile = "https://a.example/it's&(echo)*!;=~|a%20b/mcp";
    for (name, variable, url) in [
        ("acme", None, None),
        ("acme-prod", None, None),
        ("Acme_2-b", None, Some(hostile)),
        ("2nd", Some("lower_case_9"), Some("http://127.0.0.1:8080/mcp")),
        ("acme-prod", Some("_KEY"), Some("http://[::1]:9/`id`/\"{a}\"\\x/mcp")),
    ] {
        let expected = match (variable, name) {
            (Some(variable), _) => variable,
            (None, "acme") => "ACME_KEY",
            (None, "acme-prod") => "ACME_PROD_KEY",
            (None, _) => "ACME_2_B_KEY",
        };
        for (client, format, credential) in CLIENTS {
            let mut arguments = vec![client, "--format", format];
            if is_named(client, format) {
                arguments.extend(["--name", name]);
            }
            let takes_variable = !credential.contains("PLACEHOLDER");
            arguments.extend(variable.filter(|_| takes_variable).iter().flat_map(|variable| ["--env", *variable]));
            arguments.extend(url.iter().flat_map(|url| ["--url", *url]));
            let ran = snippet(&arguments);
            assert!(ran.status.success(), "{arguments:?}: {}", ran.stderr);
            let name = Some(name.to_owned()).filter(|_| is_named(client, format));
            let variable = if name.is_none() && variable.is_none() { "ACME_KEY" } else { expected };
            let written = match url {
                None => URL.to_owned(),
                Some(url) => reqwest::Url::parse(url).expect("a URL").as_str().to_owned(),
            };
            let id = variable.trim_start_matches('_').to_lowercase().replace('_', "-");
            let credential = credential.replace("KEY-ID", &id).replace("KEY", variable);
            let expected = Told {
                name,
                url: Some(if client == "stdio" { written.replace("/mcp", "") } else { written }),
                credential: credential.replace("PLACEHOLDER", PLACEHOLDER),
            };
            let read_from = if client == "stdio" { VARIABLES.credential } else { variable };
            let told = Told::read(client, format, &ran.stdout, read_from, VARIABLES.gateway);
            assert_eq!(told, expected, "{arguments:?}");
        }
    }
}

#[test]
fn standard_error_says_where_the_credential_belongs() {
    for (client, expected) in [
        ("codex", "acme: the Access Key is read from ACME_PROD_KEY\n".to_owned()),
        ("vscode", "acme: VS Code asks for the Access Key when it starts the server\n".to_owned()),
        ("stdio", format!("acme: put your Access Key in the place of {PLACEHOLDER}\n")),
    ] {
        assert_eq!(snippet(&[client, "--name", "acme-prod"]).stderr, expected);
    }
}

#[test]
fn what_a_client_cannot_take_is_refused() {
    let long = "a".repeat(44);
    for (arguments, said) in [
        (vec!["codex", "--name", "a b"], "acme: `a b` is no name that every client takes: write letters"),
        (vec!["codex", "--name", ""], "acme: `` is no name that every client takes"),
        (vec!["codex", "--name", "$(id)"], "acme: `$(id)` is no name"),
        (vec!["codex", "--name", &long], "40 at most"),
        (vec!["claude-ai", "--name", "acme-2"], "acme: Claude.ai is told no name of the server here: leave --name out"),
        (
            vec!["stdio", "--format", "sh", "--name", "acme-2"],
            "acme: Local, over stdio is told no name of the server here",
        ),
        (vec!["codex", "--env", "A-B"], "acme: `A-B` is no name of a variable"),
        (vec!["codex", "--env", "A;id"], "acme: `A;id` is no name of a variable"),
        (vec!["stdio", "--env", "MY_KEY"], "acme: Local, over stdio is not told of a variable here: leave --env out"),
        (vec!["inspector", "--format", "txt", "--env", "K"], "acme: MCP Inspector is not told of a variable here"),
        (vec!["cursor", "--format", "toml"], "acme: Cursor is told nothing in this form; there is: json"),
        (vec!["codex", "--format", "json"], "acme: Codex is told nothing in this form; there is: sh, toml"),
        (vec!["codex", "--url", "notes"], "acme: the URL is no URL"),
        (
            vec!["codex", "--url", "http://a.example/mcp"],
            "acme: the URL sends credentials without encryption: use `https`",
        ),
        (vec!["codex", "--url", "https://a:b@a.example/mcp"], "acme: the URL holds a user's name or password"),
        (vec!["codex", "--url", "https://a.example/mcp?a=1"], "acme: the URL has a query or a fragment"),
        (
            vec!["cursor", "--url", "https://a.example/${env:HOME}"],
            "acme: the URL has a `$`, which clients take for a variable",
        ),
        (vec!["codex", "--account", "ours"], "unexpected argument '--account'"),
        (vec!["emacs"], "possible values: claude-code, cursor, claude-ai, stdio"),
    ] {
        let ran = snippet(&arguments);
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}
