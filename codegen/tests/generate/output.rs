//! What is written, what is removed, and what is left alone.

use std::{fs, process::Command};

use crate::workspace::Workspace;

#[test]
fn a_line_tells_what_was_done_for_each_server() {
    let workspace = Workspace::generated();
    workspace.replace("second/tools.yaml", "  now:", "  time:");
    let ran = workspace.run(&[]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    assert!(
        lines[0].starts_with("every-type: 6 tools, 5 scopes, 3 prompts, 5 resources; 0 files written, "),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("minimal: 1 tool, 1 scope, 0 prompts; "), "{}", lines[1]);
    assert!(lines[1].ends_with(", 1 removed"), "{}", lines[1]);
    assert!(lines[2].starts_with("workspace: 0 files written, "), "{}", lines[2]);
    assert!(!workspace.exists("generated/minimal/src/tools/now.rs"));
}

#[test]
fn what_a_person_made_stays() {
    let workspace = Workspace::generated();
    let own = [
        "generated/notes.md",
        "generated/minimal/notes.txt",
        "generated/minimal/src/tools/own.rs",
        "generated/mine/Cargo.toml",
    ];
    for file in own {
        workspace.write(file, "mine\n");
    }
    workspace.write("precious.txt", "mine\n");
    let list = workspace.read("generated/minimal/.files");
    workspace.write("generated/minimal/.files", &format!("{list}../../precious.txt\n/etc/hostname\n./notes.txt\n"));
    workspace.replace("second/tools.yaml", "  now:", "  time:");
    assert_eq!(workspace.run(&[]).code, Some(0));
    workspace.write("tools.yaml", "servers: [first/tools.yaml]\n");
    assert_eq!(workspace.run(&[]).code, Some(0));
    for file in own.into_iter().chain(["precious.txt"]) {
        assert_eq!(workspace.read(file), "mine\n", "{file}");
    }
}

#[test]
fn an_emptied_folder_goes_with_its_last_file() {
    let workspace = Workspace::generated();
    workspace.replace("first/tools.yaml", ", stdio, claude-desktop, ", ", claude-desktop, ");
    assert_eq!(workspace.run(&[]).code, Some(0));
    assert!(!workspace.exists("generated/every-type/clients/stdio.sh"));
    assert!(workspace.exists("generated/every-type/clients/cursor.json"));
    workspace.write("generated/every-type/old/a/b.txt", "");
    workspace.replace("generated/every-type/.files", "build.rs\n", "build.rs\nold/a/b.txt\n");
    assert_eq!(workspace.run(&[]).code, Some(0));
    assert!(!workspace.exists("generated/every-type/old"));
}

#[test]
fn a_crate_without_a_server_is_emptied_and_cargo_loads_it_still() {
    let workspace = Workspace::generated();
    let root = "[workspace]\nmembers = [\"generated/*\"]\nresolver = \"3\"\n\
                [workspace.package]\nedition = \"2024\"\n[workspace.lints]\n\
                [workspace.dependencies]\ntoolwright = \"1\"\ntoolwright-freshness = \"1\"\n";
    workspace.write("Cargo.toml", root);
    let package = workspace.read("generated/minimal/Cargo.toml");
    let all = workspace.tree();
    workspace.write("tools.yaml", "servers: [first/tools.yaml]\n");
    assert_eq!(workspace.run(&["check"]).code, Some(1));

    let ran = workspace.run(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let line = ran.stdout.lines().find(|line| line.starts_with("generated/minimal: no manifest declares it; "));
    let line = line.expect("a line about the crate");
    assert!(line.ends_with("; delete generated/minimal when no Cargo.toml names its package"), "{line}");
    let left: Vec<String> =
        workspace.tree().into_keys().filter(|name| name.starts_with("generated/minimal/")).collect();
    assert_eq!(left, ["generated/minimal/.files", "generated/minimal/Cargo.toml", "generated/minimal/src/lib.rs"]);
    assert_eq!(workspace.read("generated/minimal/Cargo.toml"), package);
    assert!(!workspace.read("generated/minimal/src/lib.rs").contains("mod "));

    let mut cargo = Command::new(env!("CARGO"));
    let metadata = cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(workspace.root());
    let metadata = metadata.output().expect("cargo");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    assert!(String::from_utf8_lossy(&metadata.stdout).contains("minimal-tools"));

    let again = workspace.run(&[]);
    assert!(again.stdout.contains("no manifest declares it; 0 files written, 3 unchanged, 0 removed;"), "{again:?}");
    assert_eq!(workspace.run(&["check"]).code, Some(0));

    workspace.write("tools.yaml", "servers: [first/tools.yaml, second/tools.yaml]\n");
    assert_eq!(workspace.run(&[]).code, Some(0));
    assert_eq!(workspace.tree(), all, "the server is back, and so is all of it");
}

#[test]
fn a_checkout_with_other_line_endings_is_no_change() {
    let workspace = Workspace::generated();
    for (name, content) in workspace.tree() {
        // What is no text has no lines.
        if let Ok(text) = String::from_utf8(content) {
            workspace.write(&name, &text.replace('\n', "\r\n"));
        }
    }
    let before = workspace.times();
    assert_eq!(workspace.run(&["check"]).code, Some(0));
    assert_eq!(workspace.run(&[]).code, Some(0));
    assert_eq!(workspace.times(), before);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let workspace = Workspace::of("minimal");
    fs::create_dir_all(workspace.path("generated/minimal/tools.json")).expect("a folder in the file's place");
    let ran = workspace.run(&[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("generated/minimal/tools.json"), "{}", ran.stderr);
    assert!(!workspace.exists("generated/minimal/src"), "nothing is written when the outputs cannot be compared");

    let workspace = Workspace::of("minimal");
    workspace.write("generated", "a file in the folder's place");
    let ran = workspace.run(&[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("generated/minimal/"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn outputs_are_as_readable_as_any_other_file() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::generated();
    workspace.write("any.txt", "");
    let mode = |file: &str| fs::metadata(workspace.path(file)).expect(file).permissions().mode();
    assert_eq!(mode("generated/minimal/src/lib.rs"), mode("any.txt"));
}

/// A folder that its owner cannot write to either. The superuser can, so that there is nothing to see.
#[cfg(unix)]
#[test]
fn a_folder_that_is_read_only_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::generated();
    let folder = workspace.path("generated/minimal/src/tools");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("permissions");
    let is_bound = fs::write(folder.join("probe"), "").is_err();
    workspace.replace("second/tools.yaml", "{type: string, required: true", "{type: integer, required: true");
    let ran = workspace.run(&[]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("permissions");
    if is_bound {
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains("generated/minimal/src/tools/now.rs cannot be written: "), "{}", ran.stderr);
    } else {
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn a_crate_that_cargo_cannot_load_goes_whole() {
    let workspace = Workspace::generated();
    workspace.remove("generated/minimal/Cargo.toml");
    workspace.write("tools.yaml", "servers: [first/tools.yaml]\n");
    let ran = workspace.run(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!workspace.exists("generated/minimal"));
    assert!(!workspace.run(&[]).stdout.contains("generated/minimal"));
}

#[cfg(unix)]
#[test]
fn a_run_that_was_cut_off_is_finished_by_the_next() {
    let [cut_off, whole] = [Workspace::generated(), Workspace::generated()];
    for workspace in [&cut_off, &whole] {
        workspace.replace("second/tools.yaml", "  now:", "  clock:");
    }
    assert_eq!(whole.run(&[]).code, Some(0));

    // Nothing is there, and nothing can be put there: this shows only when it is written.
    let folder = cut_off.path("generated/minimal/docs/tools");
    fs::remove_dir_all(&folder).expect("the folder");
    std::os::unix::fs::symlink("/nowhere/at/all", &folder).expect("a link");
    let ran = cut_off.run(&[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("generated/minimal/docs/tools/time.md cannot be written: "), "{}", ran.stderr);
    assert!(cut_off.exists("generated/minimal/src/tools/clock.rs"), "what comes before it is written");
    assert!(cut_off.exists("generated/minimal/src/tools/now.rs"), "nothing is removed before all is written");

    fs::remove_file(&folder).expect("the link");
    assert_eq!(cut_off.run(&[]).code, Some(0));
    assert_eq!(cut_off.tree(), whole.tree());
}
