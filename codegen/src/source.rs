//! The files that a run reads, and places in them.

use std::{fmt, io, path::Path};

/// The largest file that is read, in bytes; a manifest that a person wrote is far below.
const LARGEST: u64 = 1 << 20;

/// A file of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

impl FileId {
    /// The file at a place in [`Sources`].
    pub(crate) fn at(index: usize) -> Self {
        Self(index)
    }

    /// Its place in [`Sources`].
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// A stretch of a file, in bytes; files are in the order in which they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where it starts.
    pub start: usize,
    /// Where it ends; the byte there is no part of it.
    pub end: usize,
}

/// A value and the place where it is written.
#[derive(Clone)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub at: Place,
}

impl<T> std::ops::Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

/// One file.
#[derive(Debug)]
struct Source {
    path: String,
    text: String,
}

/// Every file of a run, by the order in which it was read.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

/// Why a file could not be read as text.
#[derive(Debug)]
pub struct Unreadable {
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub help: &'static str,
    /// The place, where one is known.
    pub at: Place,
}

impl Sources {
    /// Reads a file. `shown` is its path in reports.
    ///
    /// # Errors
    /// A file that is not there, no file, too large or not UTF-8.
    pub fn read(&mut self, path: &Path, shown: String) -> Result<FileId, Unreadable> {
        let (text, fault) = match read(path) {
            Ok(text) => (text, None),
            Err(fault) => (fault.readable, Some((fault.why, fault.help))),
        };
        let end = text.len();
        let file = self.add(shown, text);
        match fault {
            None => Ok(file),
            Some((why, help)) => Err(Unreadable { why, help, at: Place { file, start: end, end } }),
        }
    }

    /// Adds a text that is at hand.
    pub fn add(&mut self, path: String, text: String) -> FileId {
        self.0.push(Source { path, text });
        FileId(self.0.len() - 1)
    }

    /// The path of a file, as reports show it.
    pub fn path(&self, file: FileId) -> &str {
        &self.0[file.0].path
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        &self.0[file.0].text
    }

    /// The text at a place.
    pub fn text_at(&self, at: Place) -> &str {
        self.text(at.file).get(at.start..at.end).unwrap_or_default()
    }
}

/// A file that is no text, with as much of it as could be read.
struct NoText {
    readable: String,
    why: String,
    help: &'static str,
}

fn read(path: &Path) -> Result<String, NoText> {
    let refuse = |why: String, help| NoText { readable: String::new(), why, help };
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => refuse("there is no such file".into(), "check the path"),
        io::ErrorKind::PermissionDenied => refuse("the file cannot be read".into(), "check its permissions"),
        _ => refuse(format!("the file cannot be read: {error}"), "check the path"),
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(refuse("this is not a file".into(), "name a YAML file"));
    }
    if metadata.len() > LARGEST {
        let why = format!("the file has {} bytes; the most that is read is {LARGEST}", metadata.len());
        return Err(refuse(why, "split it with `include`, or check that it is a manifest"));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut readable = error.into_bytes();
        readable.truncate(valid);
        NoText {
            readable: String::from_utf8(readable).unwrap_or_default(),
            why: format!("the file is not UTF-8 text: byte {} cannot be read", valid + 1),
            help: "save it as UTF-8",
        }
    })?;
    // A byte order mark says nothing about UTF-8 and would shift every column of the first line;
    // lines end alike, whatever a checkout made of them.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n"))
}
