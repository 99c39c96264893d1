//! The page of the settings where people keep their keys for language models.

use toolwright_tests::Visitor;

use crate::{
    account::{self, start},
    keys::{CANARY, add_for, keys},
    store,
};

/// The fields of the form, one of them with another value.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let good = [("name", "mine"), ("url", "https://models.example.com/v1"), ("model", "model-1"), ("key", CANARY)];
    good.into_iter().map(|(field, good)| (field, if field == name { value } else { good })).collect()
}

#[tokio::test]
async fn a_key_is_added_listed_masked_and_deleted() {
    let server = start(&[]);
    let visitor = Visitor::signed_in(&server, &[]).await;
    let added = visitor.submit("/settings/keys", &with("name", " mine ")).await;
    assert_eq!((added.status, added.header("location")), (303, "/settings/keys?done=added"), "{added:?}");
    let page = visitor.get(added.header("location")).await;
    for told in ["The key is stored", "mine", "…s7Df", "https://models.example.com/v1</span>", "model-1"] {
        assert!(page.html.contains(told), "{told}: {}", page.html);
    }
    assert!(!page.html.contains(CANARY) && !server.log().contains(CANARY));
    let listed = keys(server.folder(), &["list"]).stdout;
    let row: Vec<_> = listed.lines().nth(1).expect("a row").split_whitespace().skip(1).take(3).collect();
    assert_eq!(row, ["mine", "local", "yes"], "the server uses it: {listed}");

    let id = page.field("id");
    let deleted = visitor.submit("/settings/keys/delete", &[("id", &id)]).await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/settings/keys?done=deleted"), "{deleted:?}");
    assert!(!visitor.get("/settings/keys").await.html.contains("https://models.example.com/v1</span>"));
    let audit =
        "SELECT account || ' ' || via || ' ' || actor || ' ' || action || ' ' || object FROM audit ORDER BY seq";
    let expected = ["key.added", "key.deleted"].map(|action| format!("local session local {action} {id}"));
    assert_eq!(store::column(&server, audit).await, expected);
}

#[tokio::test]
async fn what_cannot_be_a_key_is_said_beside_the_field() {
    let server = start(&[]);
    let visitor = Visitor::signed_in(&server, &[]).await;
    assert_eq!(visitor.submit("/settings/keys", &with("name", "taken")).await.status, 303);
    for (field, value, said) in [
        ("name", "", "Fill this in."),
        ("name", "key_mine", "does not start with `key_`"),
        ("name", "a\tb", "1 to 64 printable characters"),
        ("name", "taken", "There is a key `taken` already"),
        ("url", "models.example.com", "It is no URL"),
        ("url", "https://ada:secret@models.example.com", "user name or password"),
        ("model", "", "Fill this in."),
        ("key", "   ", "Fill this in."),
        ("key", "short", "A key is a word of"),
        ("key", "two words of a key", "A key is a word of"),
    ] {
        let page = visitor.submit("/settings/keys", &with(field, value)).await;
        assert!(page.status == 422 && page.html.contains(said), "{field} {value:?}: {page:?}");
        assert!(!page.html.contains(CANARY), "a secret is never sent back: {field} {value:?}");
    }
    let names = store::column(&server, "SELECT name FROM llm_keys").await;
    assert_eq!(names, ["taken"]);
}

#[tokio::test]
async fn everybody_has_their_own_keys_and_a_token_has_none() {
    let server = start(&[]);
    add_for(server.folder(), "other", "theirs", "https://models.example.com/v1", CANARY);
    let id = store::column(&server, "SELECT id FROM llm_keys").await.remove(0);
    let visitor = Visitor::signed_in(&server, &[]).await;
    assert!(!visitor.get("/settings/keys").await.html.contains("theirs"));
    for key in [id.as_str(), "theirs", ""] {
        let page = visitor.submit("/settings/keys/delete", &[("id", key)]).await;
        assert_eq!(page.status, 404, "{key}: {page:?}");
    }
    // Not even with the scope that is about these keys.
    let token = account::token(&server, "other", "full");
    let (bearer, csrf) = (format!("Bearer {token}"), visitor.csrf().await);
    let stranger = Visitor::stranger(&server);
    for (path, fields) in [("/settings/keys", with("", "")), ("/settings/keys/delete", vec![("id", id.as_str())])] {
        let headers = [("Authorization", bearer.as_str()), ("Origin", &server.address())];
        let form = [&[("csrf", csrf.as_str())], fields.as_slice()].concat();
        assert_eq!(stranger.send("POST", path, &headers, Some(&form)).await.status, 403, "{path}");
    }
    let page = stranger.send("GET", "/settings/keys", &[("Authorization", &bearer)], None).await;
    assert_eq!((page.status, page.header("location")), (303, "/settings/sign-in"));
    assert_eq!(store::column(&server, "SELECT name FROM llm_keys").await, ["theirs"]);
    let theirs = Visitor::signed_in(&server, &["--subject", "other"]).await;
    assert!(theirs.get("/settings/keys").await.html.contains("theirs"));
}
