//! The command that holds the manifest against the API.

use std::process::Output;

use tokio::process::Command;

use super::{
    ARCHIVE, DRAFTS, LIBRARY, MAIN, SHELF,
    api::{Api, Rule},
};

/// Runs `library contract` with these keys, by the names of their variables.
async fn contract(api: &Api, keys: &[(&str, &str)], asked: &[&str]) -> (Option<i32>, String, String) {
    contract_of(LIBRARY, api, keys, asked).await
}

async fn contract_of(binary: &str, api: &Api, keys: &[(&str, &str)], asked: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(binary);
    command.arg("contract").args(asked).current_dir(folder.path()).env_remove("RUST_LOG");
    command.env(super::BASE_URL, api.address()).envs(keys.iter().copied());
    let Output { status, stdout, stderr } = command.output().await.expect("the binary under test");
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
    for (_, key) in keys {
        assert!(!key.starts_with("sk-") || !(stdout.contains(key) || stderr.contains(key)), "{stdout}{stderr}");
    }
    (status.code(), stdout, stderr)
}

/// What is said at the end, after the log.
fn told(stderr: &str) -> &str {
    stderr.split_once("library: manifest and API differ").map_or("", |(_, told)| told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_and_an_api_that_agree() {
    let api = Api::start(Rule::AsGranted).await;
    let (reader, mixed) = (api.key('a', &[MAIN], None), api.key('b', &[DRAFTS, ARCHIVE], None));
    let keys = [("READER", &*reader), ("MIXED", &*mixed)];
    let (code, stdout, stderr) = contract(&api, &keys, &["READER", "MIXED"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    let table = "\
TOOL           KEY     PROJECT    EXPECTED  FOUND
list_books     READER  p_main     allowed   allowed
get_book       READER  p_main     allowed   allowed
add_book       READER  p_main     refused   refused
remove_book    READER  p_main     refused   refused
list_projects  READER  -          allowed   allowed
whoami         READER  -          allowed   allowed
list_books     MIXED   p_drafts   refused   refused
list_books     MIXED   p_archive  allowed   allowed
get_book       MIXED   p_drafts   refused   refused
get_book       MIXED   p_archive  allowed   allowed
add_book       MIXED   p_drafts   allowed   allowed
add_book       MIXED   p_archive  allowed   allowed
remove_book    MIXED   p_drafts   allowed   allowed
remove_book    MIXED   p_archive  allowed   allowed
list_projects  MIXED   -          allowed   allowed
whoami         MIXED   -          allowed   allowed
";
    assert_eq!(stdout, table);
    assert!(stderr.contains("library: what tools write is written: do this with a system for tests only"), "{stderr}");
    // The API was asked for what the manifest refuses, too, and about nothing that an example names.
    let asked = api.asked();
    assert_eq!(asked.len(), 12, "{asked:?}");
    assert_eq!(&asked[..4], ["GET p_main", "GET p_main", "POST p_main", "DELETE p_main"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_differs() {
    for (rule, count, differences) in [
        (
            Rule::ReadersWrite,
            " in 2 calls of 6:",
            &[
                "- `add_book` with READER about `p_main` (Main): expected refused, found allowed. The manifest asks for \
                 books:write, which the key does not hold, and the API asks for less: correct `scope` of `add_book` in the \
                 manifest, or have the API refuse it.\n",
                "- `remove_book` with READER about `p_main` (Main): expected refused, found allowed. ",
            ][..],
        ),
        (
            Rule::NobodyGets,
            " in 1 call of 6:",
            &[
                "- `get_book` with READER about `p_main` (Main): expected allowed, found refused. The key holds what the \
               manifest asks for, and the API asks for more: correct `scope` of `get_book` in the manifest, or have the API \
               allow it.\n",
            ],
        ),
        (
            Rule::NobodyLists,
            " in 1 call of 6:",
            &[
                "- `list_projects` with READER: expected allowed, found refused. The key holds what the manifest asks for, and \
               the API asks for more: correct `scope` of `list_projects` in the manifest, or have the API allow it.\n",
            ],
        ),
        (
            Rule::Broken,
            " in 4 calls of 6:",
            &[
                "- `list_books` with READER about `p_main` (Main): expected allowed, found no verdict (",
                "- `add_book` with READER about `p_main` (Main): expected refused, found no verdict (",
            ],
        ),
    ] {
        let api = Api::start(rule).await;
        let reader = api.key('a', &[MAIN], None);
        let (code, stdout, stderr) = contract(&api, &[("READER", &reader)], &["READER"]).await;
        assert_eq!(code, Some(1), "{rule:?}: {stderr}");
        assert_eq!(stdout.lines().count(), 7, "{rule:?}: {stdout}");
        assert!(told(&stderr).starts_with(count), "{rule:?}: {stderr}");
        for difference in differences {
            assert!(told(&stderr).contains(difference), "{rule:?}: no {difference} in {stderr}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_used_is_named() {
    let api = Api::start(Rule::AsGranted).await;
    let (nothing, unknown) = (api.key('a', &[], None), format!("sk-library-{}", "z".repeat(40)));
    for (key, expected) in [
        (None, "library: the environment has no key in READER: environment variable not found"),
        (Some(""), "library: the environment has no key in READER: it is empty"),
        (
            Some("nonsense"),
            "library: the key in READER cannot be used: What came as the credential is not `Bearer` and one",
        ),
        (Some(&*unknown), "library: the key in READER cannot be used: The Library Key is mistyped or was revoked."),
        (Some(&*nothing), "library: the key in READER reaches no project: nothing can be compared with it"),
    ] {
        let keys: Vec<_> = key.map(|key| ("READER", key)).into_iter().collect();
        let (code, stdout, stderr) = contract(&api, &keys, &["READER"]).await;
        assert_eq!((code, &*stdout), (Some(1), ""), "{key:?}: {stderr}");
        assert!(stderr.contains(expected), "{key:?}: {stderr}");
    }
    let (code, _, stderr) = contract(&api, &[], &[]).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_cannot_do_without_an_answer_is_not_asked() {
    let api = Api::start(Rule::AsGranted).await;
    let reader = api.key('a', &[MAIN], None);
    let (code, stdout, stderr) = contract_of(SHELF, &api, &[("READER", &reader)], &["READER"]).await;
    let table = "\
TOOL        KEY     BOOK SHELF  EXPECTED  FOUND
read_shelf  READER  p_main      allowed   allowed
misdirect   READER  -           allowed   unclear
ask_reader  READER  p_main      allowed   not asked
suggest     READER  p_main      allowed   allowed
";
    assert_eq!(stdout, table);
    // That nobody was asked is no difference; what another tool asks of a call about nothing is one.
    assert_eq!(code, Some(1), "{stderr}");
    let told = stderr.split_once("shelf: manifest and API differ").map_or("", |(_, told)| told);
    assert!(
        told.starts_with(" in 1 call of 4:\n- `misdirect` with READER: expected allowed, found no verdict ("),
        "{stderr}"
    );
}
