//! The first start: an account, its user and a token, ready to be used.

use serde_json::json;
use toolwright_tests::{Client, Revision, Server};

use crate::{TENANTS, items};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_makes_an_account_that_the_servers_own_code_can_fill() {
    let server = Server::of(TENANTS).start();
    let token = server.first_token("tenants_");
    let log = server.log();
    assert!(log.contains("tenants: the first account is 1 (demo), and demo@example.com is its user\n"), "{log}");
    let command = format!("claude mcp add --transport http --scope user tenants {} ", server.url_of("1"));
    assert!(log.contains(&command), "no {command} in\n{log}");
    for account in ["1", "demo"] {
        let mut client = Client::http(&server.url_of(account), Some(&token), Revision::V2025_11_25);
        client.open().await;
        assert_eq!(items(&client.call("list_items", json!({})).await), &json!(["a first item"]), "{account}");
    }
    // A second start makes nothing.
    let again = Server::of(TENANTS).folder(server.folder()).start();
    assert!(!again.log().contains("first"), "{}", again.log());
    let mut client = Client::http(&again.url_of("demo"), Some(&token), Revision::V2025_11_25);
    assert_eq!(items(&client.call("list_items", json!({})).await), &json!([]));
}

#[test]
fn where_there_are_accounts_already_the_start_says_how_to_make_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran =
        toolwright_tests::run(TENANTS, folder.path(), &["account", "create", "--subdomain", "ours", "--name", "Ours"]);
    assert!(ran.status.success(), "{}", ran.stderr);
    let server = Server::of(TENANTS).folder(folder.path()).start();
    let log = server.log();
    assert!(!log.contains("tenants_"), "{log}");
    let steps = "tenants: there is no Team Token yet. Make one, for a user of an account:

    tenants account create --subdomain SUBDOMAIN --name NAME
    tenants account enable SUBDOMAIN lists
    tenants user create --email EMAIL --name NAME --account SUBDOMAIN
    tenants token create --user EMAIL --name NAME --scope SCOPE…
";
    assert!(log.contains(steps), "{log}");
    assert_eq!(server.succeed(&["user", "list"]).lines().count(), 1, "only the header");
}
