//! Turns `tools.yaml` into a typed server crate, its documentation and client snippets.
//!
//! The passes, with the type between each two: the files are read, parsed and resolved
//! ([`load`]: `Source → Tree → Manifest → Api`), emitted ([`emit`]: `Api → Vec<File>`) and compared
//! with what is there ([`output`]: `Vec<File> → Changes`). [`plan`] runs them in this order, and
//! writes nothing.

pub mod api;
pub mod attached;
mod code;
pub mod diagnostic;
pub mod emit;
pub mod load;
pub mod manifest;
pub mod names;
pub mod output;
mod resolve;
pub mod source;
pub mod tree;
pub mod types;

use std::path::Path;

use api::Api;
use diagnostic::Report;
use emit::count;
use load::Loaded;
use output::{Changes, Counts};

/// Everything that a run would change.
#[derive(Debug)]
pub struct Plan {
    parts: Vec<Part>,
}

/// What a run would change in one folder.
#[derive(Debug)]
struct Part {
    /// What the folder is, with the mark that stands before the counts of its files.
    about: String,
    changes: Changes,
    /// What is left for a person to do.
    advice: Option<String>,
}

/// Why there is no plan.
#[derive(Debug)]
pub enum Failure {
    /// The manifests have faults.
    Faults(Report),
    /// An output cannot be read.
    Output(anyhow::Error),
}

/// Finds out what has to change below `root`, so that the outputs are what the manifest says.
///
/// # Errors
/// Every fault of the manifests, or else the output that cannot be read.
pub fn plan(root: &Path, manifest: &Path) -> Result<Plan, Failure> {
    let Loaded { servers, is_workspace } = load::load(root, manifest).map_err(Failure::Faults)?;
    parts(root, &servers, is_workspace).map(|parts| Plan { parts }).map_err(Failure::Output)
}

fn parts(root: &Path, servers: &[Api], is_workspace: bool) -> anyhow::Result<Vec<Part>> {
    let folders: Vec<_> = servers.iter().map(emit::server).collect();
    let mut parts = Vec::new();
    for (api, folder) in servers.iter().zip(&folders) {
        parts.push(Part { about: facts(api), changes: Changes::of(root, folder)?, advice: None });
    }
    if is_workspace {
        let workspace = emit::workspace();
        for retired in output::left_over(root, &workspace.path, &folders)? {
            let folder = retired.path.display();
            let about = format!("{folder}: no manifest declares it;");
            let advice = format!("delete {folder} when no Cargo.toml names its package");
            parts.push(Part { about, changes: Changes::of(root, &retired)?, advice: Some(advice) });
        }
        parts.push(Part { about: "workspace:".into(), changes: Changes::of(root, &workspace)?, advice: None });
    }
    Ok(parts)
}

fn facts(api: &Api) -> String {
    let name = &api.server.name;
    let tools = count(api.tools.len(), "tool");
    let scopes = count(api.scopes.len(), "scope");
    let prompts = count(api.prompts.len(), "prompt");
    let resources = match api.resources.len() {
        0 => String::new(),
        several => format!(", {}", count(several, "resource")),
    };
    format!("{name}: {tools}, {scopes}, {prompts}{resources};")
}

impl Plan {
    /// Whether every output is what the manifest says.
    pub fn is_done(&self) -> bool {
        self.parts.iter().all(|part| part.changes.is_empty())
    }

    /// What differs, as a unified diff.
    pub fn diff(&self) -> String {
        self.parts.iter().map(|part| part.changes.diff()).collect()
    }

    /// Makes every output what the manifest says.
    ///
    /// # Errors
    /// An output that cannot be written or removed; those before it are done.
    pub fn apply(&self, root: &Path) -> anyhow::Result<()> {
        self.parts.iter().try_for_each(|part| part.changes.apply(root))
    }

    /// A line for each folder: what it is and how many of its files differ. `done` tells whether
    /// the plan was carried out.
    pub fn summary(&self, done: bool) -> String {
        let (to_write, to_remove) = if done { ("written", "removed") } else { ("to write", "to remove") };
        let line = |Part { about, changes, advice }: &Part| {
            let Counts { written, unchanged, removed } = changes.counts();
            let files = count(written, "file");
            let advice = advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default();
            format!("{about} {files} {to_write}, {unchanged} unchanged, {removed} {to_remove}{advice}\n")
        };
        self.parts.iter().map(line).collect()
    }
}
