//! The commands for accounts and users, and what they say when they are used wrongly.

use serde_json::Value;
use toolwright_tests::{Ran, Told, run};

use crate::{TENANTS, VARIABLES};

fn said(folder: &std::path::Path, command: &str) -> Ran {
    let words: Vec<&str> = command.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
    run(TENANTS, folder, &words)
}

#[test]
fn accounts_and_users_are_made_changed_listed_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    for (command, stdout, stderr) in [
        ("account create --subdomain ours --name Ours", "1\n", "account 1 (ours), Ours; its id:\n"),
        ("account create --subdomain Fourty-two --name X --id 42", "42\n", "account 42 (Fourty-two), X; its id:\n"),
        ("account create --subdomain next --name Next", "43\n", "account 43 (next), Next; its id:\n"),
        ("account enable OURS lists", "", "account 1 (ours) has lists\n"),
        ("account enable 1 lists", "", "account 1 (ours) has already lists\n"),
        ("account disable fourty-TWO lists", "", "account 42 (Fourty-two) does not have lists\n"),
        (
            "user create --email ada@example.com --name Ada --account ours",
            "",
            "user ada@example.com, a member of 1 (ours)\n",
        ),
        (
            "user create --email bob@example.com --name Bob",
            "",
            "user bob@example.com, who is not a member of any account yet\n",
        ),
        ("account add-member 42 BOB@example.com", "", "account 42 (Fourty-two) has the member bob@example.com\n"),
        (
            "account add-member 42 bob@example.com",
            "",
            "account 42 (Fourty-two) has already the member bob@example.com\n",
        ),
        ("account remove-member 1 bob@example.com", "", "account 1 (ours) has no member bob@example.com\n"),
        (
            "account remove-member 42 bob@example.com",
            "",
            "account 42 (Fourty-two) has no longer the member bob@example.com\n",
        ),
        ("account delete fourty-two", "", "deleted account 42 (Fourty-two)\n"),
        ("user delete bob@example.com", "", "deleted bob@example.com, and revoked the user's tokens\n"),
    ] {
        let ran = said(folder.path(), command);
        assert!(ran.status.success(), "{command}: {}", ran.stderr);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (stdout, stderr), "{command}");
    }
    let columns = |command: &str| -> Vec<Vec<String>> {
        let table = said(folder.path(), command).stdout;
        let cells =
            |line: &str| line.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
        table.lines().map(cells).collect()
    };
    let accounts = columns("account list");
    assert_eq!(accounts.len(), 3);
    assert_eq!(accounts[1][..5], ["1", "ours", "Ours", "ada@example.com", "lists"]);
    assert_eq!(accounts[2][..5], ["43", "next", "Next", "none", "none"]);
    let users = columns("user list");
    assert_eq!(users.len(), 2);
    assert_eq!(users[1][..4], ["ada@example.com", "Ada", "1 (ours)", "no"]);
    let created = said(folder.path(), "token create --name laptop --user Ada@Example.com --scope items:read");
    assert!(created.stdout.starts_with("tenants_"), "{created:?}");
    let tokens = columns("token list");
    assert_eq!(tokens[0][3], "USER");
    assert_eq!(tokens[1][1..4], ["laptop", "live", "ada@example.com"]);
    assert!(said(folder.path(), "user delete ada@example.com").status.success());
    assert_eq!(columns("token list")[1][2..4], ["revoked", "(deleted)"]);
}

#[test]
fn a_wrong_command_says_what_to_do_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in
        ["account create --subdomain ours --name Ours", "user create --email ada@example.com --name Ada --account ours"]
    {
        assert!(said(folder.path(), command).status.success());
    }
    let lists = || ["account list", "user list", "token list"].map(|command| said(folder.path(), command).stdout);
    let before = lists();
    for (command, expected) in [
        (
            "account create --subdomain OURS --name X",
            "another account has the subdomain `OURS`; `tenants account list` shows them all",
        ),
        (
            "account create --subdomain other --name X --id 1",
            "another account has the subdomain `other` or the id 1; `tenants account list` shows them all",
        ),
        ("account create --subdomain 4711 --name X", "a subdomain has a letter, or it would be taken for an id"),
        ("account create --subdomain a.b --name X", "a subdomain has 1 to 63 letters, digits and hyphens"),
        ("account create --subdomain '' --name X", "a subdomain has 1 to 63 letters, digits and hyphens"),
        ("account create --subdomain=-a --name X", "a subdomain does not begin or end with a hyphen"),
        ("account create --subdomain x --name ''", "an account's name has 1 to 64 printable characters"),
        ("account create --subdomain x --name X --id 0", "invalid value '0' for '--id <ID>'"),
        (
            "account create --subdomain x --name X --id 9223372036854775807",
            "invalid value '9223372036854775807' for '--id <ID>'",
        ),
        (
            "account enable our lists",
            "there is no account `our`; did you mean `ours`?\n`tenants account list` shows them all",
        ),
        ("account enable 2 lists", "there is no account `2`\n`tenants account list` shows them all"),
        ("account enable 01 lists", "there is no account `01`\n"),
        ("account enable ours list", "there is no flag `list`; did you mean `lists`?\nthe flags are:\n  lists"),
        ("account disable ours lost", "there is no flag `lost`"),
        ("account enable ours", "the following required arguments were not provided"),
        (
            "account add-member ours ada@exampel.com",
            "there is no user `ada@exampel.com`; did you mean `ada@example.com`?\n`tenants user list` shows them all",
        ),
        (
            "account delete ours",
            "account 1 (ours) has members: ada@example.com; remove them first: tenants account remove-member 1 EMAIL",
        ),
        ("user create --email ADA@example.com --name Ada", "there is a user `ADA@example.com` already"),
        ("user create --email ada --name Ada", "`ada` is no email address: write one as `ada@example.com`"),
        ("user create --email new@example.com --name Ada --account nowhere", "there is no account `nowhere`"),
        ("user delete bob@example.com", "there is no user `bob@example.com`"),
        ("token create --name x", "--user <EMAIL>"),
        ("token create --name x --subject ada@example.com", "unexpected argument '--subject' found"),
        ("token create --name x --user eve@example.com", "there is no user `eve@example.com`"),
        ("stdio --account a/b", "invalid value 'a/b' for '--account <ACCOUNT>': write an id or a subdomain"),
    ] {
        let ran = said(folder.path(), command);
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{command}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{command}: {}", ran.stderr);
    }
    assert_eq!(lists(), before);
}

/// What an account had is stored under its id, by the server's own code: nobody else may come to it.
#[test]
fn the_id_of_a_deleted_account_is_not_given_when_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let create = |rest: &str| said(folder.path(), &format!("account create --name Team --subdomain {rest}"));
    assert_eq!(create("seven --id 7").stdout, "7\n");
    assert_eq!(create("five --id 5").stdout, "5\n");
    for account in ["seven", "five"] {
        assert!(said(folder.path(), &format!("account delete {account}")).status.success());
    }
    for id in [5, 7] {
        let refused = create(&format!("other --id {id}"));
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
        assert!(refused.stderr.contains(&format!("the id {id} was that of an account that is deleted")), "{refused:?}");
    }
    // The name goes to whoever asks for it, with another id.
    assert_eq!(create("seven").stdout, "8\n");
    assert_eq!(create("six --id 6").stdout, "6\n");
}

#[cfg(unix)]
#[test]
fn a_snippet_is_about_the_account_that_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, account, url, gateway) in [
        ("", "YOUR_TEAM", "https://api.tenants.example/YOUR_TEAM/mcp", "https://api.tenants.example"),
        (" --account ours", "ours", "https://api.tenants.example/ours/mcp", "https://api.tenants.example"),
        (" --url http://[::1]:9/{team}/mcp --account 42", "42", "http://[::1]:9/42/mcp", "http://[::1]:9"),
        (" --url https://a.example/{team}/mcp", "YOUR_TEAM", "https://a.example/YOUR_TEAM/mcp", "https://a.example"),
        (" --url https://a.example/ours/mcp", "ours", "https://a.example/ours/mcp", "https://a.example"),
    ] {
        let command = said(folder.path(), &format!("snippet claude-code{arguments}")).stdout;
        let told = Told::read("claude-code", "sh", &command, VARIABLES.credential, VARIABLES.gateway);
        assert_eq!(told.url.as_deref(), Some(url), "{arguments}");
        let local = said(folder.path(), &format!("snippet stdio{arguments}")).stdout;
        let local: Value = serde_json::from_str(&local).expect("JSON");
        let env = &local["mcpServers"]["tenants"]["env"];
        assert_eq!(env["TENANTS_ACCOUNT"], account, "{arguments}");
        assert_eq!(env["TENANTS_GATEWAY"], gateway, "{arguments}");
    }
    for (arguments, expected) in [
        (
            "--url https://a.example/ours/mcp --account ours",
            "tenants: the URL has no place for the team: write {team} there, or leave --account out\n",
        ),
        ("--account a/b", "write an id or a subdomain"),
    ] {
        let ran = said(folder.path(), &format!("snippet claude-code {arguments}"));
        assert!(!ran.status.success() && ran.stdout.is_empty(), "{arguments}: {}", ran.stdout);
        assert!(ran.stderr.contains(expected), "{arguments}: {}", ran.stderr);
    }
}
