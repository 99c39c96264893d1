//! The official packages for clients, in Python and TypeScript: each drives a server over HTTP and over stdio, in every era that it speaks.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};
use toolwright_tests::Revision;

use crate::{
    home::{Home, finish_with},
    installed::{NODE, folder, has_programs, has_python, python, version_of},
    trial::{Row, Trial},
    witness::{Witness, revision_of},
};

/// A package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    Python,
    TypeScript,
    /// The major version before, which most clients are built on.
    TypeScriptBefore,
}

/// What is to be done over each way.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The server, and what its clients do with it.
    pub trial: Trial<'a>,
    /// What the server is started with over stdio, after its program: `stdio`, and what else it takes.
    pub arguments: &'a [&'a str],
    /// Tools with their arguments, which all answer.
    pub calls: Vec<(String, Value)>,
    /// A prompt, its arguments and a text that it has, where the server has any.
    pub prompt: Option<(&'a str, Value, &'a str)>,
    /// More variables of the server's process.
    pub environment: &'a [(&'a str, &'a str)],
}

/// Drives a server with each package over each way. Without the packages it says `SKIPPED`, and there are no rows.
///
/// # Panics
/// When one does not connect, a tool does not answer, or something is told otherwise than it should be.
pub async fn drive(job: &Job<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    if !has_programs() || !has_python() {
        return rows;
    }
    for package in [Package::Python, Package::TypeScript, Package::TypeScriptBefore] {
        for revision in package.revisions() {
            for way in [Way::Http, Way::Stdio] {
                rows.push(run(job, package, *revision, way).await);
            }
        }
    }
    rows
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    Stdio,
}

impl Package {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "mcp",
            Self::TypeScript => "@modelcontextprotocol/client",
            Self::TypeScriptBefore => "@modelcontextprotocol/sdk",
        }
    }

    fn revisions(self) -> &'static [Revision] {
        match self {
            Self::Python | Self::TypeScript => &[Revision::V2025_11_25, Revision::V2026_07_28],
            Self::TypeScriptBefore => &[Revision::V2025_11_25],
        }
    }

    /// What drives a server with it, and that program.
    async fn run(self, home: &Home, mut job: Value) -> Value {
        job["library"] = self.name().into();
        let (program, script) = match self {
            Self::Python => (python(), "drive.py"),
            Self::TypeScript | Self::TypeScriptBefore => (NODE.path(), "drive.mjs"),
        };
        let said = finish_with(home.command(program).arg(folder().join(script)), script, &job.to_string()).await;
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{}: {error}: {said:?}", self.name()))
    }
}

async fn run(job: &Job<'_>, package: Package, revision: Revision, way: Way) -> Row {
    let Trial { server, path, variable, call, denied, credential, lesser, .. } = &job.trial;
    let home = Home::new().await;
    let witness = Witness::before(&server.address()).await;
    let wire = home.path("wire");
    let who = format!("{} over {way:?}", package.name());
    let told = |credential: &str, more: Value| {
        let mut told = match way {
            Way::Http => json!({"url": format!("{}{path}", witness.address())}),
            // What the server reads is written down first.
            Way::Stdio => {
                let words = ["/bin/sh", "-c", "tee -a \"$0\" | \"$@\"", wire.to_str().expect("UTF-8"), server.binary()];
                let environment: Map<_, _> =
                    job.environment.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                let command = [&words, job.arguments].concat();
                json!({"command": command, "environment": environment, "folder": server.folder()})
            }
        };
        let common = json!({"variable": variable, "credential": credential, "revision": revision.as_str()});
        for from in [common, more] {
            told.as_object_mut().expect("an object").extend(from.as_object().expect("an object").clone());
        }
        told
    };

    let mut calls = vec![json!([call.tool, call.arguments])];
    calls.extend(job.calls.iter().map(|(tool, arguments)| json!([tool, arguments])));
    let prompts: Vec<_> = job.prompt.iter().map(|(prompt, arguments, _)| json!([prompt, arguments])).collect();
    let asked = json!({"calls": calls, "prompts": prompts, "refused": []});
    let came = package.run(&home, told(credential, asked)).await;
    let answers = came["answers"].as_array().expect("answers");
    assert_eq!(answers.len(), calls.len(), "{who}");
    for (asked, answer) in calls.iter().zip(answers) {
        assert!(answer["is_error"] == false && answer["structured"].is_object(), "{who}: {asked}: {answer}");
    }
    assert!(answers[0].to_string().contains(call.says), "{who}: {}", answers[0]);
    if let Some((_, _, says)) = &job.prompt {
        assert!(came["prompts"][0].as_str().is_some_and(|text| text.contains(says)), "{who}: {}", came["prompts"]);
    }
    let tools = came["tools"].as_array().map(Vec::len);
    assert_eq!(tools, Some(job.trial.tools), "{who}: {}", came["tools"]);

    let refused = json!({"calls": [], "prompts": [], "refused": [[denied.tool, denied.arguments]]});
    let refused = package.run(&home, told(lesser, refused)).await;
    let refusal = &refused["refusals"][0];
    assert!(refusal["message"].as_str().is_some_and(|text| text.contains(denied.says)), "{who}: {refusal}");

    assert_eq!(home.wanted(), [""; 0], "{who} asks others");
    let spoken = match way {
        Way::Http => witness.revision_of(call.tool),
        Way::Stdio => revision_of(&lines(&wire), call.tool),
    };
    assert_eq!(spoken.as_deref(), Some(revision.as_str()), "{who}");
    Row {
        client: who,
        version: came["version"].as_str().map_or_else(|| version_of(package.name()), str::to_owned),
        revision: revision.as_str().to_owned(),
        connected: format!("to {}", came["server"].as_str().expect("a name")),
        tools: job.trial.tools,
        call: format!("{} answered{}", answers.len(), if job.prompt.is_some() { ", and a prompt" } else { "" }),
        denial: format!("{}: refused for {}", denied.tool, denied.says),
    }
}

/// The messages that a server has read.
fn lines(wire: &Path) -> Vec<Value> {
    let text = fs::read_to_string(wire).expect("what was written down");
    text.lines().map(|line| serde_json::from_str(line).expect("a message")).collect()
}
