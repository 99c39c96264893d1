//! Files whose content is declared: a manifest names them with `file`, relative to its own folder.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path},
};

use crate::{
    diagnostic::{Code, Diagnostic, quoted},
    manifest::Name,
};

/// The largest file that is taken, in bytes: all of it becomes part of the program.
const LARGEST: u64 = 1 << 20;

/// The content of files, by their names in the manifest.
#[derive(Debug, Default)]
pub struct Attached(BTreeMap<String, Vec<u8>>);

impl Attached {
    /// Reads the files that a manifest names; what cannot be read is a fault.
    pub(crate) fn read(folder: &Path, names: &[&Name], faults: &mut Vec<Diagnostic>) -> Self {
        let mut attached = Self::default();
        for name in names {
            match read(folder, name) {
                Ok(content) => drop(attached.0.insert(name.value.clone(), content)),
                Err(fault) => faults.push(fault),
            }
        }
        attached
    }

    /// The content of a file; nothing of one that could not be read.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// The names of all files, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

fn read(folder: &Path, name: &Name) -> Result<Vec<u8>, Diagnostic> {
    let path = Path::new(&name.value);
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_below || name.value.contains('\\') {
        let title = format!("{} leads out of the manifest's folder", quoted(name));
        return Err(Diagnostic::new(Code::ManifestPath, name.at, title)
            .help("name a file below the manifest's folder, by a relative path with forward slashes"));
    }
    let path = folder.join(path);
    let unreadable = |why: String, help: &str| {
        Diagnostic::new(Code::UnreadableFile, name.at, format!("{}: {why}", quoted(name))).help(help)
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => unreadable("there is no such file".into(), "check the path"),
        _ => unreadable(format!("the file cannot be read: {error}"), "check the path and its permissions"),
    };
    let metadata = fs::metadata(&path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(unreadable("this is not a file".into(), "name a file"));
    }
    if metadata.len() > LARGEST {
        let why = format!("the file has {} bytes; the most that is taken is {LARGEST}", metadata.len());
        return Err(unreadable(why, "make it smaller, or let a tool answer with it"));
    }
    fs::read(&path).map_err(failed)
}
