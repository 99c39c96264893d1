//! What a key may do in one project and not in another, on the wire.

use serde_json::json;
use toolwright_tests::Transport;

use super::{
    ARCHIVE, DRAFTS, LIBRARY, MAIN, about,
    api::{Api, NOTHING, Project, Rule},
    before, client, http,
};

/// A key may do nothing here.
const CLOSED: Project = ("p_closed", "Closed", NOTHING);

/// A tool, its arguments beside the project, and the scope that it needs.
fn tools() -> [(&'static str, serde_json::Value, Option<&'static str>); 5] {
    [
        ("list_books", json!({}), Some("books:read")),
        ("get_book", json!({"book_id": "b_1"}), Some("books:read")),
        ("add_book", json!({"title": "Walden"}), Some("books:write")),
        ("remove_book", json!({"book_id": "b_1"}), Some("books:write")),
        ("whoami", json!({}), None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_in_every_project() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let key = api.key('a', &[MAIN, DRAFTS, ARCHIVE, CLOSED], Some("p_closed"));
    for transport in Transport::ALL {
        let mut client = client(&server, &api, transport, &key);
        for (tool, arguments, needs) in tools() {
            // The default is one of them, and is meant where none is named.
            for (named, (id, name, held)) in [MAIN, DRAFTS, ARCHIVE, CLOSED]
                .map(|project| (Some(project.0), project))
                .into_iter()
                .chain([(None, CLOSED)])
            {
                let mut arguments = arguments.clone();
                if let Some(project) = named.filter(|_| needs.is_some()) {
                    arguments["project"] = project.into();
                }
                let what = format!("{transport:?} {tool} {named:?}");
                let before = api.asked().len();
                let reply = client.call(tool, arguments).await;
                let Some(missing) = needs.filter(|scope| !held.contains(scope)) else {
                    assert!(!reply.is_tool_error() && reply.error_code().is_none(), "{what}: {reply:?}");
                    let asked = api.asked().split_off(before);
                    assert_eq!(asked.len(), usize::from(needs.is_some()), "{what}");
                    assert!(asked.iter().all(|asked| asked.ends_with(&format!(" {id}"))), "{what}: {asked:?}");
                    continue;
                };
                assert_eq!(reply.error_code(), Some(-31403), "{what}: {reply:?}");
                assert_eq!(reply.status, Some(403).filter(|_| transport == Transport::Http), "{what}");
                assert_eq!(api.asked().len(), before, "{what}: the API was asked");
                let data = reply.error_data();
                assert_eq!((&data["reason"], &data["project"]), (&json!("insufficient_scope"), &json!(id)), "{what}");
                assert_eq!((&data["missing"], &data["held"]), (&json!([missing]), &json!(held)), "{what}");
                let held = if held.is_empty() { "none".to_owned() } else { held.join(", ") };
                let message = format!(
                    "`{tool}` needs the scope {missing}, which this Library Key does not hold for the project `{id}` \
                     ({name}) (it holds: {held})."
                );
                assert!(reply.error_message().starts_with(&message), "{what}: {}", reply.error_message());
                if transport == Transport::Http {
                    let challenge = reply.challenge.as_deref().unwrap_or_default();
                    let begin = format!(r#"Bearer error="insufficient_scope", scope="{missing}", error_description=""#);
                    assert!(challenge.starts_with(&begin), "{what}: {challenge}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_some_project_allows_and_no_two_together() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let reading = ["list_books", "get_book"];
    let writing = ["add_book", "remove_book"];
    for (letter, projects, tools, prompts) in [
        ('a', &[MAIN][..], reading.to_vec(), vec!["show_book"]),
        ('b', &[DRAFTS], writing.to_vec(), vec![]),
        // What two projects allow between them, none allows.
        ('c', &[MAIN, DRAFTS], [reading, writing].concat(), vec!["show_book"]),
        ('d', &[CLOSED, ARCHIVE], [reading, writing].concat(), vec!["show_book", "replace_books"]),
        ('e', &[CLOSED], vec![], vec![]),
        ('f', &[], vec![], vec![]),
    ] {
        let key = api.key(letter, projects, None);
        let mut client = http(&server, &key);
        let expected: Vec<&str> = tools.into_iter().chain(["list_projects", "whoami"]).collect();
        assert_eq!(client.list().await.tool_names(), expected, "{projects:?}");
        let listed = client.request("prompts/list", json!({})).await;
        assert_eq!(listed.prompt_names(), prompts, "{projects:?}");
        let filled = client.request("prompts/get", json!({"name": "replace_books"})).await;
        assert_eq!(filled.error_code().is_none(), prompts.contains(&"replace_books"), "{projects:?}: {filled:?}");
    }
    // The refusal is about the project that lacks least.
    let key = api.key('g', &[CLOSED, MAIN], None);
    let refused = http(&server, &key).request("prompts/get", json!({"name": "replace_books"})).await;
    assert_eq!(refused.error_data()["missing"], json!(["books:write"]), "{refused:?}");
    assert_eq!(refused.error_data()["held"], json!(["books:read"]));
    assert_eq!(refused.error_data().get("project"), None);
    let key = api.key('h', &[MAIN, CLOSED], None);
    let refused = http(&server, &key).request("prompts/get", json!({"name": "replace_books"})).await;
    assert_eq!(refused.error_data()["held"], json!(["books:read"]), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_one_project_is_no_write_in_another() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let key = api.key('a', &[MAIN, DRAFTS], Some("p_drafts"));
    let mut client = http(&server, &key);
    let book = |project: Option<&str>| {
        let mut arguments = about(project);
        arguments["title"] = "Walden".into();
        arguments
    };
    assert_eq!(client.call("add_book", book(None)).await.structured()["title"], "Walden");
    assert_eq!(client.call("add_book", book(Some("Main"))).await.status, Some(403));
    assert_eq!(client.call("add_book", book(Some("drafts"))).await.structured()["title"], "Walden");
    assert_eq!(api.asked(), ["POST p_drafts", "POST p_drafts"]);
}
