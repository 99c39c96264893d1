//! The way of a person who adds a tool as README.md says: in a copy of this workspace, with what the
//! README has them write, and with cargo as they would call it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const STALE: &str = "error: infatica-tools@0.1.0: examples/infatica/tools.yaml or a file that it includes was changed \
after this crate was generated; run: cargo run -p codegen";

const FACTS: &str = "tests/facts/infatica.tsv";

struct Workspace {
    folder: PathBuf,
    target: PathBuf,
}

impl Workspace {
    fn copied(name: &str) -> Self {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned();
        // Always the same folder, so that cargo finds what it built the last time.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last copy");
        }
        copy(&original, &folder).expect("a copy of the workspace");
        // Not the target folder of this workspace: cargo takes a copy of a package for the package itself.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-user-target");
        Self { folder, target }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect(file)
    }

    fn append(&self, file: &str, text: &str) {
        fs::write(self.path(file), format!("{}\n{text}", self.read(file))).expect(file);
    }

    /// Runs a block of commands as a person's shell does, but stops at the first that fails.
    fn shell(&self, commands: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", commands]);
        self.run(shell).succeeds();
    }

    fn cargo(&self, arguments: &[&str]) -> Ran {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments);
        self.run(cargo)
    }

    fn run(&self, mut command: Command) -> Ran {
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
        Ran::of(&command.output().expect("the command"))
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
        // What is built or installed is not the workspace.
        if ["target", ".git", "node_modules", ".venv"].iter().any(|folder| name == *folder) {
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

/// The content of the first block of a language below a heading, without its indentation.
fn block(page: &str, heading: &str, language: &str) -> String {
    let (_, section) = page.split_once(&format!("\n{heading}")).expect(heading);
    let fence = format!("```{language}");
    let mut lines = section.lines().skip_while(|line| line.trim_start() != fence);
    let first = lines.next().unwrap_or_else(|| panic!("{heading}: no {language}"));
    let indent = first.len() - fence.len();
    let inside = lines.take_while(|line| line.trim_start() != "```");
    inside.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n").collect()
}

/// Whether the README shows this line.
fn assert_shown(readme: &str, line: &str) {
    assert!(readme.lines().any(|shown| shown == line), "README.md does not show: {line}");
}

#[test]
fn a_tool_is_added_in_three_steps_and_none_can_be_forgotten() {
    let workspace = Workspace::copied("new-tool");
    let readme = workspace.read("README.md");
    let declaration = block(&readme, "## Add a tool", "yaml");
    let handler = block(&readme, "## Add a tool", "rust");
    let before = workspace.read("generated/infatica/docs/README.md");
    assert!(before.contains("29 tools"), "{before}");

    // A file that only the glob of `include` matches is an edit of the manifest.
    fs::write(workspace.path("examples/infatica/tools/count.yaml"), declaration).expect("the declaration");
    let stale = workspace.cargo(&["build", "-p", "infatica"]).fails();
    assert_eq!(stale.errors()[0], STALE, "{}", stale.stderr);
    assert_shown(&readme, STALE);
    let check = workspace.cargo(&["run", "-p", "codegen", "--", "check"]).fails();
    let said = check.stdout + &check.stderr;
    assert!(said.contains("count_runs") && said.contains("cargo run -p codegen"), "{said}");

    // Declared and generated, but not written: one error, which names the tool.
    let written = workspace.cargo(&["run", "-p", "codegen"]).succeeds();
    assert!(written.stdout.contains("infatica: 30 tools"), "{}", written.stdout);
    written.stdout.lines().for_each(|line| assert_shown(&readme, line));
    let missing = workspace.cargo(&["build", "-p", "infatica"]).fails();
    let errors = missing.errors();
    assert_eq!(errors.len(), 1, "{}", missing.stderr);
    assert!(errors[0].contains("count_runs"), "{}", missing.stderr);
    assert_shown(&readme, errors[0]);

    // Written: everything else follows.
    workspace.append("examples/infatica/src/runs.rs", &handler);
    workspace.cargo(&["build", "-p", "infatica"]).succeeds();
    workspace.cargo(&["run", "-p", "codegen", "--", "check"]).succeeds();
    let after = workspace.read("generated/infatica/docs/README.md");
    assert!(after.contains("30 tools") && after.contains("count_runs"), "{after}");
    assert!(workspace.read("generated/infatica/tools.json").contains("count_runs"));
    let table = workspace.cargo(&["run", "-p", "infatica", "--", "tools"]).succeeds();
    assert!(table.stdout.contains("count_runs"), "{}", table.stdout);
    fs::write(workspace.path(FACTS), workspace.read(FACTS) + "count_runs\tRuns\truns:read\tread-only\n").expect(FACTS);
    workspace.cargo(&["test", "-p", "infatica", "--test", "authorization"]).succeeds();
}

#[test]
fn a_server_is_added_as_contributing_says() {
    const HEADING: &str = "## Add a server";
    const COMMAND: &str = "## Give a server a command";
    let workspace = Workspace::copied("new-server");
    let page = workspace.read("CONTRIBUTING.md");
    // Commands come in two blocks of shell, before and after the declaration.
    let made = block(&page, HEADING, "sh");
    let (_, after) = page.split_once("3. List it under `servers`").expect("the third step");
    let generated = block(after, "4. Generate", "sh");
    workspace.shell(&made);
    fs::write(workspace.path("examples/hello/tools.yaml"), block(&page, HEADING, "yaml")).expect("the manifest");
    let listed = block(&page, "3. List it under `servers`", "yaml");
    fs::write(workspace.path("tools.yaml"), workspace.read("tools.yaml") + &listed).expect("the list");
    workspace.shell(&generated);
    fs::write(workspace.path("examples/hello/src/main.rs"), block(&page, HEADING, "rust")).expect("the handlers");
    let table = workspace.cargo(&["run", "-p", "hello", "--", "tools"]).succeeds();
    assert!(table.stdout.contains("greet"), "{}", table.stdout);
    let docs = workspace.read("generated/hello/docs/README.md");
    assert!(docs.contains("1 tool") && docs.contains("Greet a person by name."), "{docs}");
    workspace.cargo(&["run", "-p", "codegen", "--", "check"]).succeeds();
    workspace.cargo(&["clippy", "-p", "hello", "--", "-D", "warnings"]).succeeds();

    workspace.shell(&block(&page, COMMAND, "sh"));
    let main = workspace.read("examples/hello/src/main.rs");
    let (before, _) = main.split_once("fn main()").expect("a main");
    let with_command = before.to_owned() + &block(&page, COMMAND, "rust");
    fs::write(workspace.path("examples/hello/src/main.rs"), with_command).expect("the command");
    let greeted = workspace.cargo(&["run", "-p", "hello", "--", "greet", "Ada"]).succeeds();
    assert_eq!(greeted.stdout, "Hello, Ada!\n");
    workspace.cargo(&["clippy", "-p", "hello", "--", "-D", "warnings"]).succeeds();
}
