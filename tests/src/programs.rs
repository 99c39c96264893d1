//! Programs of the system that a test needs.

use std::{
    env,
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
    if !is_installed {
        assert!(env::var("CI").as_deref() != Ok("true"), "{program} is not installed");
        eprintln!("SKIPPED: {program} is not installed");
    }
    is_installed
}
