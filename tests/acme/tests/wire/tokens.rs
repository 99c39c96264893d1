//! The commands around tokens, and what the database keeps of them.

use std::collections::HashSet;

use serde_json::json;
use toolwright_tests::{Client, Ran, Revision, Server, run};

use crate::{ACME, PREFIX, TOOLS, database};

struct Folder(tempfile::TempDir);

impl Folder {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(ACME, self.0.path(), arguments)
    }

    fn created(&self, arguments: &[&str]) -> String {
        let ran = self.run(&[&["token", "create"], arguments].concat());
        assert!(ran.status.success(), "{}", ran.stderr);
        ran.stdout
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
        ran.stderr
    }

    /// The columns of `token list`, without the header; columns are two spaces apart or more.
    fn list(&self) -> Vec<Vec<String>> {
        let ran = self.run(&["token", "list"]);
        assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
        let columns =
            |line: &str| line.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
        ran.stdout.lines().skip(1).map(columns).collect()
    }
}

#[test]
fn a_new_token_stands_alone_on_standard_output() {
    let folder = Folder::empty();
    let mut all = HashSet::new();
    for name in ["a", "b", "c"] {
        let output = folder.created(&["--name", name, "--scope", "notes:read", "billing:read", "--scope", "keys:read"]);
        let token = output.strip_suffix('\n').expect("one line");
        let random = token.strip_prefix(PREFIX).expect("the prefix");
        assert!(random.len() == 40 && random.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
        assert!(all.insert(token.to_owned()), "every token is new");
    }
    let ran = folder.run(&["token", "create", "--name", "d", "--scope", "notes:read"]);
    assert_eq!(ran.stderr, "Access Key `d`, which holds notes:read; it is shown only now:\n");
    assert!(!ran.stderr.contains(PREFIX));
}

#[test]
fn a_scope_that_does_not_exist_is_refused_with_those_that_do() {
    let folder = Folder::empty();
    let said = folder.refused(&["token", "create", "--name", "x", "--scope", "notes:raed"]);
    assert_eq!(
        said,
        "acme: there is no scope `notes:raed`; did you mean `notes:read`?\n\
         the scopes are:\n\
         \x20 notes:read    Read notes.\n\
         \x20 notes:write   Write and delete notes.\n\
         \x20 notes:admin   Everything about notes.\n\
         \x20 billing:read  Read what notes cost.\n\
         \x20 keys:read     Read stored keys in the web interface.\n"
    );
    assert!(!folder.0.path().join("data").exists(), "nothing was made");
}

#[test]
fn names_and_times_that_do_not_work_are_refused() {
    let folder = Folder::empty();
    folder.created(&["--name", "taken", "--scope", "notes:read"]);
    let create = |name: &'static str, expires: &'static str| {
        ["token", "create", "--name", name, "--scope", "notes:read", "--expires", expires]
    };
    for (arguments, said) in [
        (create("taken", "1d"), "a token with the name `taken` works already"),
        (create("", "1d"), "1 to 64 printable characters"),
        (create("a\nb", "1d"), "1 to 64 printable characters"),
        (create("tok_x", "1d"), "does not start with `tok_`"),
        (create("x", "1"), "write a number and a unit: 90d, 12h, 1y"),
        (create("x", "d"), "between one second and 100 years"),
        (create("x", "0d"), "between one second and 100 years"),
        (create("x", "101y"), "between one second and 100 years"),
        (create("x", "99999999999999999999d"), "between one second and 100 years"),
    ] {
        let stderr = folder.refused(&arguments);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    assert_eq!(folder.list().len(), 1);
}

#[test]
fn a_name_is_free_again_when_its_token_is_gone() {
    let folder = Folder::empty();
    folder.created(&["--name", "brief", "--scope", "notes:read", "--expires", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    folder.created(&["--name", "brief", "--scope", "notes:write"]);
    let revoked = folder.run(&["token", "revoke", "brief"]);
    assert!(revoked.status.success(), "{}", revoked.stderr);
    folder.created(&["--name", "brief", "--scope", "notes:admin"]);
    let states: Vec<_> = folder.list().into_iter().map(|row| (row[2].clone(), row[4].clone())).collect();
    let state = |state: &str, scopes: &str| (state.to_owned(), scopes.to_owned());
    assert_eq!(states, [state("expired", "notes:read"), state("revoked", "notes:write"), state("live", "notes:admin")]);
}

#[test]
fn a_token_is_revoked_by_its_name_or_its_id_and_stays_in_the_list() {
    let folder = Folder::empty();
    folder.created(&["--name", "one", "--scope", "notes:read"]);
    folder.created(&["--name", "two", "--scope", "notes:read", "--subject", "someone"]);
    let id = folder.list()[1][0].clone();
    for (token, said) in [("one", "revoked one ("), (id.as_str(), "revoked two (")] {
        let ran = folder.run(&["token", "revoke", token]);
        assert!(ran.status.success() && ran.stdout.is_empty() && ran.stderr.starts_with(said), "{ran:?}");
        let again = folder.refused(&["token", "revoke", token]);
        assert!(again.contains(&format!("no token with the name or id `{token}` works")), "{again}");
    }
    let list = folder.list();
    assert!(list.iter().all(|row| row[2] == "revoked"), "{list:?}");
    assert_eq!((list[0][3].as_str(), list[1][3].as_str()), ("local", "someone"));
}

#[test]
fn a_token_lives_as_long_as_it_was_given() {
    let folder = Folder::empty();
    folder.created(&["--name", "declared", "--scope", "notes:read"]);
    folder.created(&["--name", "given", "--scope", "notes:read", "--expires", "2w"]);
    let days = |row: &[String]| {
        let date = |cell: &str| cell.split(' ').next().expect("a date").parse::<jiff::civil::Date>().expect("a date");
        (date(&row[6]) - date(&row[5])).get_days()
    };
    let list = folder.list();
    assert_eq!((days(&list[0]), days(&list[1])), (90, 14), "{list:?}");
}

#[cfg(unix)]
#[test]
fn the_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::empty();
    folder.created(&["--name", "x", "--scope", "notes:read"]);
    let elsewhere = folder.0.path().join("a/b/tokens.db");
    let url = format!("sqlite:{}", elsewhere.display());
    folder.created(&["--name", "x", "--scope", "notes:read", "--database", &url]);
    for file in [folder.0.path().join("data/acme.db"), elsewhere] {
        let mode = std::fs::metadata(&file).expect("the database").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_database_that_cannot_be_is_said() {
    let folder = Folder::empty();
    for (url, said) in [
        ("mysql://me:hunter2@localhost/x", "starts with `mysql` is not that of a token database"),
        ("hunter2", "starts with `` is not that of a token database"),
        ("sqlite:", "a URL of SQLite names a file and nothing else"),
        ("sqlite::memory:", "a URL of SQLite names a file and nothing else"),
        // Port 1 is nobody's.
        ("postgres://me:hunter2@127.0.0.1:1/x", "the token database postgres://127.0.0.1:1/x"),
        ("postgresql://me:hunter2@127.0.0.1:1/x", "Connection refused"),
        ("postgres://me:hunter2@[::1/x", "the URL of the token database cannot be read"),
        ("postgres://me:hunter2@127.0.0.1:1/x?sslmode=maybe", "unknown value"),
        ("postgres://127.0.0.1:1/x?passwort=hunter2", "`passwort` is not a parameter of a token database"),
        ("postgres://127.0.0.1:1/x?schema=hunter2'", "the schema of the token database"),
        ("postgres://127.0.0.1:1/x?schema=", "the schema of the token database"),
        (
            "sqlite:/proc/nowhere/x.db",
            "cannot write to the token database /proc/nowhere/x.db: it has to be where the server may write",
        ),
    ] {
        let stderr = folder.refused(&["token", "list", "--database", url]);
        assert!(stderr.contains(said), "{url}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    std::fs::write(folder.0.path().join("text.db"), "not a database at all, but long enough to be read as one")
        .expect("a file");
    let stderr = folder.refused(&["token", "list", "--database", "sqlite:text.db"]);
    assert!(stderr.contains("the token database text.db"), "{stderr}");
}

#[tokio::test]
async fn the_last_use_is_written_down_beside_the_requests() {
    let mut server = Server::of(ACME).start();
    let token = server.token("seen", &["notes:read"]);
    server.token("unseen", &["notes:read"]);
    let last_used = |server: &Server| -> Vec<String> {
        let list = server.command(&["token", "list"]).stdout;
        list.lines().skip(2).map(|line| line.rsplit("  ").next().expect("a cell").trim().to_owned()).collect()
    };
    assert_eq!(last_used(&server), ["never", "never"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    client.call("list_notes", json!({})).await;
    // What was noted is written before the server has ended.
    server.terminate();
    assert!(server.wait(std::time::Duration::from_secs(5)).success());
    let after = last_used(&server);
    assert_ne!(after[0], "never");
    assert_eq!(after[1], "never");
}

#[tokio::test]
async fn a_last_use_is_written_down_once_a_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = run(ACME, folder.path(), &["token", "create", "--name", "seen", "--scope", "notes:read"]).stdout;
    for (ago, is_written) in [(30, false), (61, true)] {
        let mut server = Server::of(ACME).folder(folder.path()).start();
        let mut database = database(&server).await;
        sqlx::query("UPDATE tokens SET last_used_at = unixepoch() - ?")
            .bind(ago)
            .execute(&mut database)
            .await
            .expect("an update");
        let mut client = Client::http(server.url(), Some(token.trim()), Revision::V2025_11_25);
        for _ in 0..3 {
            assert_eq!(client.call("list_notes", json!({})).await.status, Some(200));
        }
        server.terminate();
        assert!(server.wait(std::time::Duration::from_secs(5)).success());
        let since: i64 = sqlx::query_scalar("SELECT unixepoch() - last_used_at FROM tokens WHERE name = 'seen'")
            .fetch_one(&mut database)
            .await
            .expect("a row");
        assert_eq!(since < 30, is_written, "{ago} s ago: {since}");
    }
}

#[test]
fn the_tools_prompts_and_resources_are_printed_with_what_they_need() {
    let ran = Folder::empty().run(&["tools"]);
    assert!(ran.status.success() && ran.stderr.is_empty());
    let tables: Vec<&str> = ran.stdout.split("\n\n").collect();
    let [tools, prompts, resources] = tables[..] else { panic!("three tables: {}", ran.stdout) };
    let names: Vec<_> = tools.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, TOOLS);
    for line in [
        "TOOL               GROUP    ACCESS         SCOPE",
        "delete_note        notes    destructive    notes:write",
        "count_notes        notes    read           notes:admin or billing:read",
        "price_notes        notes    read           notes:read and billing:read",
        "check_notes        notes    read, records  notes:read",
        "whoami             testing  read           (signed in)",
    ] {
        assert!(tools.lines().any(|printed| printed == line), "{line} in:\n{tools}");
    }
    let expected = [
        "PROMPT        ARGUMENTS                                        SCOPE",
        "tidy_notes    topic                                            notes:write",
        "review_notes  color [focus]                                    notes:read",
        "show_note     note_id [text] [tag]                             notes:read",
        "show_picture  note_uri                                         (signed in)",
        "plan_notes    topic [reader] [count] [color] [formal] [share]  notes:read",
        "go_wrong      [panic] [hang] [fail]                            (signed in)",
    ];
    assert_eq!(prompts.lines().collect::<Vec<_>>(), expected, "{prompts}");
    let expected = [
        "RESOURCE       URI                                    SCOPE",
        "guide          acme://guide                           notes:read",
        "logo           acme://logo                            (signed in)",
        "prices         acme://prices                          notes:read and billing:read",
        "policy         acme://policy                          notes:admin",
        "notes          acme://notes                           notes:read",
        "colored_notes  acme://notes/{color}                   notes:read",
        "similar_notes  acme://beginnings/{beginning}/{limit}  notes:read",
        "mishap         acme://mishaps/{how}                   (signed in)",
    ];
    assert_eq!(resources.lines().collect::<Vec<_>>(), expected, "{resources}");
}

#[test]
fn the_command_line_explains_itself() {
    let folder = Folder::empty();
    let help = folder.run(&["--help"]).stdout;
    for name in [
        "--listen",
        "ACME_LISTEN",
        "ACME_DATABASE",
        "sqlite:data/acme.db",
        "ACME_PUBLIC_URL",
        "ACME_ALLOW_HOST",
        "ACME_ALLOW_ORIGIN",
        "ACME_LOG_FORMAT",
        "ACME_ALIVE",
        "stdio",
        "token",
        "tools",
    ] {
        assert!(help.contains(name), "{name} in:\n{help}");
    }
    assert_eq!(folder.run(&["--version"]).stdout, "acme 1.4.0\n");
    let unknown = folder.refused(&["serve", "--lisen", "x"]);
    assert!(unknown.contains("--listen"), "{unknown}");
}
