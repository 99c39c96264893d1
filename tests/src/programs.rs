//! What a test needs beside the workspace: programs of the system, and packages of npm.

use std::{
    env,
    io::{Write as _, stderr},
    path::Path,
    process::{Command, Stdio},
};

/// Whether a program is installed. A test that lacks it says so and has to end; in CI (`CI=true`) it fails.
///
/// # Panics
/// When the program is missing in CI.
pub fn is_installed(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let is_installed = version.status().is_ok_and(|status| status.success());
    is_installed || skipped(&format!("{program} is not installed"))
}

/// Whether `npm ci` has brought a file of a package into a folder of the workspace. A test that lacks it says so and
/// has to end; in CI (`CI=true`) it fails.
///
/// # Panics
/// When the file is missing in CI.
pub fn is_brought(file: &Path, folder: &str) -> bool {
    file.exists() || skipped(&format!("{} is missing: npm ci --prefix {folder}", file.display()))
}

/// Says why a test ends here, which it may not do in CI (`CI=true`); tells that what it needs is not there.
///
/// # Panics
/// In CI.
pub fn skipped(why: &str) -> bool {
    assert!(env::var("CI").as_deref() != Ok("true"), "{why}");
    report(&format!("SKIPPED: {why}"));
    false
}

/// Says something also when the test passes: the test harness keeps back what macros print.
///
/// # Panics
/// When nothing can be written to the standard error.
pub fn report(text: &str) {
    stderr().write_all(format!("{text}\n").as_bytes()).expect("the standard error");
}
