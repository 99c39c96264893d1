//! The only place that reads and writes outputs: what is there is compared with what shall be, and
//! the difference is written or shown.
//!
//! Every folder of outputs has a list of the files in it that were generated. What is on the list
//! and is no longer made is removed; what is not on the list is somebody's own and stays.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};
use similar::TextDiff;

use crate::emit::{self, COMMAND, File, Folder};

/// The list of a folder's generated files.
const LIST: &str = ".files";

/// How the outputs of one folder differ from what they shall be.
#[derive(Debug)]
pub struct Changes {
    folder: PathBuf,
    differing: Vec<Change>,
    unchanged: usize,
}

/// A file that differs. One that is absent, or shall be, has no content.
#[derive(Debug)]
struct Change {
    path: String,
    is: Option<String>,
    shall_be: Option<String>,
}

/// How many files differ and how many do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Files that are written.
    pub written: usize,
    /// Files that are as they shall be.
    pub unchanged: usize,
    /// Files that are removed.
    pub removed: usize,
}

impl Changes {
    /// Compares a folder below `root` with what is there. A checkout may have changed line endings.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn of(root: &Path, folder: &Folder) -> Result<Self> {
        let place = root.join(&folder.path);
        let mut stale = listed(&place)?;
        let mut found = Self { folder: folder.path.clone(), differing: Vec::new(), unchanged: 0 };
        for file in &folder.files {
            stale.remove(&file.path);
            found.compare(&place, file)?;
        }
        for path in stale {
            found.remove(&place, path)?;
        }
        // The list comes last: until all else is done, the old one still tells what to remove.
        match list(folder) {
            Some(list) => found.compare(&place, &list)?,
            None => found.remove(&place, LIST.to_owned())?,
        }
        Ok(found)
    }

    fn compare(&mut self, place: &Path, file: &File) -> Result<()> {
        let is = read(&place.join(&file.path))?;
        if is.as_ref() == Some(&file.content) {
            self.unchanged += 1;
        } else {
            self.differing.push(Change { path: file.path.clone(), is, shall_be: Some(file.content.clone()) });
        }
        Ok(())
    }

    fn remove(&mut self, place: &Path, path: String) -> Result<()> {
        let is = read(&place.join(&path))?;
        if is.is_some() {
            self.differing.push(Change { path, is, shall_be: None });
        }
        Ok(())
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.differing.is_empty()
    }

    /// How many files differ and how many do not.
    pub fn counts(&self) -> Counts {
        let removed = self.differing.iter().filter(|change| change.shall_be.is_none()).count();
        Counts { written: self.differing.len() - removed, unchanged: self.unchanged, removed }
    }

    /// The differences as a unified diff, from what is there to what shall be.
    pub fn diff(&self) -> String {
        let folder = shown(&self.folder);
        let diff = |Change { path, is, shall_be }: &Change| {
            let name = |side: &str, content: &Option<String>| match content {
                Some(_) => format!("{side}/{folder}/{path}"),
                None => "/dev/null".to_owned(),
            };
            let (old, new) = (is.as_deref().unwrap_or_default(), shall_be.as_deref().unwrap_or_default());
            TextDiff::from_lines(old, new).unified_diff().header(&name("a", is), &name("b", shall_be)).to_string()
        };
        self.differing.iter().map(diff).collect()
    }

    /// Makes the files below `root` what they shall be. Each is whole at any time.
    ///
    /// # Errors
    /// A file that cannot be written or removed.
    pub fn apply(&self, root: &Path) -> Result<()> {
        let place = root.join(&self.folder);
        for Change { path, is: _, shall_be } in &self.differing {
            let file = place.join(path);
            let shown = format!("{}/{path}", shown(&self.folder));
            match shall_be {
                Some(content) => write(&file, content).with_context(|| format!("{shown} cannot be written"))?,
                None => remove(&file, &place).with_context(|| format!("{shown} cannot be removed"))?,
            }
        }
        Ok(())
    }
}

/// The generated folders beside `current` that belong to no server any more, as they shall be.
///
/// Cargo cannot load a workspace whose packages name a crate that is not there, and then cannot run
/// the generator either. So a crate is emptied but stays, until a person removes its folder.
///
/// # Errors
/// A folder that cannot be listed.
pub fn left_over(root: &Path, outputs: &Path, current: &[Folder]) -> Result<Vec<Folder>> {
    let mut folders = Vec::new();
    let entries = match fs::read_dir(root.join(outputs)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(folders),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be listed", shown(outputs))),
    };
    for entry in entries {
        let path = outputs.join(entry.with_context(|| format!("{} cannot be listed", shown(outputs)))?.file_name());
        if root.join(&path).join(LIST).is_file() && current.iter().all(|folder| folder.path != path) {
            let package = read(&root.join(&path).join("Cargo.toml"))?;
            let package = package.map(|content| File { path: "Cargo.toml".into(), content });
            let files = package.into_iter().flat_map(|package| [package, emit::retired()]).collect();
            folders.push(Folder { path, files });
        }
    }
    folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(folders)
}

/// The list of a folder's files; a folder without files needs none.
fn list(folder: &Folder) -> Option<File> {
    let mut lines = vec![format!("# @generated by `{COMMAND}`: the files of this folder that it has written.")];
    lines.extend(folder.files.iter().map(|file| file.path.clone()));
    lines[1..].sort_unstable();
    (!folder.files.is_empty()).then(|| File { path: LIST.into(), content: lines.join("\n") + "\n" })
}

/// The paths on a folder's list. What would lead out of the folder was not written by this program.
fn listed(place: &Path) -> Result<BTreeSet<String>> {
    let list = read(&place.join(LIST))?.unwrap_or_default();
    let stays = |line: &&str| Path::new(line).components().all(|part| matches!(part, Component::Normal(_)));
    Ok(list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(stays)
        .map(str::to_owned)
        .collect())
}

/// The text of a file as this program writes it, with `\n` line endings; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", shown(path))),
    }
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".codegen-");
    // A temporary file is its owner's alone; an output is as readable as any other file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Removes a file, and the folders up to `place` that it leaves empty.
fn remove(path: &Path, place: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(place)) {
        let is_empty = fs::read_dir(folder)?.next().is_none();
        if !is_empty {
            break;
        }
        fs::remove_dir(folder)?;
    }
    Ok(())
}

/// A path as messages show it on every system.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
