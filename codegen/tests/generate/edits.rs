//! What a check finds, and what a run mends.

use crate::workspace::Workspace;

/// An edit, and what a check shows of it.
struct Edit {
    what: &'static str,
    make: fn(&Workspace),
    shown: &'static [&'static str],
}

const EDITS: &[Edit] = &[
    Edit {
        what: "a generated file edited by hand",
        make: |workspace| workspace.replace("generated/minimal/src/tools/now.rs", "pub at", "pub when"),
        shown: &["--- a/generated/minimal/src/tools/now.rs", "-    pub when: ", "+    pub at: "],
    },
    Edit {
        what: "a generated file removed by hand",
        make: |workspace| workspace.remove("generated/minimal/docs/README.md"),
        shown: &["--- /dev/null\n+++ b/generated/minimal/docs/README.md", "+# Minimal"],
    },
    Edit {
        what: "the list of generated files removed by hand",
        make: |workspace| workspace.remove("generated/minimal/.files"),
        shown: &["+++ b/generated/minimal/.files", "+src/lib.rs"],
    },
    Edit {
        what: "an output that the servers have in common",
        make: |workspace| {
            workspace.replace("generated/manifest.schema.json", "\"additionalProperties\": false", "\"x\": 1");
        },
        shown: &["--- a/generated/manifest.schema.json", "+      \"additionalProperties\": false,"],
    },
    Edit {
        what: "a description in the manifest",
        make: |workspace| {
            workspace.replace("second/tools.yaml", "description: Tell the time.", "description: It is late.");
        },
        shown: &["-    \"description\": \"Tell the time.\"", "+    \"description\": \"It is late.\""],
    },
    Edit {
        what: "a comment in the manifest, which only the digest has",
        make: |workspace| workspace.replace("second/tools.yaml", "manifest: 1", "manifest: 1 # the first"),
        shown: &["--- a/generated/minimal/build.rs"],
    },
    Edit {
        what: "a tool with another name",
        make: |workspace| workspace.replace("second/tools.yaml", "  now:", "  time:"),
        shown: &[
            "--- a/generated/minimal/src/tools/now.rs\n+++ /dev/null",
            "--- /dev/null\n+++ b/generated/minimal/src/tools/time.rs",
        ],
    },
    Edit {
        what: "a new file that only a glob matches",
        make: |workspace| {
            let tool = "tools:\n  ping:\n    title: Ping\n    description: Answer.\n    group: words\n    access: read\n    \
                        scope: session\n    input: {}\n    output:\n      \
                        pong: {type: boolean, required: true, description: Always true.}\n";
            workspace.write("first/tools/more.yaml", tool);
        },
        shown: &["+++ b/generated/every-type/src/tools/ping.rs", "+There are 7 tools in 2 groups."],
    },
];

#[test]
fn a_check_finds_every_edit_and_a_run_mends_it() {
    for Edit { what, make, shown } in EDITS {
        let workspace = Workspace::generated();
        make(&workspace);
        let before = workspace.tree();

        let check = workspace.run(&["check"]);
        assert_eq!(check.code, Some(1), "{what}: {check:?}");
        for part in *shown {
            assert!(check.stdout.contains(part), "{what}: no `{part}` in\n{}", check.stdout);
        }
        let command = "error: the outputs are not what the manifest says; run: cargo run -p codegen\n";
        assert_eq!(check.stderr, command, "{what}");
        assert_eq!(workspace.tree(), before, "{what}: a check writes nothing");

        assert_eq!(workspace.run(&["write"]).code, Some(0), "{what}");
        let again = workspace.run(&["check"]);
        assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""), "{what}: {again:?}");
        assert!(!again.stdout.contains("---"), "{what}: {}", again.stdout);
    }
}

#[test]
fn a_check_tells_the_command_for_its_own_options() {
    let workspace = Workspace::of("minimal");
    let root = workspace.root().to_str().expect("UTF-8").to_owned();
    let elsewhere = Workspace::empty();
    let check = elsewhere.run(&["check", "--root", &root]);
    assert_eq!(check.code, Some(1));
    assert!(check.stderr.ends_with(&format!("run: cargo run -p codegen -- --root {root}\n")), "{}", check.stderr);
}

#[test]
fn a_second_run_writes_nothing() {
    let workspace = Workspace::generated();
    let before = workspace.times();
    let ran = workspace.run(&[]);
    assert_eq!(ran.code, Some(0));
    for line in ran.stdout.lines() {
        assert!(line.contains(" 0 files written, ") && line.ends_with(" 0 removed"), "{line}");
    }
    assert_eq!(workspace.times(), before);
}

#[test]
fn a_fault_in_one_server_leaves_all_outputs_alone() {
    let workspace = Workspace::generated();
    workspace.replace("first/tools.yaml", "title: Words", "title: Many words");
    workspace.replace("second/tools.yaml", "scope: session", "scope: time:write");
    let before = workspace.tree();
    for mode in ["write", "check"] {
        let ran = workspace.run(&[mode]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{mode}");
        assert!(ran.stderr.contains("time:write") && ran.stderr.contains("second/tools.yaml:"), "{}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "colors are for terminals: {}", ran.stderr);
        assert_eq!(workspace.tree(), before, "{mode}");
    }

    let fresh = Workspace::of("minimal");
    fresh.replace("tools.yaml", "scope: session", "scope: time:write");
    let before = fresh.tree();
    assert_eq!(fresh.run(&[]).code, Some(1));
    assert_eq!(fresh.tree(), before);
    assert!(!fresh.exists("generated"));
}

#[test]
fn a_manifest_of_one_server_concerns_no_other_output() {
    let workspace = Workspace::generated();
    workspace.replace("first/tools.yaml", "title: Words", "title: Many words");
    workspace.replace("second/tools.yaml", "title: Time", "title: Times");
    let before = workspace.tree();
    let ran = workspace.run(&["--manifest", "second/tools.yaml"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1), "{ran:?}");
    assert!(ran.stdout.starts_with("minimal: 1 tool, 1 scope, 0 prompts; "), "{}", ran.stdout);
    let after = workspace.tree();
    let changed: Vec<_> = after.iter().filter(|(name, content)| before.get(*name) != Some(content)).collect();
    assert!(!changed.is_empty());
    assert!(changed.iter().all(|(name, _)| name.starts_with("generated/minimal/")), "{changed:?}");
    assert_eq!(workspace.run(&["check"]).code, Some(1), "the other server is still to be made");
}

#[test]
fn a_command_line_that_is_wrong_is_told_apart_from_faults() {
    let workspace = Workspace::generated();
    for arguments in [&["prune"][..], &["--colour"], &["check", "write"], &["--manifest"]] {
        let ran = workspace.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
    let ran = workspace.run(&["--manifest", "absent.yaml"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("absent.yaml"), "{}", ran.stderr);
}
