//! Facts that were transcribed by hand, for tests to compare with.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
///
/// # Panics
/// When this package has moved out of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the workspace").to_owned()
}

/// The rows of a tab-separated file under `tests/facts`; lines that start with `#` are comments.
///
/// # Panics
/// When the file cannot be read.
pub fn rows(file: &str) -> Vec<Vec<String>> {
    let path = workspace().join("tests/facts").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}
