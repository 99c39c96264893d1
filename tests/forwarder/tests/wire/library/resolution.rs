//! Which project a call is about.

use serde_json::{Value, json};
use toolwright_tests::{Reply, Transport};

use super::{
    ARCHIVE, DRAFTS, LIBRARY, MAIN, SHELF, about,
    api::{Api, BOTH, Project, READ, Rule},
    before, client, http, project_of,
};

/// A project that is called as another one, in another case.
const SHOUTED: Project = ("p_shouted", "ARCHIVE", BOTH);
/// And one that is called exactly as another one.
const AGAIN: Project = ("p_again", "Archive", BOTH);
/// One whose name is another one's id.
const DECOY: Project = ("p_decoy", "p_main", READ);

/// What a key reaches, its default, what the call names, and the project or the begin of what is said.
type Case<'a> = (&'a [Project], Option<&'a str>, Option<&'a str>, Result<&'a str, &'a str>);

const REQUIRED: &str = "binding_required: Project ID is required: this Library Key reaches more than one project and \
                        has no default. Name one in `project`: `p_main` (Main), `p_archive` (Archive)";
const NONE: &str = "binding_required: Project ID is required: this Library Key reaches no project. Use one that does";

const CASES: &[Case<'_>] = &[
    (&[MAIN], None, None, Ok("p_main")),
    (&[MAIN], None, Some("p_main"), Ok("p_main")),
    (&[MAIN], None, Some("main"), Ok("p_main")),
    (&[MAIN, ARCHIVE], Some("p_archive"), None, Ok("p_archive")),
    (&[MAIN, ARCHIVE], Some("p_archive"), Some("p_main"), Ok("p_main")),
    (&[MAIN, ARCHIVE], Some("p_archive"), Some("Main"), Ok("p_main")),
    (&[MAIN, ARCHIVE], Some("p_archive"), Some("mAIN"), Ok("p_main")),
    (&[MAIN, ARCHIVE], None, None, Err(REQUIRED)),
    (&[MAIN, ARCHIVE], None, Some("Archive"), Ok("p_archive")),
    // A default that the key does not reach is none.
    (&[MAIN, ARCHIVE], Some("p_elsewhere"), None, Err(REQUIRED)),
    (&[MAIN], Some("p_elsewhere"), None, Ok("p_main")),
    (&[], None, None, Err(NONE)),
    (&[], Some("p_main"), None, Err(NONE)),
    // An id is told in its own case, and before any name.
    (&[MAIN, ARCHIVE], Some("p_archive"), Some("P_MAIN"), Err("binding_not_found: Project not found: ")),
    (&[DECOY, MAIN], Some("p_decoy"), Some("p_main"), Ok("p_main")),
    (&[MAIN, ARCHIVE], Some("p_archive"), Some("Main "), Err("binding_not_found: Project not found: ")),
    // A name as it stands is meant before one in another case.
    (&[SHOUTED, ARCHIVE], None, Some("Archive"), Ok("p_archive")),
    (&[SHOUTED, ARCHIVE], None, Some("ARCHIVE"), Ok("p_shouted")),
    (
        &[SHOUTED, ARCHIVE],
        None,
        Some("archive"),
        Err("binding_not_found: Project not found: more than one project is called `archive`. Name one by its id: \
             `p_shouted` (ARCHIVE), `p_archive` (Archive)"),
    ),
    (
        &[MAIN, AGAIN, ARCHIVE],
        None,
        Some("Archive"),
        Err("binding_not_found: Project not found: more than one project is called `Archive`. Name one by its id: \
             `p_again` (Archive), `p_archive` (Archive)"),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_key_and_the_argument_say_which_project_is_meant() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    for ((projects, default, named, expected), letter) in CASES.iter().zip('a'..) {
        let key = api.key(letter, projects, *default);
        let reply = http(&server, &key).call("list_books", about(*named)).await;
        let what = format!("{projects:?}, {default:?}, {named:?}: {reply:?}");
        match expected {
            Ok(project) => assert_eq!(project_of(&reply), project, "{what}"),
            Err(message) => {
                assert!(reply.is_tool_error() && reply.text().starts_with(message), "{what}");
                // It is no refusal, which clients hide from the model that can name another one.
                assert_eq!(reply.status, Some(200), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_and_completion_find_the_same_project() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let defaulted = api.key('a', &[MAIN, ARCHIVE], Some("p_archive"));
    let undecided = api.key('b', &[MAIN, ARCHIVE], None);
    let reference =
        json!({"ref": {"type": "ref/prompt", "name": "show_book"}, "argument": {"name": "book", "value": ""}});
    for transport in Transport::ALL {
        let mut client_of = client(&server, &api, transport, &defaulted);
        assert_eq!(project_of(&client_of.call("list_books", about(None)).await), "p_archive", "{transport:?}");
        assert_eq!(project_of(&client_of.call("list_books", about(Some("MAIN"))).await), "p_main", "{transport:?}");
        let before = api.asked().len();
        let completed = client_of.request("completion/complete", reference.clone()).await;
        assert_eq!(completed.result()["completion"]["values"], json!(["b_1"]), "{transport:?}");
        assert_eq!(&api.asked()[before..], ["GET p_archive"], "{transport:?}");

        let mut client_of = client(&server, &api, transport, &undecided);
        let reply = client_of.call("list_books", about(None)).await;
        assert!(reply.text().starts_with("binding_required: Project ID is required: "), "{transport:?}: {reply:?}");
        let completed = client_of.request("completion/complete", reference.clone()).await;
        assert_eq!(completed.error_code(), Some(-32603), "{transport:?}");
        assert_eq!(completed.error_data()["reason"], "binding_required", "{transport:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_project_and_none_at_all_look_the_same() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let key = api.key('a', &[MAIN, DRAFTS], None);
    api.key('b', &[ARCHIVE], None);
    let mut client = http(&server, &key);
    let mut said = Vec::new();
    for named in ["p_archive", "p_nowhere", "Archive"] {
        let reply = client.call("list_books", about(Some(named))).await;
        said.push(reply.text().replace(named, "…"));
    }
    assert_eq!(
        said[0],
        "binding_not_found: Project not found: this Library Key reaches no project with the id or the name `…`. It \
         reaches `p_main` (Main), `p_drafts` (Drafts); for another one, use another Library Key"
    );
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
    assert_eq!(api.asked(), Vec::<String>::new(), "the API is not asked about either");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_argument_is_what_the_schema_says() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let key = api.key('a', &[MAIN], None);
    let mut client = http(&server, &key);
    for (named, expected) in [
        (json!(""), "invalid_arguments: `project`: expected at least 1 character, got 0 characters"),
        (json!(null), "invalid_arguments: `project`: expected text, got null"),
        (json!(7), "invalid_arguments: `project`: expected text, got 7"),
        (json!(["p_main"]), "invalid_arguments: `project`: expected text, got [\"p_main\"]"),
    ] {
        let reply = client.call("list_books", json!({"project": named})).await;
        assert!(reply.is_tool_error(), "{named}: {reply:?}");
        assert_eq!(reply.text(), expected, "{named}");
    }
    // All that is wrong is said at once.
    let reply = client.call("list_books", json!({"project": null, "query": 7, "other": 1})).await;
    assert!(reply.text().starts_with("invalid_arguments: 3 faults in the arguments of `list_books`:"), "{reply:?}");
    // What is about no project takes none.
    let reply = client.call("whoami", json!({"project": "p_main"})).await;
    assert!(reply.text().starts_with("invalid_arguments: `project`: unknown"), "{reply:?}");
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_reaches_many_projects_has_some_of_them_named() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let long: &str = Box::leak("x".repeat(300).into_boxed_str());
    let many: Vec<Project> = (0..25).map(|at| (&*format!("p_{at}").leak(), long, READ)).collect();
    let reply = http(&server, &api.key('a', &many, None)).call("list_books", about(None)).await;
    let text = reply.text();
    assert!(text.contains("`p_19` (") && !text.contains("`p_20`") && text.ends_with("and 5 more"), "{text}");
    assert!(text.len() < 3000, "{}", text.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_a_tool_has_the_argument_if_the_tool_asks_for_a_scope() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, LIBRARY);
    let key = api.key('a', &[ARCHIVE], None);
    let listed: Reply = http(&server, &key).list().await;
    let tools = listed.result()["tools"].as_array().expect("tools");
    assert_eq!(tools.len(), 6);
    for tool in tools {
        let schema = &tool["inputSchema"];
        let argument = schema["properties"].get("project");
        let expected = json!({
            "type": "string",
            "minLength": 1,
            "description": "The project's id or name. Without it, that is the only one that your key reaches, or its default.",
        });
        assert_eq!(
            argument,
            Some(&expected).filter(|_| tool["name"] != "whoami" && tool["name"] != "list_projects"),
            "{}",
            tool["name"]
        );
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        assert!(!required.contains(&Value::from("project")), "{schema}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_key_alone_decides_nothing_can_be_named() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, SHELF);
    let shelf = |reply: &Reply| reply.structured()["shelf"].clone();
    let only = api.key('a', &[MAIN], None);
    let defaulted = api.key('b', &[MAIN, ARCHIVE], Some("p_archive"));
    let undecided = api.key('c', &[MAIN, ARCHIVE], None);
    assert_eq!(shelf(&http(&server, &only).call("read_shelf", json!({})).await), "p_main");
    assert_eq!(shelf(&http(&server, &defaulted).call("read_shelf", json!({})).await), "p_archive");
    let reply = http(&server, &undecided).call("read_shelf", json!({})).await;
    assert_eq!(
        reply.text(),
        "binding_required: Book shelf ID is required: this Shelf Key reaches more than one book shelf and has no \
         default. Use one that reaches only one book shelf, or that has a default"
    );
    let reply = http(&server, &only).call("read_shelf", json!({"book_shelf": "p_main"})).await;
    assert!(reply.text().starts_with("invalid_arguments: `book_shelf`: unknown"), "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_is_about_nothing_is_stopped_where_it_asks_for_something() {
    let api = Api::start(Rule::AsGranted).await;
    let server = before(&api, SHELF);
    let reply = http(&server, &api.key('a', &[MAIN], None)).call("misdirect", json!({})).await;
    assert!(reply.is_tool_error() && reply.text().starts_with("internal: "), "{reply:?}");
    server.wait_for_line(&["the tool `misdirect` is about nothing: its scope is `session`"]);
}
