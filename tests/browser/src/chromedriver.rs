//! A `chromedriver` of a test's own.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// What it prints once it listens, before the port.
const STARTED: &str = "was started successfully on port ";

/// The process, on a free port of the loopback address. It ends with the test, however that ends, and its browsers with it.
#[derive(Debug)]
pub(super) struct Chromedriver {
    port: u16,
    /// Stops the driver when nobody holds its standard input any more.
    keeper: Child,
    /// Where its browsers keep their files, so that they find none of a person's.
    folder: TempDir,
}

impl Chromedriver {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keeper = "chromedriver --port=0 </dev/null & read -r _; kill -KILL 0";
        let mut keeper = Command::new("sh")
            .args(["-c", keeper])
            .process_group(0)
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut lines = BufReader::new(keeper.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.split_once(STARTED)?.1.trim_end_matches('.').parse().ok());
        // It says no more that matters, but must not meet a closed pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { port: port.expect("chromedriver starts"), keeper, folder }
    }

    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let group = i32::try_from(self.keeper.id()).ok().and_then(Pid::from_raw);
        // It may have ended already, and there is nobody to tell.
        let _ = kill_process_group(group.expect("an id"), Signal::KILL);
        let _ = self.keeper.wait();
    }
}
