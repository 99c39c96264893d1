//! Whether the manifest and the API agree on who may call what: the server's own command asks both, with a key of each
//! kind.

use std::{collections::BTreeMap, process::Command};

use crate::{
    place::{BINARY, Place},
    reading::tools,
};

/// A row of the command's table: tool, key, project, what was expected and what was found.
type Row = [String; 5];

/// Runs the command with these keys, each by the variable that holds it, with an API of its own on the store of the place.
fn contract(place: &Place, keys: &[(&str, String)]) -> Vec<Row> {
    let mut command = Command::new(BINARY);
    command.arg("contract").args(keys.iter().map(|(name, _)| name)).envs(keys.iter().map(|(name, key)| (name, key)));
    command.env("CATALYST_LISTEN", "127.0.0.1:0").current_dir(place.server.folder());
    let output = command.output().expect("the binary under test");
    let [table, said] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{said}\n{table}");
    assert!(keys.iter().all(|(_, key)| !table.contains(key) && !said.contains(key)), "{said}\n{table}");
    let row = |line: &str| -> Row {
        let columns: Vec<String> =
            line.split("  ").map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
        columns.try_into().unwrap_or_else(|columns| panic!("five columns: {columns:?}"))
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn the_manifest_and_the_api_agree_on_every_tool() {
    let place = Place::start();
    place.server.succeed(&["project", "create", "second", "--team", "Demo"]);
    let keys = [
        ("READER", place.key(&["--read", "demo"])),
        ("WRITER", place.key(&["--write", "demo"])),
        ("MIXED", place.key(&["--read", "demo", "--write", "second"])),
    ];
    let rows = contract(&place, &keys);
    let all = tools(&["read", "write", "destructive"]);
    let writing = tools(&["write", "destructive"]);
    let mut verdicts: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for [tool, key, _, expected, found] in &rows {
        assert!(all.contains(tool.as_str()), "{tool}");
        verdicts.entry((key, tool)).or_default().push(expected);
        assert!(found == "allowed" || found == "refused", "{tool} with {key}: {found}");
        assert_eq!(expected, found, "{tool} with {key}");
    }
    assert_eq!(all.len(), 39);
    for (key, _) in &keys {
        for tool in &all {
            let is_session = matches!(*tool, "whoami" | "list_projects");
            let expected: &[&str] = match *key {
                "READER" if writing.contains(tool) => &["refused"],
                "MIXED" if writing.contains(tool) => &["allowed", "refused"],
                "MIXED" if !is_session => &["allowed", "allowed"],
                _ => &["allowed"],
            };
            let mut found = verdicts[&(*key, *tool)].clone();
            found.sort_unstable();
            assert_eq!(found, expected, "{tool} with {key}");
        }
    }
}
