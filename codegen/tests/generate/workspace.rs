//! A folder with manifests, and the program run on it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use tempfile::TempDir;

/// The folder of the golden cases.
pub(crate) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

/// Every file below a folder, by its path with forward slashes.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder).into_iter().map(|(name, path)| (name, fs::read(path).expect("a file"))).collect()
}

fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("a path below the folder");
                found.insert(name.to_string_lossy().replace('\\', "/"), path);
            }
        }
    }
    found
}

/// Writes files into a folder, with the folders that they need.
pub(crate) fn fill(folder: &Path, files: impl IntoIterator<Item = (String, Vec<u8>)>) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
}

/// A workspace of its own.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// Without a file.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// With the manifests of one golden case.
    pub(crate) fn of(case: &str) -> Self {
        let workspace = Self::empty();
        workspace.add(case, "");
        workspace
    }

    /// With two servers, generated.
    pub(crate) fn generated() -> Self {
        let workspace = Self::empty();
        workspace.add("every-type", "first/");
        workspace.add("minimal", "second/");
        workspace.write("tools.yaml", "servers: [first/tools.yaml, second/tools.yaml]\n");
        let ran = workspace.run(&[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        workspace
    }

    fn add(&self, case: &str, below: &str) {
        let files = tree(&golden().join(case)).into_iter();
        let inputs = files.filter(|(name, _)| !name.starts_with("expected/"));
        fill(self.root(), inputs.map(|(name, content)| (format!("{below}{name}"), content)));
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root().join(file)
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn write(&self, file: &str, content: &str) {
        fill(self.root(), [(file.to_owned(), content.as_bytes().to_vec())]);
    }

    /// Changes a part of a file, which must be there.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let content = self.read(file);
        assert!(content.contains(from), "{file} has no `{from}`");
        self.write(file, &content.replace(from, to));
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }

    pub(crate) fn exists(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// Every file.
    pub(crate) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        tree(self.root())
    }

    /// When each file was last written.
    pub(crate) fn times(&self) -> BTreeMap<String, SystemTime> {
        let time = |path: PathBuf| fs::metadata(path).and_then(|data| data.modified()).expect("a time");
        files(self.root()).into_iter().map(|(name, path)| (name, time(path))).collect()
    }

    /// Runs the program in the workspace.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(self.root(), arguments)
    }
}

/// Runs the program in a folder.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codegen"));
    let output = command.args(arguments).current_dir(folder).output().expect("the program");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}
