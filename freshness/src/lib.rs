//! Tells whether a generated crate is as new as the manifest it was made from.
//!
//! The generator records the inputs and their digest ([`Inputs::read`]); the generated crate's
//! `build.rs` compares them with what is there now ([`verify`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The files that a server is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The manifest, relative to the workspace, with forward slashes.
    pub manifest: String,
    /// The globs of its `include`, relative to the manifest's folder.
    pub include: Vec<String>,
    /// The other files that are part of what is declared, relative to the manifest's folder.
    pub files: Vec<String>,
    /// SHA-256 over names and contents, in hexadecimal.
    pub digest: String,
}

/// The files that a glob of `include` matches, sorted; `folder` is the manifest's.
///
/// # Errors
/// A glob that cannot be read, or a folder that cannot be listed.
pub fn included(folder: &Path, glob: &str) -> io::Result<Vec<PathBuf>> {
    let pattern = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(glob);
    let paths = glob::glob(&pattern.to_string_lossy()).map_err(io::Error::other)?;
    let mut files: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(io::Error::other)?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

impl Inputs {
    /// Reads the inputs as they are now; `workspace` is the folder that `manifest` is relative to.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(workspace: &Path, manifest: &str, include: Vec<String>, files: Vec<String>) -> io::Result<Self> {
        let mut inputs = Self { manifest: manifest.to_owned(), include, files, digest: String::new() };
        inputs.digest = inputs.digest_of(workspace)?;
        Ok(inputs)
    }

    /// The folder of the manifest.
    fn folder(&self, workspace: &Path) -> PathBuf {
        workspace.join(&self.manifest).parent().unwrap_or(workspace).to_owned()
    }

    fn paths(&self, workspace: &Path) -> io::Result<BTreeSet<PathBuf>> {
        let folder = self.folder(workspace);
        let mut paths = BTreeSet::from([workspace.join(&self.manifest)]);
        for glob in &self.include {
            paths.extend(included(&folder, glob)?);
        }
        paths.extend(self.files.iter().map(|file| folder.join(file)));
        Ok(paths)
    }

    /// A digest of the inputs' names and contents that depends neither on the checkout, whose line
    /// endings are folded, nor on the way to the workspace, which is no part of the names.
    fn digest_of(&self, workspace: &Path) -> io::Result<String> {
        let paths = self.paths(workspace)?;
        let named: BTreeMap<String, PathBuf> = paths.into_iter().map(|path| (name(workspace, &path), path)).collect();
        let mut digest = Sha256::new();
        for (name, path) in named {
            for part in [name.into_bytes(), folded(fs::read(&path)?)] {
                digest.update((part.len() as u64).to_le_bytes());
                digest.update(part);
            }
        }
        Ok(hexadecimal(&digest.finalize()))
    }
}

/// Text with its line endings folded; what is no text is as it is.
fn folded(content: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(content) {
        Ok(text) => text.replace("\r\n", "\n").into_bytes(),
        Err(binary) => binary.into_bytes(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A file's path in the workspace, with forward slashes.
fn name(workspace: &Path, file: &Path) -> String {
    let here = |path: &Path| path.components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    let (workspace, file) = (here(workspace), here(file));
    file.strip_prefix(&workspace).unwrap_or(&file).to_string_lossy().replace('\\', "/")
}

/// Fails a generated crate's build when its manifest is newer than the crate. For its `build.rs`.
///
/// `workspace` is the path from the generated crate to the workspace. Where the manifest is absent,
/// as in a packaged crate, there is nothing to compare with.
pub fn verify(workspace: &str, inputs: &Inputs, command: &str) {
    let workspace = Path::new(workspace);
    if !workspace.join(&inputs.manifest).exists() {
        return;
    }
    for path in watched(workspace, inputs) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    match inputs.digest_of(workspace) {
        Ok(digest) if digest == inputs.digest => {}
        Ok(_) => println!(
            "cargo::error={} or a file that it includes was changed after this crate was generated; run: {command}",
            inputs.manifest
        ),
        Err(error) => println!("cargo::error=the inputs of {} cannot be read: {error}", inputs.manifest),
    }
}

/// The inputs, and the folders in which a glob could find another: a new file must count as a change.
fn watched(workspace: &Path, inputs: &Inputs) -> BTreeSet<PathBuf> {
    let folder = inputs.folder(workspace);
    let mut watched = inputs.paths(workspace).unwrap_or_default();
    for glob in &inputs.include {
        let fixed: PathBuf = Path::new(glob)
            .components()
            .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
            .collect();
        let mut root = folder.join(fixed);
        if root.is_file() {
            root.pop();
        }
        watched.insert(root);
    }
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "server/tools.yaml";

    /// No text, with what would be a line ending in one.
    const PICTURE: &[u8] = b"\x89PNG\r\n";

    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("server/tools")).expect("folders");
        write(&folder, "server/tools.yaml", "manifest: 1\n");
        write(&folder, "server/tools/b.yaml", "tools:\n");
        write(&folder, "server/logo.png", PICTURE);
        folder
    }

    fn write(folder: &tempfile::TempDir, file: &str, content: impl AsRef<[u8]>) {
        fs::write(folder.path().join(file), content).expect(file);
    }

    fn inputs(workspace: &Path) -> Inputs {
        let (globs, files) = (vec!["tools/*.yaml".to_owned()], vec!["logo.png".to_owned()]);
        Inputs::read(workspace, MANIFEST, globs, files).expect("the inputs")
    }

    fn read(workspace: &Path) -> String {
        inputs(workspace).digest
    }

    #[test]
    fn the_digest_is_of_names_and_contents() {
        let folder = workspace();
        let before = read(folder.path());
        let cases: [(&str, &[u8], bool); 8] = [
            ("server/tools.yaml", b"manifest: 1\r\n", false),
            ("server/notes.txt", b"of no concern", false),
            ("server/tools/note.txt", b"of no concern", false),
            ("server/tools.yaml", b"manifest: 2\n", true),
            ("server/tools/b.yaml", b"tools:\n\n", true),
            ("server/logo.png", b"\x89PNG\n", true),
            ("server/logo.png", PICTURE, false),
            ("server/tools/a.yaml", b"", true),
        ];
        for (file, content, changes) in cases {
            write(&folder, file, content);
            assert_eq!(read(folder.path()) != before, changes, "{file}");
            write(&folder, "server/tools.yaml", "manifest: 1\n");
            write(&folder, "server/tools/b.yaml", "tools:\n");
            write(&folder, "server/logo.png", PICTURE);
        }
    }

    #[test]
    fn the_digest_does_not_depend_on_the_way_to_the_workspace() {
        let folder = workspace();
        let inside = folder.path().join("server");
        assert_eq!(read(&inside.join("..")), read(folder.path()));
        assert_eq!(name(Path::new("."), Path::new("./a/b")), "a/b");
        assert_eq!(name(Path::new("."), Path::new("a/b")), "a/b");
        assert_eq!(name(Path::new("../.."), Path::new("../../a/b")), "a/b");
    }

    #[test]
    fn a_new_file_that_only_a_glob_matches_is_watched_for() {
        let folder = workspace();
        let watched = watched(folder.path(), &inputs(folder.path()));
        assert!(watched.contains(&folder.path().join("server/tools")), "{watched:?}");
        assert!(watched.contains(&folder.path().join("server/logo.png")), "{watched:?}");
    }
}
