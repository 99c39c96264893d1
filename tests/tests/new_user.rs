//! The way of a person who adds a tool: in a copy of this workspace, with cargo as they would call it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const TOOL: &str = "\
tools:
  count_runs:
    title: Count runs
    description: Tell how many runs the account has.
    group: runs
    access: read
    scope: runs:read
    input: {}
    output:
      count: {type: integer, required: true, description: How many.}
";

const HANDLER: &str = "
/// Counts the account's runs.
#[mcp_tool]
async fn count_runs(_store: &ReadStore, call: &Call) -> Result<count_runs::Output, ToolError> {
    let count = i64::try_from(call.subject().len()).map_err(ToolError::internal)?;
    Ok(count_runs::Output { count })
}
";

const STALE: &str = "error: infatica-tools@0.1.0: examples/infatica/tools.yaml or a file that it includes was changed \
after this crate was generated; run: cargo run -p codegen";

struct Workspace {
    folder: tempfile::TempDir,
    target: PathBuf,
}

impl Workspace {
    fn copied() -> Self {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        copy(&original, folder.path()).expect("a copy of the workspace");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| original.join("target"), PathBuf::from);
        Self { folder, target }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect(file)
    }

    fn append(&self, file: &str, text: &str) {
        fs::write(self.path(file), self.read(file) + text).expect(file);
    }

    fn cargo(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_TERM_COLOR", "never")
            .output()
            .expect("cargo");
        Ran::of(&output)
    }
}

struct Ran {
    success: bool,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn succeeds(self) -> Self {
        assert!(self.success, "{}\n{}", self.stdout, self.stderr);
        self
    }

    fn fails(self) -> Self {
        assert!(!self.success, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The compiler's errors; its closing line counts them and is none.
    fn errors(&self) -> Vec<&str> {
        let starts = |line: &&str| line.starts_with("error") && !line.starts_with("error: could not compile");
        self.stderr.lines().filter(starts).collect()
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "target" || name == ".git" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

#[test]
fn a_tool_is_added_in_three_steps_and_none_can_be_forgotten() {
    let workspace = Workspace::copied();
    let before = workspace.read("generated/infatica/docs/README.md");
    assert!(before.contains("9 tools"), "{before}");

    // A file that only the glob of `include` matches is an edit of the manifest.
    fs::write(workspace.path("examples/infatica/tools/count.yaml"), TOOL).expect("the declaration");
    let stale = workspace.cargo(&["build", "-p", "infatica"]).fails();
    assert_eq!(stale.errors()[0], STALE, "{}", stale.stderr);
    let check = workspace.cargo(&["run", "-p", "codegen", "--", "check"]).fails();
    let said = check.stdout + &check.stderr;
    assert!(said.contains("count_runs") && said.contains("cargo run -p codegen"), "{said}");

    // Declared and generated, but not written: one error, which names the tool.
    let written = workspace.cargo(&["run", "-p", "codegen"]).succeeds();
    assert!(written.stdout.contains("infatica: 10 tools"), "{}", written.stdout);
    let missing = workspace.cargo(&["build", "-p", "infatica"]).fails();
    let errors = missing.errors();
    assert_eq!(errors.len(), 1, "{}", missing.stderr);
    assert!(errors[0].contains("count_runs"), "{}", missing.stderr);

    // Written: everything else follows.
    workspace.append("examples/infatica/src/runs.rs", HANDLER);
    workspace.cargo(&["build", "-p", "infatica"]).succeeds();
    workspace.cargo(&["run", "-p", "codegen", "--", "check"]).succeeds();
    let after = workspace.read("generated/infatica/docs/README.md");
    assert!(after.contains("10 tools") && after.contains("count_runs"), "{after}");
    assert!(workspace.read("generated/infatica/tools.json").contains("count_runs"));
    let table = workspace.cargo(&["run", "-p", "infatica", "--", "tools"]).succeeds();
    assert!(table.stdout.contains("count_runs"), "{}", table.stdout);
}
