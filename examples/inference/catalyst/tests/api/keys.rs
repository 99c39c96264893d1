//! Keys, and what they reach.

use catalyst::{Access, NewKey, Options, Service};
use reqwest::{Method, header};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::service::{Api, answered, refused};

#[tokio::test]
async fn a_key_tells_what_it_reaches() {
    let api = Api::start().await;
    let (demo, other) = (&api.demo, &api.other);
    for (grants, default, projects, resolved) in [
        (vec![("demo", Access::Read)], None, json!([[demo, ["read"]]]), Some(demo)),
        (
            vec![("other", Access::Read), ("demo", Access::Write)],
            None,
            json!([[demo, ["read", "write"]], [other, ["read"]]]),
            None,
        ),
        (
            vec![("demo", Access::Read), (other.as_str(), Access::Read)],
            Some("other"),
            json!([[demo, ["read"]], [other, ["read"]]]),
            Some(other),
        ),
        // Named twice, it is the more of both, in either order.
        (vec![("demo", Access::Write), ("demo", Access::Read)], None, json!([[demo, ["read", "write"]]]), Some(demo)),
        (vec![], None, json!([]), None),
    ] {
        let key = api.key(&grants, default).await;
        let answer = api.get(&key, "/v1/whoami").await;
        let listed = answer["projects"].as_array().unwrap().iter();
        let listed: Vec<_> = listed.map(|project| json!([project["id"], project["permissions"]])).collect();
        assert_eq!(json!(listed), projects, "{grants:?}");
        assert_eq!(
            answer.get("default_project").and_then(|id| id.as_str()),
            resolved.map(String::as_str),
            "{grants:?}"
        );
        assert_eq!((&answer["team"]["name"], &answer["key"]["name"]), (&json!("Ours"), &json!("a key")));
        assert!(!answer.to_string().contains(key.expose_secret()));
    }
    api.stop().await;
}

#[tokio::test]
async fn nobody_passes_without_a_key_that_is_good() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Read).await;
    let key = key.expose_secret();
    for credential in [
        None,
        Some(String::new()),
        Some(key.to_owned()),
        Some(format!("Basic {key}")),
        Some("Bearer".to_owned()),
        Some(format!("Bearer {}", key.to_uppercase())),
        Some(format!("Bearer {key}x")),
        Some(format!("Bearer sk-inference-{}", "0".repeat(40))),
        Some(format!("Bearer {key} {key}")),
    ] {
        for path in ["/v1/whoami", "/v1/projects"] {
            let mut request = api.anonymous(Method::GET, path);
            if let Some(credential) = &credential {
                request = request.header(header::AUTHORIZATION, credential);
            }
            let response = request.try_clone().unwrap().send().await.unwrap();
            assert_eq!(response.headers().get(header::WWW_AUTHENTICATE).unwrap(), "Bearer");
            assert_eq!(refused(request).await, (401, "unauthorized".to_owned()), "{credential:?}");
        }
    }
    let twice = api.anonymous(Method::GET, "/v1/whoami").bearer_auth(key).bearer_auth(key);
    assert_eq!(refused(twice).await.0, 401);
    let any_case = api.anonymous(Method::GET, "/v1/whoami").header(header::AUTHORIZATION, format!("bEARER {key}"));
    assert_eq!(answered(any_case).await.0, 200);
    assert_eq!(refused(api.anonymous(Method::GET, "/v2/other")).await, (404, "not_found".to_owned()));
    api.stop().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_on_the_next_request() {
    let api = Api::start().await;
    let (key, kept) = (api.demo_key(Access::Read).await, api.demo_key(Access::Read).await);
    let id = api.get(&key, "/v1/whoami").await["key"]["id"].as_str().unwrap().to_owned();
    // Another process does it, as the command line is one.
    let operator = Service::open(&Options { store: api.folder.path().join("store.db") }).await.unwrap();
    operator.revoke_key(&id).await.unwrap();
    assert_eq!(refused(api.request(&key, Method::GET, "/v1/whoami")).await.0, 401);
    api.get(&kept, "/v1/whoami").await;
    assert!(operator.revoke_key(&id).await.is_err());
    let keys = operator.keys().await.unwrap();
    assert_eq!(keys.iter().filter(|key| key.revoked_at.is_some()).map(|key| &key.id).collect::<Vec<_>>(), [&id]);
    operator.close().await;
    api.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_is_not_made() {
    let api = Api::start().await;
    let service = &api.service;
    let key = async |grants: &[(&str, Access)], default| {
        let new = NewKey { name: "a key", team: "Ours", grants, default };
        service.create_key(new).await.unwrap_err().to_string()
    };
    let said = [
        key(&[("demo", Access::Read), ("foreign", Access::Read)], None).await,
        key(&[(&api.foreign, Access::Read)], None).await,
        key(&[("demo", Access::Read)], Some("other")).await,
        service.create_team("Ours").await.unwrap_err().to_string(),
        service.create_project("Ours", "demo").await.unwrap_err().to_string(),
        service.create_project("Nobody", "demo").await.unwrap_err().to_string(),
        service.add_credits("Ours", -1).await.unwrap_err().to_string(),
    ];
    assert_eq!(
        said,
        [
            "there is no project of the team `foreign`".to_owned(),
            format!("there is no project of the team `{}`", api.foreign),
            "the default `other` is none of the key's projects".to_owned(),
            "there is a team `Ours` already".to_owned(),
            "there is a project `demo` already".to_owned(),
            "there is no team `Nobody`".to_owned(),
            "a team can have 0 to 9223372036854775807 credits".to_owned(),
        ]
    );
    assert_eq!(service.keys().await.unwrap(), []);
    assert_eq!(service.add_credits("Ours", 7).await.unwrap(), 7);
    // Another team can have a project of the same name.
    service.create_project("Theirs", "demo").await.unwrap();
    api.stop().await;
}

#[tokio::test]
async fn the_first_start_makes_all_that_is_needed_once() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::open(&Options { store: folder.path().join("made/store.db") }).await.unwrap();
    let (project, key) = service.first_start().await.unwrap().unwrap();
    assert_eq!(project.name, "demo");
    let shutdown = CancellationToken::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let projects = format!("http://{}/v1/projects", listener.local_addr().unwrap());
    let serving = tokio::spawn(service.clone().serve(listener, shutdown.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (_, listed) = answered(client.get(projects).bearer_auth(key.expose_secret())).await;
    assert!(listed["projects"][0]["traces"].as_i64().is_some_and(|traces| traces > 200), "{listed}");
    assert!(key.expose_secret().starts_with("sk-inference-"));
    assert!(service.first_start().await.unwrap().is_none());
    let keys = service.keys().await.unwrap();
    assert_eq!(keys.iter().map(|key| &key.grants[..]).collect::<Vec<_>>(), [[("demo".to_owned(), Access::Write)]]);
    assert!(service.teams().await.unwrap()[0].credits > 0);
    shutdown.cancel();
    serving.await.unwrap().unwrap();
}
