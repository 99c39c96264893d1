//! Tells whether a generated crate is as new as the manifest it was made from.
//!
//! The generator records the inputs and their digest ([`Inputs::read`]); the generated crate's
//! `build.rs` compares them with what is there now ([`verify`]).

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// The files that a server is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The manifest, relative to the workspace, with forward slashes.
    pub manifest: String,
    /// The globs of its `include`, relative to the manifest's folder.
    pub include: Vec<String>,
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
    pub fn read(workspace: &Path, manifest: &str, include: &[String]) -> io::Result<Self> {
        Ok(Self {
            manifest: manifest.to_owned(),
            include: include.to_vec(),
            digest: digest(workspace, manifest, include)?,
        })
    }
}

fn files(workspace: &Path, manifest: &str, include: &[String]) -> io::Result<BTreeSet<PathBuf>> {
    let manifest = workspace.join(manifest);
    let folder = manifest.parent().unwrap_or(workspace).to_owned();
    let mut files = BTreeSet::from([manifest]);
    for glob in include {
        files.extend(included(&folder, glob)?);
    }
    Ok(files)
}

/// A digest of the inputs' names and contents that no checkout changes: line endings are folded.
fn digest(workspace: &Path, manifest: &str, include: &[String]) -> io::Result<String> {
    let mut digest = Sha256::new();
    for file in files(workspace, manifest, include)? {
        let name = file.strip_prefix(workspace).unwrap_or(&file);
        let content = fs::read_to_string(&file)?.replace("\r\n", "\n");
        for part in [name.to_string_lossy().replace('\\', "/"), content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
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
    let folder = workspace.join(&inputs.manifest).parent().unwrap_or(workspace).to_owned();
    for path in watched(workspace, &folder, inputs) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    match digest(workspace, &inputs.manifest, &inputs.include) {
        Ok(digest) if digest == inputs.digest => {}
        Ok(_) => println!(
            "cargo::error={} or a file that it includes was changed after this crate was generated; run: {command}",
            inputs.manifest
        ),
        Err(error) => println!("cargo::error=the inputs of {} cannot be read: {error}", inputs.manifest),
    }
}

/// The inputs, and the folders in which a glob could find another: a new file must count as a change.
fn watched(workspace: &Path, folder: &Path, inputs: &Inputs) -> BTreeSet<PathBuf> {
    let mut watched = files(workspace, &inputs.manifest, &inputs.include).unwrap_or_default();
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
