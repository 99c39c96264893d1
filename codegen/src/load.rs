//! From the files to the checked declarations: read, parse, resolve.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;
use toolwright_freshness::{Inputs, included};

use crate::{
    api::Api,
    attached::Attached,
    diagnostic::{Code, Diagnostic, Report, listed, quoted},
    manifest::{IncludedFile, Name, ServerManifest, WorkspaceManifest, check::Checker, schema::Kind},
    resolve::{self, Called},
    source::{FileId, Place, Sources},
    tree::{self, Tree},
};

/// What a manifest declares.
#[derive(Debug)]
pub struct Loaded {
    /// Its servers.
    pub servers: Vec<Api>,
    /// Whether it is a workspace, so that these are all servers that there are.
    pub is_workspace: bool,
}

/// Loads every server of a manifest, which lists servers (`servers`) or declares one (`server`).
/// `root` is the folder of the workspace.
///
/// # Errors
/// Every fault of every server, at once.
pub fn load(root: &Path, manifest: &Path) -> Result<Loaded, Report> {
    let mut loader = Loader::new(root);
    loader.start(manifest);
    loader.faults.extend(resolve::servers(&loader.called));
    if loader.faults.is_empty() {
        Ok(Loaded { servers: loader.apis, is_workspace: loader.is_workspace })
    } else {
        Err(Report::new(loader.sources, loader.faults))
    }
}

/// A server as it was read: its manifest and the files that it includes.
pub struct Declared {
    /// The manifest.
    pub manifest: ServerManifest,
    /// The manifest's place as a whole.
    pub at: Place,
    /// The included files, in the order in which `include` names them.
    pub included: Vec<IncludedFile>,
    /// The files that are the content of something.
    pub attached: Attached,
    /// Whether every file was read whole, so that what is missing is missing indeed.
    pub complete: bool,
}

struct Loader {
    root: PathBuf,
    sources: Sources,
    faults: Vec<Diagnostic>,
    read: Vec<PathBuf>,
    apis: Vec<Api>,
    is_workspace: bool,
    called: Vec<Called>,
}

impl Loader {
    fn new(root: &Path) -> Self {
        Self {
            root: normal(root),
            sources: Sources::default(),
            faults: Vec::new(),
            read: Vec::new(),
            apis: Vec::new(),
            is_workspace: false,
            called: Vec::new(),
        }
    }

    fn start(&mut self, manifest: &Path) {
        let path = normal(&self.root.join(manifest));
        if !path.starts_with(&self.root) {
            // Outputs name the manifest by its path in the workspace, the same on every machine.
            let file = self.sources.add(manifest.to_string_lossy().into_owned(), String::new());
            let at = Place { file, start: 0, end: 0 };
            self.faults.push(
                Diagnostic::new(Code::ManifestPath, at, "the manifest is outside of the workspace")
                    .help("name a manifest below the workspace's folder, or that folder with `--root`"),
            );
            return;
        }
        let Some(tree) = self.tree(&path, None) else { return };
        match kind(&tree) {
            Ok(Kind::Workspace) => {
                self.is_workspace = true;
                self.workspace(&path, &tree);
            }
            Ok(_) => self.server(&path, &tree),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn workspace(&mut self, path: &Path, tree: &Tree) {
        let workspace: Option<WorkspaceManifest> = self.parse(&Checker::new(Kind::Workspace), tree);
        for name in workspace.map(|workspace| workspace.servers).unwrap_or_default() {
            let server = normal(&folder(path).join(&name.value));
            if self.read.contains(&server) {
                let title = format!("{} is listed twice", quoted(&name));
                self.faults.push(Diagnostic::new(Code::ManifestPath, name.at, title).help("remove one of the two"));
                continue;
            }
            if !server.starts_with(&self.root) {
                let title = format!("{} leads out of the workspace", quoted(&name));
                self.faults.push(
                    Diagnostic::new(Code::ManifestPath, name.at, title)
                        .help("keep the manifests below the workspace's folder"),
                );
                continue;
            }
            let Some(tree) = self.tree(&server, Some(&name)) else { continue };
            match kind(&tree) {
                Ok(Kind::Server) => self.server(&server, &tree),
                Ok(_) => self.faults.push(
                    Diagnostic::new(Code::ManifestKind, name.at, format!("{} is a workspace itself", quoted(&name)))
                        .help("list its servers here instead"),
                ),
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn server(&mut self, path: &Path, tree: &Tree) {
        let before = self.faults.len();
        let Some(manifest) = self.parse::<ServerManifest>(&Checker::new(Kind::Server), tree) else { return };
        let globs = manifest.include.good().cloned().unwrap_or_default();
        let checker = Checker::new(Kind::Included);
        let files = self.included(path, &globs);
        let trees: Vec<Option<Tree>> = files.iter().map(|file| self.tree(file, None)).collect();
        let included: Vec<IncludedFile> =
            trees.iter().flatten().filter_map(|tree| self.parse(&checker, tree)).collect();
        if included.len() < files.len() {
            // Whatever the other files hold would be reported as missing.
            return;
        }
        let named: Vec<&Name> = manifest.files().chain(included.iter().flat_map(IncludedFile::files)).collect();
        let attached = Attached::read(folder(path), &named, &mut self.faults);
        let complete = self.faults.len() == before;
        let shown = self.shown(path);
        // A pattern that is a fault must not be followed: it may lead anywhere.
        let inputs = complete.then(|| self.inputs(&shown, &globs, &attached, tree.at)).flatten();
        let declared = Declared { manifest, at: tree.at, included, attached, complete };
        let outcome = resolve::server(&self.sources, &declared, shown, inputs);
        self.faults.extend(outcome.faults);
        self.called.extend(outcome.called);
        self.apis.extend(outcome.api);
    }

    /// What could be read of a tree; the rest becomes faults.
    fn parse<T: for<'t> Deserialize<'t>>(&mut self, checker: &Checker, tree: &Tree) -> Option<T> {
        let (shape, faults) = checker.read(tree);
        self.faults.extend(faults);
        self.faults.extend(resolve::text(&self.sources, tree));
        shape
    }

    /// The files that the globs match, each once.
    fn included(&mut self, manifest: &Path, globs: &[Name]) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = Vec::new();
        for glob in globs {
            if Path::new(&glob.value).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
            {
                let title = format!("{} leads out of the manifest's folder", quoted(glob));
                self.faults.push(
                    Diagnostic::new(Code::ManifestPath, glob.at, title)
                        .help("include files below the manifest's folder, by relative paths"),
                );
                continue;
            }
            let matched = match included(folder(manifest), &glob.value) {
                Ok(matched) => matched,
                Err(error) => {
                    self.faults.push(unusable(glob, &error));
                    continue;
                }
            };
            if matched.is_empty() {
                let title = format!("{} matches no file", quoted(glob));
                self.faults.push(
                    Diagnostic::new(Code::ManifestPath, glob.at, title)
                        .help("add the file, correct the pattern, or remove it"),
                );
            }
            for file in matched.into_iter().map(|file| normal(&file)) {
                if file == manifest {
                    let title = format!("{} matches the manifest itself", quoted(glob));
                    self.faults.push(
                        Diagnostic::new(Code::ManifestPath, glob.at, title)
                            .help("put the included files into a folder of their own"),
                    );
                } else if !files.contains(&file) {
                    files.push(file);
                }
            }
        }
        files
    }

    /// Reads a file into a tree; `named` is the value that names it.
    fn tree(&mut self, path: &Path, named: Option<&Name>) -> Option<Tree> {
        self.read.push(path.to_owned());
        let shown = self.shown(path);
        let file: FileId = match self.sources.read(path, shown.clone()) {
            Ok(file) => file,
            Err(unreadable) => {
                let at = named.map_or(unreadable.at, |name| name.at);
                let title = if named.is_some() { format!("{}: {}", shown, unreadable.why) } else { unreadable.why };
                self.faults.push(Diagnostic::new(Code::UnreadableFile, at, title).help(unreadable.help));
                return None;
            }
        };
        let read = tree::read(file, self.sources.text(file));
        self.faults.extend(read.faults);
        read.tree
    }

    fn inputs(&mut self, manifest: &str, globs: &[Name], attached: &Attached, at: Place) -> Option<Inputs> {
        let globs: Vec<String> = globs.iter().map(|glob| glob.value.clone()).collect();
        match Inputs::read(&self.root, manifest, globs, attached.names()) {
            Ok(inputs) => Some(inputs),
            Err(error) => {
                let title = format!("the files of this manifest cannot be read again: {error}");
                self.faults.push(Diagnostic::new(Code::UnreadableFile, at, title));
                None
            }
        }
    }

    /// A path as reports and generated files show it: relative to the workspace, with forward slashes.
    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }
}

/// The kind of a manifest, by the key that only it has.
fn kind(tree: &Tree) -> Result<Kind, Diagnostic> {
    match (tree.entry("servers"), tree.entry("server")) {
        (Some(_), None) => Ok(Kind::Workspace),
        (None, Some(_)) => Ok(Kind::Server),
        (Some((servers, _)), Some((server, _))) => {
            Err(Diagnostic::new(Code::ManifestKind, server.at, "a manifest cannot be a workspace and a server at once")
                .label("makes it a server")
                .and(servers.at, "makes it a workspace")
                .help("move the server into a file of its own, and list that under `servers`"))
        }
        (None, None) => Err(Diagnostic::new(Code::ManifestKind, tree.at, "this is no manifest")
            .label(format!("has neither {}", listed(["servers", "server"], "nor")))
            .help("write `servers` to list servers, or `server` to declare one")),
    }
}

fn unusable(glob: &Name, error: &io::Error) -> Diagnostic {
    // What is wrong with a pattern is counted from the workspace's folder, which nobody wrote.
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<glob::PatternError>());
    if cause.is_some() {
        return Diagnostic::new(Code::ManifestPath, glob.at, format!("{} is no pattern", quoted(glob))).help(
            "`*` stands for any part of a name, `**` alone for any folders, `[…]` for one of several characters",
        );
    }
    Diagnostic::new(Code::ManifestPath, glob.at, format!("{} cannot be followed: {error}", quoted(glob)))
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// A path without `.` and `..`, absolute where that is possible; links are left alone, so that a
/// report shows the path that was written.
fn normal(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut normal = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
