//! The command line of the generator.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use codegen::{Failure, Plan, emit::COMMAND};

/// Makes servers, their documentation and client snippets from tools.yaml.
#[derive(Parser)]
#[command(name = "codegen", version)]
struct Arguments {
    /// The manifest: a workspace, or one server; relative to the root.
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_MANIFEST)]
    manifest: PathBuf,
    /// The folder of the workspace, in which the outputs are.
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_ROOT)]
    root: PathBuf,
    #[command(subcommand)]
    mode: Option<Mode>,
}

const DEFAULT_MANIFEST: &str = "tools.yaml";
const DEFAULT_ROOT: &str = ".";

#[derive(Clone, Copy, Default, Subcommand)]
enum Mode {
    /// Write what has changed. This is the default.
    #[default]
    Write,
    /// Write nothing; fail with the difference when there is one.
    Check,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well: the outputs are what the manifest says, by now or already.
fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let Arguments { manifest, root, mode } = arguments;
    let plan = match codegen::plan(root, manifest) {
        Ok(plan) => plan,
        Err(Failure::Faults(report)) => {
            let stderr = std::io::stderr();
            let text = report.render(stderr.is_terminal());
            stderr.lock().write_all(text.as_bytes())?;
            return Ok(false);
        }
        Err(Failure::Output(error)) => return Err(error),
    };
    match mode.unwrap_or_default() {
        Mode::Write => {
            plan.apply(root)?;
            print(&plan.summary(true))?;
            Ok(true)
        }
        Mode::Check => check(&plan, arguments),
    }
}

fn check(plan: &Plan, arguments: &Arguments) -> anyhow::Result<bool> {
    print(&plan.diff())?;
    print(&plan.summary(false))?;
    if !plan.is_done() {
        eprintln!("error: the outputs are not what the manifest says; run: {}", command(arguments));
    }
    Ok(plan.is_done())
}

/// The command that mends what a check has found, for the manifest and the root that it was given.
fn command(arguments: &Arguments) -> String {
    let mut options = String::new();
    for (name, value, default) in
        [("manifest", &arguments.manifest, DEFAULT_MANIFEST), ("root", &arguments.root, DEFAULT_ROOT)]
    {
        if value.as_os_str() != default {
            options = format!("{options} --{name} {}", value.display());
        }
    }
    if options.is_empty() { COMMAND.to_owned() } else { format!("{COMMAND} --{options}") }
}

/// Standard output may be a pipe that its reader has closed: that is no fault of the run.
fn print(text: &str) -> std::io::Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
