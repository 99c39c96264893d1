//! What a key reaches, where the API says that for each project.

use serde_json::{Value, json};

use crate::{
    PROJECTS,
    api::{Api, CHECK, Says},
    before, http, key,
};

fn reaching(projects: &Value, default: &Value) -> Value {
    json!({"key": {"id": "key_1", "name": null}, "owner": 7, "reach": {"projects": projects}, "default_project": default})
}

fn project(id: &str, name: &str, permissions: &[&str]) -> Value {
    json!({"project": {"id": id, "name": name}, "permissions": permissions})
}

#[tokio::test]
async fn each_project_has_its_own_scopes() {
    let api = Api::start().await;
    let (several, one, none) = (key('s'), key('o'), key('n'));
    let (alpha, beta) = (project("p_1", "Alpha", &["notes:write"]), project("p_2", "Beta", &["notes:read", "other"]));
    api.know(&several, reaching(&json!([alpha, beta]), &json!("p_2")));
    api.know(&one, reaching(&json!([beta]), &json!(null)));
    api.know(&none, reaching(&json!([]), &json!("p_1")));
    let server = before(&api, PROJECTS).start();
    let add = |project: Option<&str>| {
        let mut arguments = json!({"text": "x"});
        if let Some(project) = project {
            arguments["project"] = json!(project);
        }
        arguments
    };
    // Where the call is allowed, what it finds missing, or what it is told.
    let cases = [
        (&several, Some("p_1"), Ok(())),
        (&several, Some("Alpha"), Ok(())),
        (&several, Some("p_2"), Err("`create_note` needs the scope notes:write")),
        (&several, None, Err("`create_note` needs the scope notes:write")),
        (&several, Some("p_3"), Err("Project not found")),
        (&one, None, Err("`create_note` needs the scope notes:write")),
        (&one, Some("p_1"), Err("Project not found")),
        (&none, Some("p_1"), Err("Project not found")),
        (&none, None, Err("Project ID is required")),
    ];
    for (key, project, expected) in cases {
        let reply = http(&server, key).call("create_note", add(project)).await;
        let told = if reply.error_code().is_some() { reply.error_message() } else { reply.text() };
        match expected {
            Ok(()) => assert_eq!(reply.structured()["id"], json!("n_2"), "{project:?}"),
            Err(expected) => assert!(told.contains(expected), "{project:?}: {told}"),
        }
    }
    // What has no name is called by its id, and numbers are ids too.
    let me = http(&server, &one).call("whoami", json!({})).await;
    assert_eq!(me.structured(), &json!({"key": "key_1", "name": "key_1", "owner": "7"}));
}

#[tokio::test]
async fn a_list_of_projects_that_is_none_refuses_nobodys_key() {
    let api = Api::start().await;
    let server = before(&api, PROJECTS).start();
    let mut client = http(&server, &key('a'));
    let one = || project("p_1", "Alpha", &["notes:read"]);
    for (projects, why) in [
        (json!(null), "`reach.projects` is no list"),
        (json!({"p_1": one()}), "`reach.projects` is no list"),
        (json!([one(), {"project": {"name": "Beta"}, "permissions": []}]), "`project.id` is no text"),
        (json!([one(), {"project": {"id": "p_2"}}]), "`permissions` is no list of texts"),
        (json!([one(), one()]), "two items of `reach.projects` have the same id"),
    ] {
        api.say(&format!("GET {CHECK} "), Says::json("200 OK", &reaching(&projects, &json!(null))));
        let refused = client.list().await;
        assert_eq!((refused.status, refused.error_code()), (Some(502), Some(-31502)), "{projects}: {refused:?}");
        server.wait_for_line(&["WARN", why]);
    }
}
